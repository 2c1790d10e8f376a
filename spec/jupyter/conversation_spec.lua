local carrier = require "azureml.jupyter.carrier"
local conversation = require "azureml.jupyter.conversation"
local crypto = require("azureml.core").crypto

local MARK, TAG = "aaaabbbb\n", "bbbbaaaa"

local function begin(words)
  local talk = conversation.new(words or "true", { "aaaa", "bbbb" })
  talk:take("banner\r\n$ " .. talk:greeting() .. "\r\n" .. MARK)
  return talk, talk:take(TAG .. "h\n")
end

local function frame(kind, rest) return TAG .. kind .. (rest or "") .. "\n" end

local function bytes(kind, text) return frame(kind, crypto.base64(text)) end

-- Return the words that a conversation sends to the carrier.
local function words_of(events)
  local encoded = events[1].text:match "^c(.*)\n$"
  return crypto.from_base64(encoded)
end

describe("the conversation in a terminal", function()
  it("types a line that does not show the mark", function()
    local talk = conversation.new("true", { "aaaa", "bbbb" })
    local line = talk:greeting()
    assert.is_nil(line:find("aaaabbbb", 1, true))
    assert.matches("^ exec sh %-c '[^']*'\r$", line)
    assert.same({}, talk:take(line))
    assert.is_false(talk.has_begun)
  end)

  it("begins at the mark, also when it comes in pieces", function()
    local talk = conversation.new("true", { "aaaa", "bbbb" })
    assert.same({}, talk:take "\27[0mwelcome\r\naaaa")
    assert.same({ { kind = "send", text = carrier.program } }, talk:take "bbbb\n")
    assert.is_false(talk.has_begun)
    talk:feed "x"
    assert.is_nil(talk:next_frames())
    assert.equal("send", talk:take(TAG .. "h\n")[1].kind)
    assert.is_true(talk.has_begun)
    assert.is_string(talk:next_frames())
  end)

  it("gives a text to the user's shell, and words to the program", function()
    assert.equal("\0-c\0echo 'a b' $HOME", words_of(select(2, begin "echo 'a b' $HOME")))
    assert.equal('sh\0-c\0"$@"\0sh\0printf\0it\'s', words_of(select(2, begin { "printf", "it's" })))
  end)

  it("keeps output and errors apart, byte by byte", function()
    local talk, all = begin(), {}
    local text = bytes("o", "out\0\255") .. bytes("e", "bad") .. frame("x", "3")
    for i = 1, #text do
      for _, event in ipairs(talk:take(text:sub(i, i))) do all[#all + 1] = event end
    end
    assert.same({ { kind = "output", text = "out\0\255" }, { kind = "errors", text = "bad" },
      { kind = "end" } }, all)
    assert.equal(3, talk.code)
  end)

  it("reads on right behind the mark", function()
    local talk = conversation.new("true", { "aaaa", "bbbb" })
    local events = talk:take(MARK .. frame "h" .. bytes("o", "x"))
    assert.same({ "send", "send", "output" }, { events[1].kind, events[2].kind, events[3].kind })
  end)

  it("skips what other programs print, and remembers it", function()
    local talk = begin()
    assert.same({}, talk:take "\27[31mjob 1 done\27[0m\r\n\n")
    assert.equal("job 1 done", talk:remark())
    assert.is_nil((begin()):remark())
  end)

  it("takes nothing after the exit code", function()
    local talk = begin()
    local events = talk:take(frame("x", "0") .. bytes("o", "late"))
    assert.equal(1, #events)
  end)

  for name, text in pairs {
    ["an unknown frame"] = frame "z", ["a second greeting"] = frame "h",
    ["no base64"] = frame("o", "***"),
    ["an exit code above 255"] = frame("x", "256"), ["no exit code"] = frame("x", "-1"),
    ["more credit than was used"] = frame("r", "1"),
    ["a frame without an end"] = TAG .. "o" .. ("A"):rep(200000),
  } do
    it("refuses " .. name, function()
      assert.equal("malformed", (begin()):take(text)[1].kind)
    end)
  end

  it("says when there is no Python", function()
    assert.equal("no_python", (begin()):take(frame "p")[1].kind)
  end)

  it("sends input no faster than the command takes it", function()
    local talk = begin()
    local input = ("0123456789"):rep(30000)
    talk:feed(input:sub(1, 100000))
    talk:feed(input:sub(100001))
    talk:feed(nil)
    local sent, credit = {}, 0
    local function send_all()
      for frames in talk.next_frames, talk do
        local encoded = frames:match "^i(.*)\n$"
        sent[#sent + 1] = encoded and crypto.from_base64(encoded) or frames
        credit = credit + (encoded and #sent[#sent] or 0)
      end
    end
    send_all()
    assert.equal(carrier.INPUT_WINDOW, credit)
    assert.equal(#input - credit, talk:backlog())
    talk:take(frame("r", tostring(credit)))
    send_all()
    assert.equal("e\n", table.remove(sent))
    assert.equal(input, table.concat(sent))
    assert.is_nil(talk:next_frames())
  end)

  it("ends with one frame, and sends nothing after it", function()
    local talk = begin()
    talk:feed "x"
    assert.same({ "q\n", nil }, { talk:farewell(), talk:farewell() })
    assert.is_nil(talk:next_frames())
    assert.is_nil(conversation.new("true"):farewell())
  end)

  it("sends no input before the carrier is there", function()
    local talk = conversation.new("cat", { "aaaa", "bbbb" })
    talk:feed "x"
    assert.is_nil(talk:next_frames())
  end)

  it("confirms output in large parts", function()
    local talk = begin()
    talk:feed(nil)
    assert.equal("e\n", talk:next_frames())
    local part = ("x"):rep(30000)
    for _ = 1, 8 do talk:take(bytes("o", part)) end
    assert.is_nil(talk:next_frames())
    talk:take(bytes("e", part))
    assert.equal("k270000\n", talk:next_frames())
  end)
end)
