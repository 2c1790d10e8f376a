--- Find the directory for files that outlive a process: below $XDG_STATE_HOME/azureml, or else
--- below ~/.local/state/azureml.

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- Return the path of a directory there, which need not exist; nil without a home directory.
---@param name string
---@return string?
return function(name)
  local state, home = variable "XDG_STATE_HOME", variable "HOME"
  if state and state:sub(1, 1) == "/" then return ("%s/azureml/%s"):format(state, name) end
  return home and ("%s/.local/state/azureml/%s"):format(home, name)
end
