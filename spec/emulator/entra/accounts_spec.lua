local core = require "azureml.core"
local door = require "spec.door"
local json = require "azureml.json"
local jwt = require "azureml.emulator.entra.jwt"

local READ = "Microsoft.MachineLearningServices/workspaces/computes/read"

describe("the control endpoint, for people", function()
  local at

  before_each(function() at = door.open() end)

  local function ask(method, path, body)
    return at:send {
      method = method,
      target = "/emulator/" .. path,
      headers = { host = "127.0.0.1" },
      body = body and json.encode(body) or "",
    }
  end

  for _, row in ipairs {
    { "users", { name = "ann@contoso.com", password = "hidden-1" }, "user" },
    { "applications", { name = "robot", client_secret = "hidden-2" }, "application" },
    { "identities", { name = "machine-2" }, "identity" },
  } do
    it(("adds, lists and takes away %s, and shows no secret"):format(row[1]), function()
      local status, made, _, body = ask("POST", row[1], row[2])
      assert.equal(201, status)
      assert.is_nil(body:find("hidden", 1, true))
      assert.equal(row[3], at.emulator.directory:principal(row[2].name).kind)
      local _, list, _, text = ask("GET", row[1])
      assert.is_nil(text:find("hidden", 1, true))
      local found = false
      for _, one in ipairs(list) do found = found or one.object_id == made.object_id end
      assert.is_true(found)
      assert.equal(204, (ask("DELETE", row[1] .. "/" .. row[2].name)))
      assert.is_nil(at.emulator.directory:principal(row[2].name))
      assert.equal(404, (ask("DELETE", row[1] .. "/" .. row[2].name)))
    end)
  end

  it("adds issuers, and takes them away", function()
    local jwk = core.crypto.generate_key(1024):jwk()
    assert.equal(201, (ask("POST", "issuers", { issuer = "https-issuer", keys = { jwk } })))
    assert.equal(1, #at.emulator.directory:keys_of "https-issuer")
    assert.equal(204, (ask("DELETE", "issuers/https-issuer")))
    assert.is_nil(at.emulator.directory:keys_of "https-issuer")
  end)

  it("does not take one kind for another", function()
    ask("POST", "users", { name = "ann" })
    assert.equal(404, (ask("DELETE", "applications/ann")))
    assert.is_truthy(at.emulator.directory:user "ann")
  end)

  it("changes users", function()
    ask("POST", "users", { name = "ann", password = "a" })
    assert.equal(200, (ask("POST", "users/ann", { disabled = true, password = "b" })))
    local ann = at.emulator.directory:user "ann"
    assert.same({ true, "b" }, { ann.disabled, ann.password })
    assert.equal(400, (ask("POST", "users/ann", { colour = "red" })))
    assert.equal(404, (ask("POST", "users/bob", {})))
  end)

  it("defines roles, and gives and takes them, at once", function()
    ask("POST", "applications", { name = "robot" })
    local robot = at.emulator.directory:principal "robot"
    at:use(robot)
    assert.equal(403, (at:ask("GET", at:path "computes")))
    assert.equal(201, (ask("POST", "roles", { name = "Looker", actions = { READ } })))
    local status, made = ask("POST", "role_assignments", {
      principal = "robot", role = "looker", workspace_name = "emulator",
    })
    assert.same({ 201, at:path() }, { status, made.scope })
    assert.equal(200, (at:ask("GET", at:path "computes")))
    assert.equal(403, (at:ask("GET", at:path())))
    assert.equal(204, (ask("DELETE", "role_assignments/" .. made.id)))
    assert.equal(403, (at:ask("GET", at:path "computes")))
    local _, all = ask("GET", "roles")
    assert.same({ "Owner", "Looker" }, { all[1].name, all[#all].name })
  end)

  for _, row in ipairs {
    { "users", {}, 400, "needs 'name'" },
    { "applications", { certificates = { "x" } }, 400, "not a certificate" },
    { "roles", { name = "x" }, 400, "needs 'name' and 'actions'" },
    { "role_assignments", { role = "Owner" }, 400, "needs 'principal'" },
    {
      "role_assignments",
      { principal = "nobody", role = "Owner" },
      400,
      "there is no principal called 'nobody'",
    },
    { "role_assignments", { principal = "owner", role = "King" }, 400, "there is no role 'King'" },
    { "tokens", { principal = "nobody" }, 404, "there is no principal called 'nobody'" },
    { "tokens", {}, 404, "there is no principal called 'nil'" },
    { "tokens", { principal = "owner", audience = 5 }, 400, "must be texts" },
    { "devices", { user_code = "ABC" }, 404, "no device waits for this code" },
    { "devices", { user_code = 5, declines = true }, 404, "no device waits for this code" },
    { "sign_in", {}, 400, "'user' must be the name" },
    { "users", json.array { 1 }, 400, "no option" },
  } do
    it(("refuses %s: %s"):format(row[1], row[4]), function()
      local status, value = ask("POST", row[1], row[2])
      assert.equal(row[3], status)
      assert.is_truthy(value.error.message:find(row[4], 1, true), value.error.message)
    end)
  end

  it("gives a token of any principal, for any audience", function()
    local status, value = ask("POST", "tokens", {
      principal = "reader", audience = "https://ml.azure.com",
    })
    assert.same({ 200, 3600 }, { status, value.expires_in })
    assert.same({ "https://ml.azure.com", at.emulator.reader.object_id },
      { jwt.read(value.access_token).claims.aud, jwt.read(value.access_token).claims.oid })
  end)

  it("ends all tokens", function()
    assert.equal(200, (at:ask("GET", at:path "computes")))
    assert.equal(204, (ask("POST", "expire_tokens", {})))
    local status, value = at:ask("GET", at:path "computes")
    assert.same({ 401, "ExpiredAuthenticationToken" }, { status, value.error.code })
    at:use(at.emulator.owner)
    assert.equal(200, (at:ask("GET", at:path "computes")))
  end)

  it("holds nothing but plain data, which another process can go on with", function()
    local state = os.tmpname()
    os.remove(state)
    local emulator = require "azureml.emulator"
    local one = emulator.new { state = state, manual = true, seed = {
      users = { { name = "ann@contoso.com" } },
      roles = { { name = "Looker", actions = { "*/read" } } },
      role_assignments = { { principal = "ann@contoso.com", role = "Looker" } },
    } }
    local token, secret, machine = one:issue_token(), one.reader.secrets[1].value,
      one.machine_secret
    one:close()
    local two <close> = emulator.new { state = state, manual = true }
    local ann = two.directory:user "ann@contoso.com"
    assert.is_true(two.roles:may(ann.object_id, READ, "/subscriptions/" .. door.SUBSCRIPTION))
    assert.same({ secret, machine }, { two.reader.secrets[1].value, two.machine_secret })
    local response = two:handle {
      method = "GET",
      target = at:path "computes?api-version=2024-04-01",
      body = "",
      headers = { authorization = "Bearer " .. token },
    }
    assert.equal(200, response.status)
    os.remove(state)
  end)
end)
