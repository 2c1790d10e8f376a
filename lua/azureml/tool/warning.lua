--- Warn the user of something that is no error: the executable on standard error, a guest in
--- another program by Lua's own warnings, which that program switches on or off.
local warning = {}

--- Tell whether this Lua state is the executable's own.
---@return boolean
function warning.is_executable()
  return package.loaded["azureml.host"] ~= nil
end

--- Warn the user.
---@param message string      one sentence
function warning.give(message)
  if warning.is_executable() then
    io.stderr:write("azureml: ", message, "\n")
  else
    warn("azureml: ", message)
  end
end

return warning
