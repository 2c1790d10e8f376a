local door = require "spec.door"
local machine = require "azureml.emulator.machine"
local refusal = require "azureml.emulator.refusal"
local request = require "azureml.emulator.request"

local function open(name, query)
  local at = door.open { seed = { instances = { ["ci-ann"] = "Running", cpu = { kind = "AmlCompute",
    properties = { scaleSettings = { maxNodeCount = 1 } } } } } }
  local target = at:path("computes/" .. name)
  local self = request.new(at.emulator,
    { headers = { host = "127.0.0.1:8080" }, body = "{}", target = target .. "?a=b" },
    { "subscriptions" }, query or {})
  local subscription = self.world:subscription(at.names.subscription_id)
  self.workspace = self.world:workspace(self.world:group(subscription, at.names.resource_group),
    at.names.workspace_name)
  self.compute_name = name
  return self, at, target
end

local function code_of(f, ...)
  local ok, raised = pcall(f, ...)
  assert.is_false(ok)
  assert.is_true(refusal.is(raised))
  return raised.code
end

describe("a request to the emulator", function()
  it("holds what came, and where its client reaches the emulator", function()
    local self, at, target = open("ci-ann", { a = "b" })
    assert.same({ target, target .. "?a=b", "{}" }, { self.path, self.target, self.body })
    assert.same({ "http://127.0.0.1:8080", { a = "b" } }, { self.origin, self.query })
    assert.equal(at.emulator.clock:now(), self.now)
  end)

  it("finds the compute that it names, whatever its kind", function()
    assert.equal("ci-ann", (open "CI-Ann"):compute().name)
    assert.equal("AmlCompute", (open "cpu"):compute().kind)
    local self = open "ci-bob"
    assert.equal("ResourceNotFound", code_of(self.compute, self))
  end)

  it("finds an instance, and refuses a cluster", function()
    assert.equal("ci-ann", (open "ci-ann"):instance().name)
    local self = open "cpu"
    assert.is_string(code_of(self.instance, self))
  end)

  it("is refused while a verb is at work, or where a conflict is planned", function()
    local self, at = open "ci-ann"
    self:refuse_busy(self:compute())
    self.trouble = { name = "conflict" }
    local planned = code_of(self.refuse_busy, self, self:compute())
    self.trouble = nil
    at:ask("POST", at:path "computes/ci-ann/stop")
    assert.is_true(machine.is_busy(self:compute(), self.now))
    assert.equal(planned, code_of(self.refuse_busy, self, self:compute()))
  end)
end)
