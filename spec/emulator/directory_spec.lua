local core = require "azureml.core"
local directory = require "azureml.emulator.directory"
local json = require "azureml.json"

local TENANT, CLIENT = "aaaaaaaa-0000-0000-0000-000000000001", "bbbbbbbb-0000-0000-0000-000000000002"
local AUDIENCE = "https://management.azure.com"

local function open(given)
  local now = { 1000 }
  local all = { clock = { now = function() return now[1] end, speed = 1 }, random = core.random, guid = core.guid, encode = json.encode }
  for name, value in pairs(given or {}) do all[name] = value end
  local one = directory.new(all)
  return one, one:add_application { tenant_id = TENANT, client_id = CLIENT, client_secret = "s", role = "Owner" }, now
end

describe("the directory", function()
  for _, row in ipairs {
    { "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" }, { "\255\239\191", "_--_" }, { "\0\0\0\0", "AAAAAA" },
  } do
    it(("writes %d bytes as base64url"):format(#row[1]), function() assert.equal(row[2], directory.base64url(row[1])) end)
  end

  it("finds tenants and applications without case, and only in their own tenant", function()
    local one, application = open()
    assert.is_true(one:has_tenant(TENANT:upper()))
    assert.is_false(one:has_tenant(CLIENT))
    assert.equal(application, one:application(TENANT:upper(), CLIENT:upper()))
    assert.is_nil(one:application(CLIENT, CLIENT))
    assert.is_nil(one:application(TENANT, TENANT))
  end)

  it("issues tokens that look like Entra's and are known only here", function()
    local one, application = open()
    local text, lifetime = one:issue(application, AUDIENCE)
    assert.equal(3600, lifetime)
    local head, body, signature = text:match "^([%w_-]+)%.([%w_-]+)%.([%w_-]+)$"
    assert.is_truthy(head and body and #signature == 342)
    local token = one:token(text)
    assert.same({ application, AUDIENCE, 4600 }, { token.application, token.audience, token.expires })
    assert.is_nil(one:token(head .. "." .. body .. "." .. signature:reverse()))
    assert.equal(1, one.issued)
    assert.are_not.equal(text, (one:issue(application, AUDIENCE)))
  end)

  it("ends all tokens when asked to", function()
    local one, application, now = open()
    local text = one:issue(application, AUDIENCE)
    one:expire_tokens()
    assert.equal(now[1], one:token(text).expires)
  end)

  it("lets a token live a minute of real time however fast the clock runs", function()
    local one, application = open { clock = { now = function() return 0 end, speed = 1000 } }
    local _, lifetime = one:issue(application, AUDIENCE)
    assert.equal(60000, lifetime)
  end)
end)
