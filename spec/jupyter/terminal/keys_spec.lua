local keys = require "azureml.jupyter.terminal.keys"

-- Feed pieces; return what is sent, and the actions.
local function feed(...)
  local reader, sent, actions = keys.new(), "", {}
  for _, bytes in ipairs { ... } do
    local text, action = reader:feed(bytes)
    while true do
      sent = sent .. text
      if not action then break end
      actions[#actions + 1] = action
      text, action = reader:feed ""
    end
  end
  return sent, actions
end

describe("the keys of a terminal", function()
  local ROWS = {
    { { "ls\r" }, "ls\r" },
    { { "\3\4\26\28\0" }, "\3\4\26\28\0" },
    { { "~." }, "", { "detach" } },
    { { "~", "." }, "", { "detach" } },
    { { "ls\r~." }, "ls\r", { "detach" } },
    { { "ls\r", "~", "." }, "ls\r", { "detach" } },
    { { "a~.b" }, "a~.b" },
    { { "a", "~." }, "a~." },
    { { "~~." }, "~." },
    { { "~/bin\r" }, "~/bin\r" },
    { { "~", "/bin\r~", "x" }, "~/bin\r~x" },
    { { "~\r~." }, "~\r", { "detach" } },
    { { "~?~." }, "", { "help", "detach" } },
    { { "~?ls\r" }, "ls\r", { "help" } },
    { { "\n~?" }, "\n", { "help" } },
    { { "~.rest" }, "rest", { "detach" } },
    { { "grüße" }, "grüße" },
    { { "\xf0\x9f", "\x98", "\x80" }, "\u{1F600}" },
    { { "a\xc3" }, "a" },
    { { "\xff\xfe" }, "\u{FFFD}\u{FFFD}" },
    { { "\xc3(" }, "\u{FFFD}(" },
    { { "\xe2\x82a" }, "\u{FFFD}\u{FFFD}a" },
    { { "\xc3", "~." }, "\u{FFFD}~." },
  }
  for _, row in ipairs(ROWS) do
    it("are read: " .. ("%q"):format(table.concat(row[1], "|")):gsub("%c", "?"), function()
      local sent, actions = feed(table.unpack(row[1]))
      assert.same({ row[2], row[3] or {} }, { sent, actions })
      assert.truthy(utf8.len(sent))
    end)
  end

  it("never wait for more than a character", function()
    local reader = keys.new()
    for _ = 1, 1000 do reader:feed "\xf0\x9f" end
    assert.truthy(#reader.rest < 4)
  end)
end)
