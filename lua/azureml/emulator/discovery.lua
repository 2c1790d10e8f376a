--- Serve the discovery map: where the services of a region are. The v1 SDK reads it at a
--- workspace's `discoveryUrl`, without a token, before its first call to the data plane. Every
--- service is at the emulator, so that no client takes a token of the emulator to Azure; a service
--- that the emulator lacks answers 404.
--- Source: spec/contract/sdk-v1.md, section 3.
local discovery = {}

local SERVICES = {
  "api", "catalog", "experimentation", "gallery", "history", "hyperdrive", "inferencing",
  "jobs", "labeling", "modelmanagement", "notebook", "pipelines", "studio",
}

--- The path below the data plane of a region.
discovery.path = "/discovery"

--- Tell whether a path is the discovery map.
---@param segments string[]
---@return boolean
function discovery.concerns(segments)
  return #segments == 1 and "/" .. segments[1]:lower() == discovery.path
end

--- Answer a request for the discovery map.
---@param origin string      by which the client reaches the emulator
---@param method string
---@return table reply
function discovery.answer(origin, method)
  if method ~= "GET" then
    local message = ("The method '%s' is not allowed here."):format(method)
    return { status = 405, json = { error = { code = "MethodNotAllowed", message = message } } }
  end
  local map = {}
  for _, name in ipairs(SERVICES) do map[name] = origin end
  return { status = 200, json = map }
end

return discovery
