--- List the kernels that a Jupyter server can start.
--- Source: spec/contract/neighbours.md, section 5.
local errors = require "azureml.error"
local json = require "azureml.json"
local message = require "azureml.jupyter.message"

local kernelspecs = {}

local MOST = 1000

local function spec_of(key, item, default)
  local spec = type(item.spec) == "table" and item.spec or {}
  local argv = {}
  for _, word in ipairs(type(spec.argv) == "table" and spec.argv or {}) do
    if type(word) == "string" then argv[#argv + 1] = word end
  end
  return {
    name = key, display_name = message.text(spec, "display_name"),
    language = message.text(spec, "language"), is_default = key == default, argv = argv,
  }
end

--- List the kernels that can be started.
---@param server azureml.jupyter.Server
---@return { name: string, display_name: string, language: string, is_default: boolean, argv:
---  string[] }[]      sorted by name
function kernelspecs.list(server)
  local label = "list the kernels that can be started on " .. server.vm.name
  local found = json.without_nulls(server:request("GET", "/api/kernelspecs", nil,
    { label = label, is_patient = true }).json)
  local specs, list = json.get(found, "kernelspecs"), {}
  if type(specs) ~= "table" then
    errors.raise { code = "InvalidReply", message = "cannot " .. label
      .. ": the answer has no kernelspecs" }
  end
  for key, item in pairs(specs) do
    if type(key) == "string" and type(item) == "table" and #list < MOST then
      list[#list + 1] = spec_of(key, item, found.default)
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

--- Return the name of the kernelspec to start.
---@param server azureml.jupyter.Server
---@param name string?      default: the server's own default
---@return string
---@raise an error object `KernelUnknown` that names those that exist
function kernelspecs.check(server, name)
  local names = {}
  for _, spec in ipairs(kernelspecs.list(server)) do
    if name == spec.name or not name and spec.is_default then return spec.name end
    names[#names + 1] = spec.name
  end
  errors.raise { code = "KernelUnknown",
    message = ("'%s' has no %s (known: %s)"):format(server.vm.name,
      name and ("kernel '%s'"):format(name) or "default kernel", table.concat(names, ", ")),
    hint = "'azureml kernel list' shows them; vm:create_environment with kernel = true adds one" }
end

return kernelspecs
