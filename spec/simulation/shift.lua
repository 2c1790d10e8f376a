--- The work of one runner: stop all that runs in its share of the subscriptions, as the script in
--- lua/azureml/guide/fleets.md does.
local azureml = require "azureml"

local shift = {}

--- Stop the instances of some shares side by side.
---@param shares azureml.WorkspacesOptions[]      subscriptions, or resource groups of them
---@raise an error object that lists each share in which an instance was not stopped
function shift.stop(shares)
  azureml.each(shares, function(share)
    local place <close> = azureml.instances(share)
    place:stop_all { state = "Running" }
  end)
end

return shift
