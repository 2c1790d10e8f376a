--- azureml version: print the version of azureml and of Lua.
local core = require "azureml.core"

local version = {}

function version.configure() end

function version.run()
  print(("azureml %s, %s"):format(core.version, _VERSION))
end

return version
