local core = require "azureml.core"
local directory = require "azureml.emulator.directory"
local json = require "azureml.json"
local token = require "azureml.emulator.token"

local TENANT, CLIENT = "aaaaaaaa-0000-0000-0000-000000000001", "bbbbbbbb-0000-0000-0000-000000000002"
local SCOPE = "https://management.azure.com/.default"

local function ask(change, tenant)
  local clock = { now = function() return 1e9 end, speed = 1, in_real_time = function(_, seconds) return seconds end }
  local people = directory.new { clock = clock, random = core.random, guid = core.guid, encode = json.encode }
  people:add_application { tenant_id = TENANT, client_id = CLIENT, client_secret = "s+/ =&%", role = "Owner" }
  local form, parts = { grant_type = "client_credentials", client_id = CLIENT, client_secret = "s+/ =&%", scope = SCOPE }, {}
  for name, value in pairs(change or {}) do form[name] = value or nil end
  for name, value in pairs(form) do parts[#parts + 1] = name .. "=" .. core.escape(value) end
  local state = { world = { clock = clock, guid = core.guid }, directory = people }
  return token.answer(state, tenant or TENANT, table.concat(parts, "&")), people
end

describe("the token endpoint", function()
  it("gives a token for the right secret, escaped as forms are", function()
    local answer, people = ask()
    assert.equal(200, answer.status)
    assert.same({ "Bearer", 3600 }, { answer.json.token_type, answer.json.expires_in })
    assert.equal("https://management.azure.com", people:token(answer.json.access_token).audience)
  end)

  -- Source: auth.md's table of typical errors.
  for _, row in ipairs {
    { "another tenant", {}, CLIENT, 400, "invalid_request", 90002 },
    { "another application", { client_id = TENANT }, nil, 400, "unauthorized_client", 700016 },
    { "a wrong secret", { client_secret = "guess" }, nil, 401, "invalid_client", 7000215 },
    { "another grant", { grant_type = "password" }, nil, 400, "unsupported_grant_type", 70003 },
    { "a scope without /.default", { scope = "https://management.azure.com/user" }, nil, 400, "invalid_scope", 1002012 },
    { "no scope", { scope = false }, nil, 400, "invalid_request", 900144 },
    { "no secret", { client_secret = false }, nil, 400, "invalid_request", 900144 },
    { "an empty application", { client_id = "" }, nil, 400, "invalid_request", 900144 },
  } do
    it(("refuses %s as AADSTS%d"):format(row[1], row[6]), function()
      local answer = ask(row[2], row[3])
      assert.equal(row[4], answer.status)
      assert.equal(row[5], answer.json.error)
      assert.same({ row[6] }, answer.json.error_codes)
      assert.is_truthy(answer.json.error_description:find("^AADSTS" .. row[6] .. ": .* Trace ID: %S+ Correlation ID: %S+ Timestamp: "))
      assert.is_nil(answer.json.error_description:find("guess", 1, true))
    end)
  end

  it("survives a form that is none", function()
    for _, body in ipairs { "", "&&&", "=", "%zz", ("a"):rep(100000), "grant_type", "client_id=%" } do
      local clock = { now = function() return 0 end, speed = 1 }
      local people = directory.new { clock = clock, random = core.random, guid = core.guid, encode = json.encode }
      people:add_application { tenant_id = TENANT, client_id = CLIENT, client_secret = "s" }
      assert.equal(400, token.answer({ world = { clock = clock, guid = core.guid }, directory = people }, TENANT, body).status)
    end
  end)

  it("names itself in its metadata", function()
    local answer = token.metadata("http://127.0.0.1:1", TENANT)
    assert.equal("http://127.0.0.1:1/" .. TENANT .. "/oauth2/v2.0/token", answer.json.token_endpoint)
    assert.is_truthy(answer.json.issuer:find(TENANT, 1, true))
  end)
end)
