--- Run a command in this process, for specs that have an emulator in it.
local cli = require "azureml.cli"

--- Run a command; return its standard output, its standard error and its exit code.
---@param ... string        the command and its arguments
---@return string output, string errors, integer code
return function(...)
  local printed, complaints = {}, {}
  local own_print, own_output, own_errors = print, io.stdout, io.stderr
  local errors = {
    write = function(self, ...) complaints[#complaints + 1] = table.concat { ... } return self end,
    flush = function() end,
  }
  local output = {
    write = function(self, ...) printed[#printed + 1] = table.concat { ... } return self end,
    flush = function(self) return self end,
  }
  if io.type(own_output) ~= "file" then output = own_output end      -- a spec captures it itself
  _G.print = function(...)      -- luacheck: ignore
    printed[#printed + 1] = table.concat({ ... }, "\t") .. "\n"
  end
  io.stdout, io.stderr = output, errors      -- luacheck: ignore
  local ok, code = pcall(cli.main, { ... })
  _G.print, io.stdout, io.stderr = own_print, own_output, own_errors      -- luacheck: ignore
  if not ok then error(code, 0) end
  return table.concat(printed), table.concat(complaints), code
end
