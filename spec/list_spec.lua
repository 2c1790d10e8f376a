local azureml = require "azureml"
local core = require "azureml.core"
local instance = require "azureml.instance"
local list = require "azureml.list"
local moment = require "azureml.tool.moment"

describe("a list of instances", function()
  local ws = { object_id = function() return "ME" end }

  local function vm(name, fields)
    return instance.new(ws, {
      name = name, tags = fields.tags,
      properties = {
        computeType = "ComputeInstance",
        properties = {
          state = fields.state or "Running", vmSize = fields.vm_size or "STANDARD_DS3_V2",
          createdBy = { userId = fields.created_by },
          personalComputeInstanceSettings = fields.assigned_to and {
            assignedUser = { objectId = fields.assigned_to },
          },
        },
      },
    })
  end

  local all = {
    vm("a", { state = "Running", tags = { team = "vision", keep = "on" }, created_by = "me" }),
    vm("b",
      { state = "Stopped", tags = { team = "vision" }, created_by = "me", assigned_to = "her" }),
    vm("c", { vm_size = "Standard_NC6", created_by = "her", assigned_to = "me" }),
    vm("d", { state = "running", created_by = "her" }),
  }

  local function names(wanted, given)
    local at, found = 0, {}
    for one in list.new(function() at = at + 1 return (given or all)[at] end, wanted) do
      found[#found + 1] = one.name
    end
    return table.concat(found)
  end

  for _, row in ipairs {
    { nil, "abcd" }, { {}, "abcd" }, { { state = "RUNNING" }, "acd" },
    { { state = "Stopped" }, "b" },
    { { vm_size = "standard_nc6" }, "c" },
    { { tags = { team = "vision" } }, "ab" }, { { tags = { team = "vision", keep = "on" } }, "a" },
    { { tags = { team = "speech" } }, "" },
    { { mine = true }, "ac" }, { { mine = false }, "abcd" },
    { { state = "Running", mine = true, tags = { keep = "on" } }, "a" },
  } do
    it(("of %s is '%s'"):format(require("azureml.json").encode(row[1] or {}), row[2]), function()
      assert.equal(row[2], names(row[1]))
    end)
  end

  it("is also given as a sequence, once", function()
    local at = 0
    local one = list.new(function() at = at + 1 return all[at] end, { state = "Stopped" })
    assert.equal("b", one:all()[1].name)
    assert.same({}, one:all())
  end)

  for name, use in pairs {
    ["ipairs(list)"] = function(one) return ipairs(one)(one, 0) end,
    ["list[i]"] = function(one) return one[1] end,
    ["#list"] = function(one) return #one end,
    ["pairs(list)"] = function(one) return (pairs(one)) end,
  } do
    it(name .. " is a mistake that names list:all()", function()
      local one = list.new(function() return nil end)
      local ok, err = pcall(use, one)
      assert.is_false(ok)
      assert.matches("^spec/list_spec.lua:%d+: .*" .. name:gsub("%p", "%%%0")
        .. ".*: a list of instances is read .*: use #?list:all%(%)", err)
    end)
  end

  it("has no other field, and no request is needed to see that", function()
    assert.is_nil(list.new(function() error "not called" end).first)
  end)

  it("refuses an unknown filter, and a filter of the wrong type", function()
    assert.error_matches(function() names { sate = "x" } end,
      "list has no option 'sate' %(known: created_by_me, idle_stop, like, mine, older_than, "
        .. "running_for, state, tags, vm_size")
    assert.error_matches(function() names { state = 1 } end,
      "list: option 'state' must be a string or a list of strings, not number")
    for _, wrong in ipairs { "Runing", "", { "Running", "Runing" }, { 1 } } do
      local _, err = azureml.try(names, { state = wrong })
      assert.equal("InvalidArgument", err.code)
      assert.matches("list: there is no state '.*'; the states are Running, Stopped, ", err.message)
    end
  end)

  it("refuses tags that are not texts by name", function()
    for _, wrong in ipairs { { team = 5 }, { "team" } } do
      assert.error_matches(function() names { tags = wrong } end, "must hold texts by name")
    end
  end)

  it("tells an instance that runs a job from one that only runs", function()
    local two = { vm("a", { state = "JobRunning" }), vm("b", { state = "Running" }) }
    assert.equal("b", names({ state = "Running" }, two))
    assert.equal("a", names({ state = "JobRunning" }, two))
    assert.equal("ab", names({ state = { "Running", "JobRunning" } }, two))
  end)

  it("takes several states", function()
    assert.equal("abcd", names { state = { "running", "STOPPED" } })
    assert.equal("", names { state = {} })
  end)

  it("refuses an age that is not a duration", function()
    for _, wrong in ipairs { "soon", -1, "", true } do
      local _, err = azureml.try(names, { older_than = wrong })
      assert.equal("InvalidArgument", err.code)
      assert.matches("older_than.* must be a number of seconds or a duration such as '30m'",
        err.message)
    end
  end)

  describe("passes an instance", function()
    local NOW = core.time()

    local function aged(inner, outer)
      local raw = { name = "ci-Ann.1", properties = {
        computeType = "ComputeInstance", createdOn = moment.write(NOW - 7200),
        properties = inner or {},
      } }
      for name, value in pairs(outer or {}) do raw[name] = value end
      return instance.new({ object_id = function() return "ME" end }, raw)
    end

    local function operation(name, status, seconds)
      return { operationName = name, operationStatus = status,
        operationTime = moment.write(NOW - seconds) }
    end

    local RUNS = { state = "Running", lastOperation = operation("Start", "Succeeded", 3600) }

    for name, row in pairs {
      ["by a pattern"] = { { like = "ci-*" }, nil, true },
      ["by a pattern in any case"] = { { like = "CI-ANN.?" }, nil, true },
      ["by no pattern of another name"] = { { like = "ann*" }, nil, false },
      ["by no pattern with a dot for a character"] = { { like = "ci.Ann.1" }, nil, false },
      ["by its creator"] = { { created_by_me = true }, { createdBy = { userId = "me" } }, true },
      ["by its creator, also if assigned"] = { { created_by_me = true },
        { createdBy = { userId = "me" }, personalComputeInstanceSettings =
          { assignedUser = { objectId = "you" } } }, true },
      ["of another creator not"] = { { created_by_me = true },
        { createdBy = { userId = "you" } }, false },
      ["by its age"] = { { older_than = "2h" }, nil, true },
      ["by its age in seconds"] = { { older_than = 7000 }, nil, true },
      ["younger not"] = { { older_than = "3h" }, nil, false },
      ["that has run so long"] = { { running_for = "1h" }, RUNS, true },
      ["that has run shorter not"] = { { running_for = "2h" }, RUNS, false },
      ["that does not run not"] = { { running_for = "1m" },
        { state = "Stopped", lastOperation = RUNS.lastOperation }, false },
      ["whose operation runs not"] = { { running_for = "1m" },
        { state = "Running", lastOperation = operation("Stop", "InProgress", 3600) }, false },
      ["without an operation not"] = { { running_for = "1m" }, { state = "Running" }, false },
      ["without idle stop"] = { { idle_stop = false }, nil, true },
      ["with idle stop"] = { { idle_stop = true }, { idleTimeBeforeShutdown = "PT1H" }, true },
      ["with idle stop not where none is wanted"] = { { idle_stop = false },
        { idleTimeBeforeShutdown = "PT1H" }, false },
    } do
      it(name, function()
        assert.equal(row[3], list.passes(aged(row[2]), list.check("list", row[1])))
      end)
    end

    it("of no known age by no age", function()
      assert.is_false(list.passes(aged(nil, { properties = {} }), { older_than = 0 }))
    end)
  end)
end)
