local json = require "azureml.json"
local kinds = require "azureml.definition.kinds"

local function fault_of(kind, value)
  local canonical, fault = kind.check(value)
  assert.is_nil(canonical)
  return fault
end

describe("kinds of values", function()
  it("show a value short, in whole characters, without control characters", function()
    assert.equal("'a\\x1Bb'", kinds.shown "a\27b")
    assert.equal("'" .. ("x"):rep(59) .. "...'", kinds.shown(("x"):rep(59) .. "üü"))
    assert.equal("'\\xFF'", kinds.shown "\xFF")
    assert.equal("null", kinds.shown(json.null))
    assert.equal("a table", kinds.shown {})
    assert.equal("nil", kinds.shown(nil))
  end)

  it("of texts refuse what is no UTF-8 and what has a NUL", function()
    assert.equal("", kinds.text.check "")
    assert.equal("a\nü", kinds.text.check "a\nü")
    assert.matches("must be a text in UTF%-8", fault_of(kinds.text, "\xFF"))
    assert.matches("not 'a\\x00'", fault_of(kinds.text, "a\0"))
    assert.equal("must not be empty", fault_of(kinds.line, ""))
    assert.matches("of one line", fault_of(kinds.line, "a\nb"))
  end)

  it("of whole numbers take a float without a fraction", function()
    local port = kinds.integer(1, 10, "must be a port")
    assert.equal("integer", math.type(port.check(8.0)))
    for _, wrong in ipairs { 0, 11, 8.5, 1e300, 0 / 0, "8" } do
      assert.matches("^must be a port from 1 to 10, not ", fault_of(port, wrong))
    end
  end)

  it("of words take any case, and keep words that only the service knows", function()
    local choice = kinds.choice { "Personal", "Shared" }
    assert.equal("Shared", choice.check "SHARED")
    assert.equal("Shared", choice.read "shared")
    assert.equal("Public", choice.read "Public")
    assert.equal("must be 'Personal' or 'Shared', not 5", fault_of(choice, 5))
  end)

  it("of switches read the service's words", function()
    assert.is_true(kinds.switch.read "enabled")
    assert.is_nil(kinds.switch.read "NotSpecified")
    assert.equal("Disabled", kinds.switch.write(false))
  end)

  it("of ARM ids refuse spaces, queries and other providers", function()
    local kind = kinds.arm_id("a.b/things/NAME", "must be an id")
    local id = "/subscriptions/1/resourceGroups/g/providers/A.B/things/x-1"
    assert.equal(id, kind.check(id))
    for _, wrong in ipairs { id .. "/", id .. "?a", id .. " b", id:gsub("A.B", "AxB"), "" } do
      assert.matches("^must be an id, not", fault_of(kind, wrong))
    end
  end)

  it("of tags compare names in any case, and values exactly", function()
    assert.is_true(kinds.tags.same({ Team = "a" }, { team = "a" }))
    assert.is_false(kinds.tags.same({ team = "a" }, { team = "A" }))
    assert.is_false(kinds.tags.same({}, { team = "a" }))
    assert.matches("has 51 tags", (function()
      local tags = {}
      for i = 1, 51 do tags["t" .. i] = "" end
      return fault_of(kinds.tags, tags)
    end)())
    assert.equal("has a tag without a name", fault_of(kinds.tags, { [""] = "a" }))
    assert.equal("must be texts by name; the tag 'a' is 5", fault_of(kinds.tags, { a = 5 }))
    assert.matches("not in UTF%-8", fault_of(kinds.tags, { a = "\xFF" }))
    assert.same({ ["ü"] = ("ü"):rep(256) }, kinds.tags.check { ["ü"] = ("ü"):rep(256) })
  end)

  it("of users take an address or both ids, and nothing else", function()
    local GUID = "22222222-2222-2222-2222-222222222222"
    assert.same({ mail = "ann@contoso.com" }, kinds.user.check "ann@contoso.com")
    assert.same({ mail = "ann@contoso.com" }, kinds.user.check { mail = "ann@contoso.com" })
    local user = kinds.user.check { object_id = GUID, tenant_id = GUID }
    assert.is_true(kinds.user.same(user, { object_id = GUID:upper() }))
    for _, wrong in ipairs { "ann", "ann@", "a b@c", "a@b@c", {}, { object_id = GUID }, false } do
      assert.is_string(fault_of(kinds.user, wrong))
    end
    assert.matches("has no field 'name'",
      fault_of(kinds.user, { object_id = GUID, tenant_id = GUID, name = "a" }))
  end)

  it("of members take JSON only, and compare what they have", function()
    local members = kinds.members
    assert.is_true(members.same({ a = { b = 1 } }, { a = { b = 1, c = 2 }, d = 3 }))
    assert.is_false(members.same({ a = { b = 1 } }, { a = 1 }))
    assert.matches("by name", fault_of(members, { 1 }))
    assert.matches("lists or have names", fault_of(members, { a = { 1, b = 2 } }))
    assert.matches("without gaps", fault_of(members, { a = { 1, [3] = 2 } }))
    assert.matches("JSON only, not a function", fault_of(members, { a = print }))
  end)
end)
