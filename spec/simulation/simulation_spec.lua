-- A small estate, stopped as `make simulation` stops a large one.
local estate = require "spec.simulation.estate"
local model = require "spec.simulation.model"
local real = require "spec.simulation.real"
local virtual = require "spec.simulation.virtual"
local world = require "spec.world"

describe("the simulation", function()
  after_each(function() world.finish() end)

  local function run(given)
    local case = { subscriptions = 1, workspaces = 2, principals = 1, runners = 1 }
    for name, value in pairs(given) do case[name] = value end
    local figures = virtual.run(case)
    assert.equal(case.subscriptions * case.instances, figures.stops)
    return figures
  end

  local function assert_predicted(figures, case)
    local principals = case.principals or 1
    local told = model.predict(case.instances // principals, case.throttle)
    local seconds = figures.seconds
    assert.is_true(seconds >= told.least and seconds <= told.most, ("%g s"):format(seconds))
    assert.is_true(math.abs(figures.last_turn - told.sending) < 0.1, figures.last_turn)
    local most = (case.subscriptions or 1) * (case.instances + principals * told.reads)
    assert.is_true(figures.requests <= most, figures.requests)
    assert.equal(0, figures.refused)
  end

  -- A fifth of the service's bucket, which refills as fast.
  local SMALL = { writes = { 40, 10 } }

  it("stops subscriptions side by side: the buckets of each are its own", function()
    local case = { subscriptions = 3, instances = 40, throttle = SMALL }
    assert_predicted(run(case), case)
  end)

  it("sends as fast as the bucket of writes refills, as the model predicts", function()
    local case = { instances = 80, throttle = SMALL }
    local figures = run(case)
    assert_predicted(figures, case)
    assert.is_true(figures.last_turn > 3.9, figures.last_turn)
  end)

  it("sends sooner with two principals, each with a bucket of its own", function()
    local case = { instances = 80, principals = 2, throttle = SMALL }
    local figures = run(case)
    assert_predicted(figures, case)
    assert.is_true(figures.last_turn < 0.1, figures.last_turn)
  end)

  it("has refusals where two runners share a principal, and none where each has its own", function()
    local together = run { instances = 80, runners = 2, throttle = SMALL }
    assert.is_true(together.refused > 0 and together.waited > 0)
    local apart = run { instances = 80, runners = 2, principals = 2, throttle = SMALL }
    assert.equal(0, apart.refused)
  end)

  it("takes longer where the service allows less", function()
    assert.equal(0, run({ instances = 20, throttle = "hourly" }).refused)
    assert.is_true(run({ instances = 20, throttle = { writes = { 5, 1 } } }).last_turn > 14)
  end)

  it("measures a runner in a process of its own", function()
    local need = real.run(2, { instances = 4, workspaces = 2, speed = 1000 })
    assert.is_true(need.seconds > 0 and need.cpu > 0 and need.memory > 1)
  end)
end)

describe("an estate", function()
  it("has as many instances in each workspace, and names none twice", function()
    local all = estate.new {
      subscriptions = 2, instances = 6, workspaces = 3, groups = 2, principals = 1,
    }
    local seen, groups = {}, {}
    for _, workspace in ipairs(all.seed.workspaces) do
      groups[workspace.subscription_id .. workspace.resource_group] = true
      for name in pairs(workspace.instances) do
        assert.is_nil(seen[name])
        seen[name] = true
      end
    end
    local instances, places = 0, 0
    for _ in pairs(seen) do instances = instances + 1 end
    for _ in pairs(groups) do places = places + 1 end
    assert.same({ 12, 4 }, { instances, places })
  end)

  it("refuses instances that its workspaces cannot share evenly", function()
    assert.has_error(function()
      estate.new {
        subscriptions = 1, instances = 5, workspaces = 2, groups = 1, principals = 1,
      }
    end)
  end)
end)
