--- Name the region of a request: that of the workspace, or another one that the caller names.
local options = require "azureml.options"

local region = {}

--- Return a region's name as paths spell it.
---@param name string      "West Europe" or "westeurope"
---@return string          "westeurope"
---@raise an error object `InvalidArgument` if the text cannot be the name of a region
function region.plain(name)
  local plain = name:lower():gsub("%s", "")
  if not plain:find "^%a[%w_.-]*$" then
    options.refuse("'%s' is not the name of a region, such as westeurope or 'West Europe'",
      name:sub(1, 60))
  end
  return plain
end

--- Return the region of a request.
---@param workspace azureml.Workspace
---@param name string?      another region; nil: the workspace's, which the service tells
---@return string
function region.of(workspace, name)
  return name and region.plain(name) or workspace:location()
end

return region
