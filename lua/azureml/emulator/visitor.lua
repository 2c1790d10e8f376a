--- Tell programs on this machine from web pages of other sites. Some endpoints of the emulator give
--- secrets without a sign-in: the control endpoint and the token endpoints of machines.
local core = require "azureml.core"

local visitor = {}

--- Tell whether a request comes from another site: from a web page, by its Origin; or by a name
--- that was rebound to loopback, by its Host.
---@param request { headers: table<string, string> }
---@return boolean
function visitor.is_foreign(request)
  local host, origin = request.headers.host or "", request.headers.origin
  return not core.is_loopback("http://" .. host) or origin ~= nil and not core.is_loopback(origin)
end

return visitor
