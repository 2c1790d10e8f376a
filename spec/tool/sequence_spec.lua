--- Lists that scripts pass: lua/azureml/tool/sequence.lua.
local azureml = require "azureml"
local json = require "azureml.json"
local list = require "azureml.list"
local sequence = require "azureml.tool.sequence"
local world = require "spec.world"

local STORE = { "a", "b", "c" }

local function by_index(_, key)
  return STORE[key]
end

local function length()
  return #STORE
end

local function each_pair()
  return next, STORE
end

describe("a list", function()
  for name, make in pairs {
    ["that is a plain table"] = function() return { "a", "b", "c" } end,
    ["that is a plain table with more fields"] = function()
      return { "a", "b", "c", n = 3, title = "letters" }
    end,
    ["with a metatable and its own items"] = function()
      return setmetatable({ "a", "b", "c" }, { __name = "Letters" })
    end,
    ["with __index only"] = function() return setmetatable({}, { __index = by_index }) end,
    ["with __index that is a table"] = function() return setmetatable({}, { __index = STORE }) end,
    ["with __index and fields of its own"] = function()
      return setmetatable({ title = "letters" }, { __index = by_index })
    end,
    ["with __index and __len"] = function()
      return setmetatable({ title = "letters" }, { __index = by_index, __len = length })
    end,
    ["with __pairs only"] = function() return setmetatable({}, { __pairs = each_pair }) end,
    ["with __pairs and __len"] = function()
      return setmetatable({}, { __pairs = each_pair, __len = length })
    end,
    ["with a hidden metatable"] = function()
      return setmetatable({}, { __index = by_index, __metatable = "hidden" })
    end,
    ["with a hidden metatable and __pairs"] = function()
      return setmetatable({}, { __pairs = each_pair, __metatable = false })
    end,
    ["that is an iterator"] = function()
      local index = 0
      return function()
        index = index + 1
        return STORE[index]
      end
    end,
    ["that can be called"] = function()
      local index = 0
      return setmetatable({ title = "letters" }, {
        __call = function()
          index = index + 1
          return STORE[index]
        end,
      })
    end,
    ["of instances"] = function()
      local index = 0
      return list.new(function()
        index = index + 1
        return STORE[index]
      end)
    end,
    ["that JSON gave"] = function() return json.decode_exact '["a", "b", "c"]' end,
  } do
    it(name .. " is read whole, in order", function()
      assert.is_true(sequence.is_readable(make()))
      assert.same(STORE, { table.unpack(sequence.read("each", make())) })
      local seen = {}
      azureml.each(make(), function(item) seen[#seen + 1] = item end, { limit = 1 })
      assert.same(STORE, seen)
    end)
  end

  for name, empty in pairs {
    ["a table"] = {},
    ["table.pack()"] = table.pack(),
    ["a JSON array"] = json.array {},
    ["a table with a metatable"] = setmetatable({}, { __name = "Letters" }),
    ["an object of length 0"] = setmetatable({ title = "" }, { __len = function() return 0 end }),
    ["an object without pairs"] = setmetatable({ title = "" }, {
      __pairs = function() return next, {} end,
    }),
    ["an iterator"] = function() return nil end,
  } do
    it(name .. " may be empty", function()
      azureml.each(empty, function() error "never called" end)
    end)
  end

  for name, row in pairs {
    ["filters"] = { { state = "Running" }, "a table without items; its keys are state" },
    ["many fields"] = {
      { b = 1, a = 2, d = 3, c = 4, e = 5 },
      "a table without items; its keys are a, b, c and 2 more",
    },
    ["a number that does not begin at 1"] = {
      { [7] = "x" }, "a table without items; its keys are 7",
    },
    ["n and more"] = { { n = 0, state = "x" }, "a table without items; its keys are n, state" },
    ["fields behind __pairs"] = {
      setmetatable({}, { __pairs = function() return next, { state = "Running" } end }),
      "a table without items; its keys are ",
    },
    ["an object"] = {
      setmetatable({ x = 1 }, { __name = "Point" }), "an object of type Point",
    },
    ["a file"] = { io.stdout, "an object of type FILE%*" },
  } do
    it("is expected, not " .. name, function()
      local ok, err = pcall(function() azureml.each(row[1], print) end)
      assert.is_false(ok)
      assert.matches("^spec/tool/sequence_spec.lua:%d+: each: a list expected, got " .. row[2], err)
    end)
  end

  for _, value in ipairs { "ann", 7, true } do
    it(("is not a %s"):format(type(value)), function()
      assert.is_false(sequence.is_readable(value))
    end)
  end
end)

describe("a list that this package returns", function()
  local emulator, ws

  before_each(function()
    emulator, ws = world.open { ann = "Running", bob = "Running", cleo = "Stopped" }
  end)
  after_each(function() world.close(emulator, ws) end)

  local function names(items)
    local found = {}
    azureml.each(items, function(item) found[#found + 1] = item.name end)
    table.sort(found)
    return found
  end

  it("may be the results of a fleet, also without any", function()
    assert.same({ "ann", "bob", "cleo" }, names(ws.instances:stop_all { all = true }))
    assert.same({ "cleo" }, names(ws.instances:stop_all { "cleo", dry_run = true }))
    assert.same({}, names(ws.instances:stop_all { state = "Running" }))
  end)

  it("may be the instances of a workspace, as a list or a sequence", function()
    assert.same({ "ann", "bob" }, names(ws.instances:list { state = "Running" }))
    assert.same({ "ann", "bob" }, names(ws.instances:list({ state = "Running" }):all()))
  end)

  it("is not a single instance", function()
    local vm = ws.instances:get "ann"
    local ok, err = pcall(function() azureml.each(vm, print) end)
    assert.is_false(ok)
    assert.matches("each: a list expected, got an object of type azureml.Instance", err)
  end)
end)
