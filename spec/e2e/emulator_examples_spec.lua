-- The emulator against the requests of Microsoft's own examples: each is accepted, with a status
-- that its example has.
local door = require "spec.door"
local world = require "spec.world"

local EXAMPLES = world.json_file "spec/fixtures/examples.json"

-- The one example whose status the service's other versions, and so the emulator, do not have:
-- there it is 202.
local ACCEPTED = { ["preview/2021-03-01-preview/Compute/restart"] = 202 }

local function names_of(target)
  return {
    subscription_id = target:match "/subscriptions/([^/]+)",
    resource_group = target:match "/resourceGroups/([^/]+)" or "examples",
    workspace_name = target:match "/workspaces/([^/?]+)" or "examples", location = "eastus",
  }
end

-- What an example takes for granted: its workspace, and its instance, which is stopped where it is
-- to be started.
local function prepare(example)
  local at = door.open { seed = { quotas = { gpu_family = 100 } } }
  at.names = names_of(example.target)
  at.emulator:ensure_workspace(at.names)
  local compute = example.target:match "/computes/([^/?]+)"
  if compute and example.method ~= "PUT" then
    assert(at:ask("PUT", at:path("computes/" .. compute), door.instance()) == 201)
    at.emulator:advance "10m"
    if example.target:find "/start%?" then
      assert(at:ask("POST", at:path("computes/" .. compute .. "/stop")) == 202)
      at.emulator:advance "10m"
    end
  end
  return at
end

describe("the emulator accepts Microsoft's example", function()
  for _, example in ipairs(EXAMPLES) do
    it(example.example, function()
      local at = prepare(example)
      local status, value = at:ask(example.method, example.target, example.body)
      local accepted = { [ACCEPTED[example.example] or example.statuses[1]] = true }
      for _, each in ipairs(example.statuses) do accepted[each] = true end
      assert.is_true(accepted[status],
        ("%s: %s"):format(status, value and value.error and value.error.message))
    end)
  end
end)
