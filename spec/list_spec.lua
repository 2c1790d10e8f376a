local azureml = require "azureml"
local instance = require "azureml.instance"
local list = require "azureml.list"

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

  local function names(wanted)
    local at, found = 0, {}
    for one in list.new(function() at = at + 1 return all[at] end, wanted) do
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
      "list has no option 'sate' %(known: mine, state, tags, vm_size")
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

  it("takes several states", function()
    assert.equal("abcd", names { state = { "running", "STOPPED" } })
    assert.equal("", names { state = {} })
  end)
end)
