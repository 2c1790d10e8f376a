local errors = require "azureml.error"
local json = require "azureml.json"

describe("an error object", function()
  it("reads as where, what, which, and what to do next", function()
    local err = errors.new {
      where = "nightly.lua:5:", code = "ResourceNotFound", status = 404, request_id = "4f1",
      message = "cannot stop 'x': it is not there",
    }
    assert.equal("nightly.lua:5: cannot stop 'x': it is not there "
      .. "(ResourceNotFound, HTTP 404, request 4f1)\n"
      .. "  hint: check the name; 'azureml list' shows what there is", tostring(err))
  end)

  it("lists its details by their messages, or codes", function()
    local err = errors.new { code = "SomeFailed", message = "2 of 3 failed", details = {
      { message = "a: no" }, { code = "B" }, "c", {},
    } }
    assert.equal("2 of 3 failed (SomeFailed)\n  - a: no\n  - B", tostring(err))
  end)

  it("lists items that failed alike together, and keeps what differs apart", function()
    local details = {}
    local function add(name, fields)
      local err = errors.new(fields)
      table.insert(details, { name = name, error = err, message = name .. ": " .. err.message })
    end
    local function add_unreached(name)
      add(name, { code = "Unreached", message = ("cannot start %s: no answer"):format(name),
        hint = "look" })
    end
    add_unreached "ci-1"
    add_unreached "ci-2"
    add("ci-3", { code = "Refused", message = "cannot start ci-3: busy", request_id = "a" })
    add("ci-4", { code = "Refused", message = "cannot start ci-4: busy", request_id = "b" })
    add_unreached "ci-5"
    local err = errors.new {
      code = "SomeFailed", message = "start: 5 of 9 failed", details = details
    }
    assert.equal("start: 5 of 9 failed (SomeFailed)\n"
      .. "  - ci-1: cannot start ci-1: no answer (Unreached)\n"
      .. "    hint: look\n"
      .. "    the same: ci-2, ci-5\n"
      .. "  - ci-3: cannot start ci-3: busy (Refused, request a)\n"
      .. "  - ci-4: cannot start ci-4: busy (Refused, request b)", tostring(err))
  end)

  describe("takes two items for alike", function()
    local function is_alike(one, other)
      local details = {}
      for i, given in ipairs { one, other } do
        local err = errors.new { code = "A", message = given[2], hint = given.hint }
        details[i] = { name = given[1], error = err, message = given[2] }
      end
      return #errors.gather(details) == 1
    end

    it("when only their names differ, whatever is in a name", function()
      assert.is_true(is_alike({ "ci-1", "ci-1: no" }, { "ci-10", "ci-10: no" }))
      assert.is_true(is_alike({ "%d+", "%d+: no" }, { "[x", "[x: no" }))
      assert.is_true(is_alike({ "#1", "#1: no" }, { "#2", "#2: no" }))
      assert.is_true(is_alike({ "a b/c", "a b/c: a b/c is gone" }, { "d", "d: d is gone" }))
      assert.is_true(is_alike({ "a", "no", hint = "start a" }, { "b", "no", hint = "start b" }))
    end)

    it("but not when their messages or their hints differ beside the names", function()
      assert.is_false(is_alike({ "ci-1", "ci-1: for ci-10" }, { "ci-2", "ci-2: for ci-20" }))
      assert.is_false(is_alike({ "5", "5: 15 of 50" }, { "6", "6: 16 of 60" }))
      assert.is_false(is_alike({ "a", "a: limit a" }, { "b", "b: limit " }))
      assert.is_false(is_alike({ "a", "a: no", hint = "look" }, { "b", "b: no", hint = "wait" }))
      assert.is_false(is_alike({ "a", "a: no", hint = "look" }, { "b", "b: no" }))
    end)

    it("but not when a name or a message is no text, or empty", function()
      assert.is_false(is_alike({ "", ": no" }, { "", ": no" }))
      assert.is_false(is_alike({ nil, "no" }, { nil, "no" }))
      assert.is_false(is_alike({ 1, "no" }, { 2, "no" }))
      local err = errors.new { code = "A", message = "no" }
      assert.equal("x (B)", tostring(errors.new { code = "B", message = "x", details = {
        { name = "a", error = err }, { name = "b", error = err, message = 5 } } }):match "^[^\n]*")
    end)
  end)

  it("shows the first cause of a detail that is a group's error itself, and a hint once", function()
    local function group(name, ...)
      local details = {}
      for i, err in ipairs { ... } do
        details[i] = { message = ("%s%d: %s"):format(name, i, err.message), error = err }
      end
      return errors.new { code = "SomeFailed", message = name .. " failed", details = details }
    end
    local function gone() return errors.new { code = "A", message = "gone", hint = "look" } end
    assert.equal("all failed (SomeFailed)\n  - all1: stop failed (SomeFailed)\n"
      .. "    - stop1: gone (A)\n      hint: look\n  - all2: gone (A)",
      tostring(group("all", group("stop", gone(), gone()), gone())))
  end)

  it("concatenates: its text, and a text or a number on either side", function()
    local err = errors.new { code = "A", message = "a" }
    assert.equal("no: a (A)", "no: " .. err)
    assert.equal("a (A), so no", err .. ", so no")
    assert.equal("a (A)1", err .. 1)
    assert.equal("a (A)a (A)", err .. err)
  end)

  it("is told apart from all else", function()
    assert.is_true(errors.is(errors.new { code = "A", message = "a" }))
    for _, value in ipairs { "text", 1, {}, print } do assert.is_false(errors.is(value)) end
  end)

  it("is raised with the caller's place and traceback; raised again it keeps them", function()
    local function caller() errors.raise { code = "A", message = "a" } end
    local ok, err = pcall(caller)
    assert.is_false(ok)
    assert.matches("error_spec.lua:%d+:$", err.where)
    assert.matches("^\t[^\n]*error_spec.lua:%d+: in ", err.traceback)
    assert.is_nil(err.traceback:find("lua/azureml/error.lua", 1, true))
    local where = err.where
    local _, again = pcall(errors.raise, err)
    assert.equal(err, again)
    assert.equal(where, again.where)
  end)

  it("is made of the core's, with all that the core found in the reply", function()
    local err = errors.from_core({
      kind = "http", code = "BadRequest", message = "no", status = 400,
      more = '{"details":[{"code":"D","message":"d"}],"innererror":{"code":"I"},'
        .. '"additionalInfo":[{"type":"PolicyViolation","info":{"name":"p"}}]}',
    }, "cannot create x")
    assert.equal("cannot create x: no", err.message)
    assert.equal("http", err.kind)
    assert.equal("d", err.details[1].message)
    assert.equal("I", err.innererror.code)
    assert.equal("PolicyViolation", err.additional_info[1].type)
    assert.is_nil(err.more)
  end)

  it("says of which kind it is, also where the package found it", function()
    assert.equal("usage", errors.new({ code = "InvalidArgument", message = "m" }).kind)
    assert.equal("protocol", errors.new({ code = "InvalidReply", message = "m" }).kind)
    assert.equal("http", errors.new({ kind = "http", code = "InvalidArgument",
      message = "m" }).kind)
    assert.is_nil(errors.new({ code = "Interrupted", message = "m" }).kind)
  end)

  it("is read from what a resource holds, as from a reply", function()
    local inner = json.encode { error = { code = "Inner", message = "the inner text" } }
    local found = errors.read { { error = { code = "Outer", message = inner } },
      { error = { code = "B", message = "b" } } }
    assert.same({ "Inner", "the inner text" }, { found.code, found.message })
    assert.same({ "the inner text", "b" }, { found.details[1].message, found.details[2].message })
    for _, nothing in ipairs { {}, json.array {}, "", 12, json.null } do
      assert.same({ kind = "operation" }, errors.read(nothing))
    end
  end)

  it("try: returns results, or nil and the object; mistakes and interrupts pass through", function()
    assert.same({ 1, 2 }, { errors.try(function(a) return a, 2 end, 1) })
    local value, err = errors.try(errors.raise, { code = "A", message = "a" })
    assert.is_nil(value)
    assert.equal("A", err.code)
    assert.error_matches(function() errors.try(error, "a mistake", 0) end, "a mistake")
    local ok, raised = pcall(errors.try, error, errors.interrupted())
    assert.is_false(ok)
    assert.is_true(errors.is_interrupted(raised))
  end)

  it("mistake: a plain text at the caller's line", function()
    local ok, text = pcall(function() errors.mistake("give %d more", 2) end)
    assert.is_false(ok)
    assert.matches("error_spec.lua:%d+: give 2 more$", text)
  end)
end)
