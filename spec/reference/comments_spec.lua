local comments = require "azureml.reference.comments"

local SOURCE = [[
--- Keep things.
local errors = require "azureml.error"
local other = later "azureml.other"

--- A thing that
--- is kept.
---@class azureml.Thing: azureml.Base
---@field name string  its name,
---  which is unique
---@field go fun(self, far?: boolean): integer
---  Let it go.
---@overload fun(): azureml.Thing?
local Thing = {}

---@alias azureml.Colour "red"|"blue"  what it looks like

local thing = {}

-- A comment for readers of the source.
local function hidden() end

--- Make a thing.
---@param name string   its name
---@param settings? azureml.ThingOptions
---@return azureml.Thing? thing, string? reason  nil: it is
---  not possible
---@raise what is wrong
---@usage local t = thing.new "x"
---  t:go()
function thing.new(name, settings)
end

--- Say what it is.
---@package
---@return string
function Thing:say()
end

--- Give it up.
thing.drop = other.drop

local shown = {
  --- Open a thing.
  open = thing.new,
}

return thing
]]

describe("the comments of a source", function()
  local by_name = {}
  for _, record in ipairs(comments.read(SOURCE, "azureml.thing")) do
    by_name[record.name] = record
  end

  it("describe classes, with fields over several lines", function()
    local class = by_name["azureml.Thing"]
    assert.equal("A thing that is kept.", class.doc)
    assert.same({ "azureml.Base" }, class.parents)
    assert.same({ "azureml.Thing?" }, class.calls)
    assert.same({ name = "name", type = "string", doc = "its name, which is unique" },
      class.fields[1])
    assert.equal("fun(self, far?: boolean): integer", class.fields[2].type)
    assert.equal("Let it go.", class.fields[2].doc)
  end)

  it("describe functions of the module and of classes", function()
    local new, say = by_name.new, by_name.say
    assert.same({ "azureml.thing", "Make a thing.", "what is wrong" },
      { new.owner, new.doc, new.raises })
    assert.same({ "name", "settings" }, new.names)
    assert.is_true(new.params[2].is_optional)
    assert.same({ name = "thing", type = "azureml.Thing?", doc = "" }, new.returns[1])
    assert.same({ name = "reason", type = "string?", doc = "nil: it is not possible" },
      new.returns[2])
    assert.equal("local t = thing.new \"x\"\nt:go()", new.usage)
    assert.same({ "azureml.Thing", true, true }, { say.owner, say.is_method, say.is_package })
  end)

  it("describe aliases, and values that are another module's", function()
    assert.equal('"red"|"blue"', by_name["azureml.Colour"].type)
    assert.same({ module = "azureml.other", name = "drop" }, by_name.drop.alias)
  end)

  it("of tables that are neither a class nor the module are left out", function()
    assert.is_nil(by_name.open)
    assert.is_nil(by_name.hidden)
  end)
end)
