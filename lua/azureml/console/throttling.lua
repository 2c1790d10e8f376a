--- Tell the user that the service throttles: a line on standard error when a reply asks the client
--- to wait. Replies that come while the line still holds are not told again.
local core = require "azureml.core"
local panel = require "azureml.console.panel"
local screen = require "azureml.console.screen"

--- Make a callback for replies, as the option `on_reply` of a workspace gets them.
---@return fun(seen: table)      to be called with each reply of status 429
return function()
  local told_until = -math.huge
  return function(seen)
    local now = core.now()
    if now < told_until then return end
    local seconds = seen.retry_after
    told_until = now + (seconds or 1)
    local rest = seconds and ", waiting " .. screen.duration(seconds) or ""
    panel.say("throttled by the service" .. rest)
  end
end
