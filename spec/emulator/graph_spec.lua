local door = require "spec.door"
local json = require "azureml.json"

local GRAPH = "https://graph.microsoft.com"
local ANN, BOB = "aaaaaaaa-0000-0000-0000-00000000000a", "bbbbbbbb-0000-0000-0000-00000000000b"
local OTHER = "99999999-9999-9999-9999-999999999999"

local function open()
  return door.open { seed = {
    users = {
      { object_id = ANN, name = "ann@contoso.com", mail = "Ann.Smith@contoso.com",
        display_name = "Ann Smith" },
      { object_id = BOB, name = "bob_fabrikam.com#EXT#@contoso.com", mail = "bob@fabrikam.com" },
      { name = "o'hara@contoso.com", mail = "o'hara@contoso.com" },
      { name = "eve@other.org", tenant_id = OTHER, mail = "eve@other.org" },
    },
    applications = {
      { name = "reading", app_roles = { "User.ReadBasic.All" } },
      { name = "blind", app_roles = { "Mail.Read" } },
    },
    identities = { { name = "vm" } },
  } }
end

describe("Microsoft Graph", function()
  local at = open()

  local function ask(target, principal, audience, more)
    if principal ~= false then
      local known = principal and at.emulator.directory:principal(principal)
      at:use(known or at.emulator.owner, audience or GRAPH)
    end
    local headers = { authorization = "Bearer " .. at.token, host = "127.0.0.1" }
    for name, value in pairs(more or {}) do headers[name] = value or nil end
    return at:send { method = "GET", target = target, headers = headers, body = "" }
  end

  for name, key in pairs {
    ["an object id"] = ANN, ["an object id in capitals"] = ANN:upper(),
    ["a userPrincipalName"] = "ann@contoso.com", ["one with an escape"] = "ann%40contoso.com",
  } do
    it("finds a user by " .. name, function()
      local status, value = ask("/graph/v1.0/users/" .. key
        .. "?$select=id,displayName,userPrincipalName,mail")
      assert.equal(200, status)
      value["@odata.context"] = nil
      assert.same({ id = ANN, displayName = "Ann Smith", userPrincipalName = "ann@contoso.com",
        mail = "Ann.Smith@contoso.com" }, value)
    end)
  end

  it("finds a guest by an escaped userPrincipalName", function()
    local status, value = ask "/graph/v1.0/users/bob_fabrikam.com%23EXT%23%40contoso.com"
    assert.same({ 200, BOB, json.null }, { status, value.id, value.givenName })
    local _, more = ask("/graph/v1.0/users/" .. BOB .. "?$select=userType,accountEnabled")
    assert.same({ "Guest", true, nil }, { more.userType, more.accountEnabled, more.id })
  end)

  it("serves clients that reach it by its own name", function()
    local status, value = ask "/v1.0/users/ann@contoso.com"
    assert.same({ 200, ANN }, { status, value.id })
  end)

  for filter, found in pairs {
    ["mail eq 'ann.smith@contoso.com'"] = { ANN }, ["mail eq 'nobody@contoso.com'"] = {},
    ["userPrincipalName eq 'ann@contoso.com'"] = { ANN }, ["mail eq 'eve@other.org'"] = {},
    ["displayName eq 'Ann Smith'"] = { ANN },
  } do
    it("lists users by a filter: " .. filter, function()
      local status, value = ask("/graph/v1.0/users?$filter=" .. filter:gsub(" ", "%%20")
        .. "&$select=id")
      local ids = {}
      for index, user in ipairs(value.value) do ids[index] = user.id end
      assert.same({ 200, found }, { status, ids })
    end)
  end

  it("reads a doubled quote in a filter as one", function()
    local _, value = ask "/graph/v1.0/users?$filter=mail%20eq%20'o''hara@contoso.com'"
    assert.equal("o'hara@contoso.com", value.value[1].mail)
  end)

  it("lists the users of the caller's tenant, page by page", function()
    local names, target, pages = {}, "/graph/v1.0/users?$top=2&$select=userPrincipalName", 0
    while target do
      local status, value = ask(target)
      assert.equal(200, status)
      for _, user in ipairs(value.value) do names[#names + 1] = user.userPrincipalName end
      target = value["@odata.nextLink"] and value["@odata.nextLink"]:gsub("^http://[^/]+", "")
      pages = pages + 1
    end
    assert.same({ 2, { "ann@contoso.com", "bob_fabrikam.com#EXT#@contoso.com",
      "o'hara@contoso.com", "owner@emulator.onmicrosoft.com" } }, { pages, names })
  end)

  it("lists nobody behind the last page", function()
    local status, value = ask "/graph/v1.0/users?$skiptoken=1000000000"
    assert.same({ 200, {}, nil }, { status, value.value, value["@odata.nextLink"] })
  end)

  it("tells callers about themselves and their tenant", function()
    local status, me = ask("/graph/v1.0/me", "ann@contoso.com")
    assert.same({ 200, ANN }, { status, me.id })
    local _, tenant = ask("/graph/v1.0/organization", "blind")
    assert.equal(at.names.tenant_id, tenant.value[1].id)
    local refused, value = ask "/graph/v1.0/me"
    assert.same({ 400, "BadRequest" }, { refused, value.error.code })
  end)

  for _, row in ipairs {
    { "/graph/v1.0/users/nobody@contoso.com", 404, "Request_ResourceNotFound",
      "Resource 'nobody@contoso.com' does not exist or one of its queried" },
    { "/graph/v1.0/users/eve@other.org", 404, "Request_ResourceNotFound", "eve@other.org" },
    { "/graph/v1.0/users/" .. ANN .. "?$select=password", 400, "BadRequest",
      "property named 'password' on type 'microsoft.graph.user'" },
    { "/graph/v1.0/users?$filter=mail%20ne%20'x'", 400, "Request_UnsupportedQuery", "mail ne 'x'" },
    { "/graph/v1.0/users?$filter=mail%20eq%20'x'%20or%20id%20eq%20'y'", 400,
      "Request_UnsupportedQuery", "filter clause" },
    { "/graph/v1.0/users?$filter=password%20eq%20'x'", 400, "Request_UnsupportedQuery",
      "password" },
    { "/graph/v1.0/users?$top=0", 400, "Request_BadRequest", "'$top'" },
    { "/graph/v1.0/users?$top=1e9", 400, "Request_BadRequest", "'$top'" },
    { "/graph/v1.0/users?$skiptoken=9223372036854775807", 400, "Request_BadRequest", "$skiptoken" },
    { "/graph/v1.0/users?$skiptoken=nan", 400, "Request_BadRequest", "$skiptoken" },
    { "/graph/v1.0/users?$filter=", 400, "Request_UnsupportedQuery", "filter clause" },
    { "/graph/v1.0/users/a/b", 400, "BadRequest", "segment 'b'" },
    { "/graph/v1.0/groups", 400, "BadRequest", "segment 'groups'" },
    { "/graph/v1.0", 400, "BadRequest", "segment ''" },
  } do
    it("refuses, in its own shape: " .. row[1], function()
      local status, value, headers = ask(row[1])
      assert.same({ row[2], row[3] }, { status, value.error.code })
      assert.is_truthy(value.error.message:find(row[4], 1, true), value.error.message)
      local inner = value.error.innerError
      assert.equal(inner["request-id"], headers["request-id"])
      assert.is_truthy(inner.date:find "^%d+%-%d+%-%d+T%d+:%d+:%d+$", inner.date)
    end)
  end

  for _, row in ipairs {
    { "owner", 200 }, { "reading", 200 }, { "ann@contoso.com", 200 }, { "blind", 403 },
    { "reader", 403 }, { "vm", 403 },
  } do
    it(("answers %s to %s"):format(row[2], row[1]), function()
      local status, value = ask("/graph/v1.0/users/" .. ANN, row[1])
      assert.equal(row[2], status)
      if status == 403 then
        assert.same({ "Authorization_RequestDenied",
          "Insufficient privileges to complete the operation." },
          { value.error.code, value.error.message })
      end
    end)
  end

  for name, row in pairs {
    ["of Resource Manager"] = { "https://management.azure.com", "Invalid audience" },
    ["that expired"] = { GRAPH, "expired" },
  } do
    it("refuses a token " .. name, function()
      if name == "that expired" then
        at:use(at.emulator.owner, GRAPH)
        at.emulator:advance "2h"
      else
        at:use(at.emulator.owner, row[1])
      end
      local status, value = ask("/graph/v1.0/users/" .. ANN, false)
      assert.same({ 401, "InvalidAuthenticationToken" }, { status, value.error.code })
      assert.is_truthy(value.error.message:find(row[2], 1, true))
    end)
  end

  it("refuses a request without a token, and with one that is none", function()
    assert.equal(401, (ask("/graph/v1.0/users", nil, nil, { authorization = false })))
    assert.equal(401, (ask("/graph/v1.0/users", nil, nil, { authorization = "Bearer x.y.z" })))
  end)

  it("accepts tokens for its own address, and echoes the client's request id", function()
    assert.equal(200, (ask("/graph/v1.0/users/" .. ANN, nil, "http://127.0.0.1/graph/")))
    local _, value = ask("/graph/v1.0/users/none", nil, nil, { ["client-request-id"] = "mine" })
    assert.equal("mine", value.error.innerError["client-request-id"])
  end)

  it("takes no other method", function()
    at:use(at.emulator.owner, GRAPH)
    assert.equal(405, (at:send { method = "DELETE", target = "/graph/v1.0/users/" .. ANN, body = "",
      headers = { authorization = "Bearer " .. at.token, host = "127.0.0.1" } }))
  end)

  it("has trouble by its path", function()
    at.emulator:fault { trouble = "forbidden", match = { path = "^/graph/" } }
    local status, value = ask("/graph/v1.0/users/" .. ANN)
    assert.same({ 403, "Authorization_RequestDenied" }, { status, value.error.code })
    at.emulator:fault { trouble = "throttle", match = { path = "^/graph/" } }
    assert.equal(429, (ask("/graph/v1.0/users/" .. ANN)))
    at.emulator:fault { trouble = "expire_token", match = { path = "^/graph/" } }
    assert.equal(401, (ask("/graph/v1.0/users/" .. ANN)))
    assert.equal(200, (ask("/graph/v1.0/users/" .. ANN)))
  end)

  it("is reached with a token that Entra issues for its scope", function()
    local status, value = at:ask_token { grant_type = "client_credentials",
      client_id = at.names.client_id, client_secret = at.names.client_secret,
      scope = GRAPH .. "/.default" }
    assert.equal(200, status)
    at.token = value.access_token
    assert.equal(200, (ask("/graph/v1.0/users/" .. ANN, false)))
  end)
end)

describe("a seed's people", function()
  for _, row in ipairs {
    { { users = { { name = "a", mail = 5 } } }, "option 'mail' must be a string" },
    { { applications = { { app_roles = { 5 } } } }, "app_roles must be a list of texts" },
  } do
    it("are refused: " .. row[2], function()
      local ok, err = pcall(door.open, { seed = row[1] })
      assert.is_false(ok)
      assert.is_truthy(tostring(err):find(row[2], 1, true), tostring(err))
    end)
  end
end)
