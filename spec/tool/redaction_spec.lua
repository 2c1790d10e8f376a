local json = require "azureml.json"
local redaction = require "azureml.tool.redaction"

local function value(text)
  return json.encode(redaction.new():value(json.decode_exact(text)))
end

describe("what could be secret", function()
  for _, row in ipairs {
    { '{"primaryKey":"abc"}', '{"primaryKey":"hidden1"}' },
    { '{"accessToken":"abc","refreshToken":"abc"}',
      '{"accessToken":"hidden1","refreshToken":"hidden1"}' },
    { '{"administratorPassword":"p"}', '{"administratorPassword":"hidden1"}' },
    { '{"clientSecret":{"deep":["s"]}}', '{"clientSecret":{"deep":["hidden1"]}}' },
    { '{"sshSettings":{"adminPublicKey":"ssh-rsa A"}}',
      '{"sshSettings":{"adminPublicKey":"ssh-rsa A"}}' },
    { '{"keyVault":"/subscriptions/s"}', '{"keyVault":"/subscriptions/s"}' },
    { '{"scriptData":"ZWNobw=="}', '{"scriptData":"hidden1"}' },
    { '{"command":"login --password x"}', '{"command":"hidden1"}' },
    { '{"environmentVariables":{"A":{"type":"local","value":"b"}}}',
      '{"environmentVariables":{"A":{"type":"local","value":"hidden1"}}}' },
    { '{"environmentVariables":{"type":"b"}}', '{"environmentVariables":{"type":"hidden1"}}' },
    { '{"password":"","token":null,"secret":5}', '{"password":"","secret":5,"token":null}' },
    { '{"value":[],"n":1,"x":1.5,"o":{}}', '{"n":1,"o":{},"value":[],"x":1.5}' },
    { '{"uri":"see https://a.blob.core.windows.net/x?sv=1&sig=abc."}',
      '{"uri":"see https://a.blob.core.windows.net/x?sv=hidden1&sig=hidden2"}' },
  } do
    it("is hidden in JSON: " .. row[1], function()
      assert.equal(row[2], value(row[1]))
    end)
  end

  for _, row in ipairs {
    { "https://h/p?api-version=1&t=2&s=abc", "https://h/p?api-version=1&t=hidden1&s=hidden2" },
    { "https://h/p?%24skip=p2&API-Version=1", "https://h/p?%24skip=p2&API-Version=1" },
    { "https://h/?underlyingResourceAction=Delete", "https://h/?underlyingResourceAction=Delete" },
    { "https://h/p", "https://h/p" }, { "https://h/p?", "https://h/p?" },
    { "https://h/p?code=&flag", "https://h/p?code=&flag" },
  } do
    it("is hidden in a URL: " .. row[1], function()
      assert.equal(row[2], redaction.new():url(row[1]))
    end)
  end

  it("is hidden in the secure parameters of a template, and nowhere else in it", function()
    local hidden = value [[{"properties":{"template":{"parameters":{"run":{"type":"secureString",
      "defaultValue":"d"},"plain":{"type":"string","defaultValue":"p"}}},
      "parameters":{"RUN":{"value":"v"},"plain":{"value":"q"}}}}]]
    local properties = json.decode(hidden).properties
    local declared, given = properties.template.parameters, properties.parameters
    assert.same({ "secureString", "p", "q" },
      { declared.run.type, declared.plain.defaultValue, given.plain.value })
    assert.matches("^hidden%d$", declared.run.defaultValue)
    assert.matches("^hidden%d$", given.RUN.value)
    assert.equal('{"template":{"parameters":5}}', value '{"template":{"parameters":5}}')
    assert.equal('{"template":"x"}', value '{"template":"x"}')
  end)

  it("has the same placeholder wherever it stands, and another text has another", function()
    local hide = redaction.new()
    local url = hide:url "https://h/p?s=abc"
    assert.equal("https://h/p?s=hidden1", url)
    assert.equal("at " .. url .. " now", hide:text "at https://h/p?s=abc now")
    assert.equal("https://h/p?s=hidden2", hide:url "https://h/p?s=abcd")
  end)
end)
