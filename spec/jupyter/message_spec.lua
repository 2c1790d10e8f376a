local azureml = require "azureml"
local json = require "azureml.json"
local message = require "azureml.jupyter.message"

describe("a message of Jupyter", function()
  it("is written with all that the protocol asks for", function()
    local text, id = message.write("s-1", "shell", "execute_request", { code = "1" })
    local value = json.decode_exact(text)
    assert.same({ "shell", id, "execute_request", "s-1", "5.3" }, { value.channel,
      value.header.msg_id, value.header.msg_type, value.header.session, value.header.version })
    assert.matches('"buffers":%[%]', text)
    assert.matches('"parent_header":{}', text)
    assert.matches('"metadata":{}', text)
  end)

  it("is read without nulls", function()
    local received = message.read(json.encode {
      header = { msg_type = "stream", msg_id = "2" }, parent_header = { msg_id = "1" },
      channel = "iopub", content = { text = "x", name = json.null },
    })
    assert.same({ "stream", "1", "iopub", { text = "x" } },
      { received.kind, received.parent, received.channel, received.content })
  end)

  for name, text in pairs {
    ["what is no JSON"] = "{", ["a number"] = "1", ["an empty object"] = "{}",
    ["a type that is no text"] = '{"header":{"msg_type":1},"content":{}}',
    ["a message without content"] = '{"header":{"msg_type":"stream"}}',
    ["content that is a text"] = '{"header":{"msg_type":"stream"},"content":"x"}',
  } do
    it("is not " .. name, function()
      local _, err = azureml.try(message.read, text)
      assert.equal("InvalidReply", err.code)
    end)
  end

  it("may have a parent that is null, and no channel", function()
    local received = message.read('{"header":{"msg_type":"status"},"parent_header":null,'
      .. '"content":{}}')
    assert.same({ nil, "" }, { received.parent, received.channel })
  end)

  it("gives texts, and empty ones in place of anything else", function()
    assert.same({ "x", "", "" }, { message.text({ a = "x" }, "a"), message.text({ a = 1 }, "a"),
      message.text({}, "a") })
  end)
end)
