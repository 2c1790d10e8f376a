local json = require "azureml.json"
local ticket = require "azureml.ticket"

describe("a ticket", function()
  local EXPECTED = { verb = "string", progress = "table" }

  local function fields(changes)
    local all = { verb = "stop", progress = {
      mode = "monitor", poll_url = "https://arm.example/status?t=1&s=abc", status = "InProgress",
    } }
    for name, value in pairs(changes or {}) do all[name] = value end
    return all
  end

  it("is a line of JSON with its version, and reads back", function()
    local text = ticket.write(fields())
    assert.equal(1, json.decode(text).azureml_ticket)
    assert.is_nil(text:find "\n")
    local said = ticket.read(text, EXPECTED)
    assert.same({ "stop", "https://arm.example/status?t=1&s=abc" },
      { said.verb, said.progress.poll_url })
  end)

  local damaged = { mode = "monitor", poll_url = "https://arm.example/" }
  local function progress(changes)
    local all = {}
    for name, value in pairs(damaged) do all[name] = value end
    for name, value in pairs(changes) do all[name] = value end
    return ticket.write(fields { progress = all })
  end

  for _, row in ipairs {
    { "not JSON", "hello", "this is not a ticket" }, { "a number", 12, "this is not a ticket" },
    { "JSON of another kind", "{}", "not a ticket" },
    { "of a later version", '{"azureml_ticket":2}', "of version 2; this azureml reads version 1" },
    { "without a field", ticket.write { progress = damaged }, "it has no verb" },
    { "with a field of another type", ticket.write(fields { verb = 1 }), "it has no verb" },
    { "with a mode that is none", progress { mode = "guess" }, "does not say where to ask" },
    { "that points to no URL", progress { poll_url = "file:///etc/passwd" },
      "its progress is wrong in poll_url" },
    { "whose URL holds a line end", progress { poll_url = "https://arm.example/\r\nX: y" },
      "its progress is wrong in poll_url" },
    { "with an unknown field", progress { authorization = "Bearer x" },
      "its progress is wrong in authorization" },
    { "without a URL", ticket.write(fields { progress = { mode = "monitor" } }),
      "does not say where to ask" },
  } do
    it("is refused when it is " .. row[1], function()
      local ok, err = pcall(ticket.read, row[2], EXPECTED)
      assert.is_false(ok)
      assert.equal("InvalidTicket", err.code)
      assert.matches(row[3], err.message)
      assert.equal("pass the text that ticket() returned, unchanged", err.hint)
    end)
  end
end)
