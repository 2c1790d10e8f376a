local door = require "spec.door"
local form = require "azureml.emulator.entra.form"
local jwt = require "azureml.emulator.entra.jwt"

local RESOURCE = "https://management.azure.com"
local SYSTEM, USER_ASSIGNED = "77777777-7777-7777-7777-777777777777",
  "bbbbbbbb-0000-0000-0000-00000000000b"
local OBJECT, RESOURCE_ID = "cccccccc-0000-0000-0000-00000000000c",
  "/subscriptions/s/resourceGroups/g/providers/x/y/mine"

local function open()
  local at = door.open()
  at.emulator.directory:add_identity {
    client_id = USER_ASSIGNED, object_id = OBJECT, resource_id = RESOURCE_ID,
  }
  return at
end

local function get(at, path, query, headers)
  local all = { host = "127.0.0.1" }
  for name, value in pairs(headers or {}) do all[name] = value end
  return at:send {
    method = "GET", target = path .. "?" .. form.write(query), headers = all, body = "",
  }
end

local function whose(value)
  return jwt.read(value.access_token).claims.appid
end

describe("the metadata service", function()
  local PATH = "/metadata/identity/oauth2/token"

  local function ask(change, headers, path)
    local query = { ["api-version"] = "2018-02-01", resource = RESOURCE }
    for name, value in pairs(change or {}) do query[name] = value or nil end
    return get(open(), path or PATH, query, headers or { metadata = "true" })
  end

  it("gives a token of the machine's own identity, with times as texts", function()
    local status, value = ask()
    assert.same(
      { 200, "Bearer", RESOURCE, "" },
      { status, value.token_type, value.resource, value.refresh_token })
    assert.equal(SYSTEM, whose(value))
    assert.is_truthy(value.expires_on:find "^%d+$" and value.expires_in == "3600")
    assert.equal(3600, value.expires_on - value.not_before)
  end)

  it("does not mind a slash before the query", function()
    assert.equal(200, (ask(nil, nil, PATH .. "/")))
  end)

  it("gives one that Resource Manager takes", function()
    local at = open()
    local _, value = get(
      at, PATH,
      { ["api-version"] = "2018-02-01", resource = RESOURCE .. "/" },
      { metadata = "true" })
    at.token = value.access_token
    assert.equal(200, (at:ask("GET", at:path "computes")))
  end)

  for name, id in pairs {
    client_id = USER_ASSIGNED, object_id = OBJECT, msi_res_id = RESOURCE_ID,
    mi_res_id = RESOURCE_ID:upper(),
  } do
    it("finds an identity by " .. name, function()
      local status, value = ask { [name] = id }
      assert.same({ 200, USER_ASSIGNED }, { status, whose(value) })
      assert.equal(RESOURCE_ID, jwt.read(value.access_token).claims.xms_mirid)
    end)
  end

  for _, row in ipairs {
    { "no header", nil, {}, "bad_request_102", "Required metadata header not specified" },
    { "another header", nil, { metadata = "yes" }, "bad_request_102", "metadata header" },
    {
      "an identity that the machine has not",
      { client_id = OBJECT },
      nil, "invalid_request", "Identity not found",
    },
    { "no version", { ["api-version"] = false }, nil, "invalid_request", "api-version" },
    { "no resource", { resource = false }, nil, "invalid_resource", "500011" },
    { "what is no resource", { resource = "vault" }, nil, "invalid_resource", "500011" },
  } do
    it("refuses " .. row[1], function()
      local status, value = ask(row[2], row[3])
      assert.same({ 400, row[4] }, { status, value.error })
      assert.is_truthy(value.error_description:find(row[5], 1, true))
    end)
  end

  it("gives the only one where the machine has none of its own, and asks which "
    .. "of several", function()
    local at = open()
    at.emulator.directory:remove(at.emulator.directory:principal(SYSTEM))
    local function ask_again()
      return get(
        at, PATH,
        { ["api-version"] = "2018-02-01", resource = RESOURCE },
        { metadata = "true" })
    end
    local _, value = ask_again()
    assert.equal(USER_ASSIGNED, whose(value))
    at.emulator.directory:add_identity { name = "another" }
    local status, several = ask_again()
    assert.same({ 400, "invalid_request" }, { status, several.error })
    assert.is_truthy(several.error_description:find("Multiple user assigned identities", 1, true))
  end)
end)

describe("App Service", function()
  local function ask(version, header, change)
    local at = open()
    local query = { ["api-version"] = version, resource = RESOURCE }
    for name, value in pairs(change or {}) do query[name] = value end
    return get(at, "/appservice/msi/token", query, { [header] = at.emulator.machine_secret })
  end

  it("has a header of its own, and times as texts, since 2019", function()
    local status, value = ask("2019-08-01", "x-identity-header")
    assert.equal(200, status)
    assert.is_truthy(value.expires_on:find "^%d+$")
    assert.is_nil(value.expires_in)
    assert.equal(401, (ask("2019-08-01", "secret")))
  end)

  it("had another in 2017, and dates as Americans write them", function()
    local status, value = ask("2017-09-01", "secret", { clientid = USER_ASSIGNED })
    assert.same({ 200, USER_ASSIGNED }, { status, whose(value) })
    assert.is_truthy(value.expires_on:find "^%d%d/%d%d/%d%d%d%d %d%d:%d%d:%d%d [AP]M %+00:00$")
    assert.equal(401, (ask("2017-09-01", "x-identity-header")))
  end)

  it("knows no identity that is not there", function()
    assert.equal(400, (ask("2019-08-01", "x-identity-header", { principal_id = USER_ASSIGNED })))
    assert.equal(200, (ask("2019-08-01", "x-identity-header", { principal_id = OBJECT })))
  end)
end)

describe("a compute instance of Azure ML", function()
  local function ask(client_id, secret)
    local at = open()
    return get(
      at, "/MSI/auth",
      { ["api-version"] = "2017-09-01", resource = RESOURCE, clientid = client_id },
      { secret = secret or at.emulator.machine_secret })
  end

  for name, client_id in pairs { ["no client id"] = "", ["one that is none"] = "clientid" } do
    it("gives the signed-in user's token to who names " .. name, function()
      local status, value = ask(client_id)
      assert.equal(200, status)
      assert.equal("user", jwt.read(value.access_token).claims.idtyp)
      assert.is_number(value.expires_on)
    end)
  end

  it("gives an identity's token to who names it", function()
    local _, value = ask(USER_ASSIGNED)
    assert.equal(USER_ASSIGNED, whose(value))
  end)

  it("fails in text, with a status that is elsewhere another", function()
    local at = open()
    local status, _, headers, body = get(
      at, "/MSI/auth",
      { ["api-version"] = "2017-09-01", resource = RESOURCE, clientid = OBJECT },
      { secret = at.emulator.machine_secret })
    assert.equal(404, status)
    assert.is_truthy(
      headers["Content-Type"]:find("text/plain", 1, true) and body:find("InternalError", 1, true))
    assert.equal(401, (ask(USER_ASSIGNED, "guess")))
  end)
end)

describe("Cloud Shell", function()
  local function ask(headers, fields)
    local all = { host = "127.0.0.1" }
    for name, value in pairs(headers) do all[name] = value end
    return open():send {
      method = "POST", target = "/cloudshell/oauth2/token", headers = all,
      body = form.write(fields),
    }
  end

  it("gives a token of the user that opened it", function()
    local status, value = ask({ metadata = "true" }, { resource = RESOURCE })
    assert.same({ 200, "user" }, { status, jwt.read(value.access_token).claims.idtyp })
    assert.equal(400, (ask({}, { resource = RESOURCE })))
    assert.equal(400, (ask({ metadata = "true" }, {})))
  end)
end)

describe("the token endpoints of a machine", function()
  for _, row in ipairs {
    { "GET", "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=" .. RESOURCE },
    { "GET", "/appservice/msi/token?api-version=2019-08-01&resource=" .. RESOURCE },
    { "GET", "/MSI/auth?api-version=2017-09-01&resource=" .. RESOURCE },
    { "POST", "/cloudshell/oauth2/token" },
  } do
    for _, from in ipairs {
      { host = "evil.example" }, { host = "127.0.0.1", origin = "https://evil.example" }, {},
    } do
      it(("serve no web page: %s from %s"):format(row[2], from.origin or from.host), function()
        local at = open()
        local secret = at.emulator.machine_secret
        local headers = { metadata = "true", secret = secret, ["x-identity-header"] = secret }
        for name, value in pairs(from) do headers[name] = value end
        local status, value = at:send {
          method = row[1], target = row[2], headers = headers,
          body = form.write { resource = RESOURCE },
        }
        assert.same({ 403, "forbidden" }, { status, value.error })
      end)
    end
  end
end)

describe("the environment that a program needs", function()
  it("is told by the control endpoint, for each way to sign in", function()
    local at = open()
    local _, all = at:send {
      method = "GET",
      target = "/emulator/environment",
      headers = { host = "127.0.0.1" },
      body = "",
    }
    assert.equal(at.emulator.machine_secret, all.app_service.IDENTITY_HEADER)
    assert.equal(SYSTEM, all.azureml.DEFAULT_IDENTITY_CLIENT_ID)
    assert.equal(at.names.client_secret, all.secret.AZURE_CLIENT_SECRET)
    assert.is_truthy(all.imds.AZURE_POD_IDENTITY_AUTHORITY_HOST
      and all.cloud_shell.MSI_ENDPOINT:find("/cloudshell/", 1, true))
  end)
end)
