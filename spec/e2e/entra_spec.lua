-- The package's own credentials against the emulator's Entra: as a user signs in, from the
-- environment to an instance.
local azureml = require "azureml"
local certificate = require "spec.certificate"
local core = require "azureml.core"
local credential = azureml.credential
local jwt = require "azureml.emulator.entra.jwt"
local managed = require "azureml.emulator.entra.managed"
local process = require "spec.process"
local server = require "azureml.tool.http_server"
local surroundings = require "spec.surroundings"
local world = require "spec.world"

local CLIENT = "bbbbbbbb-0000-0000-0000-00000000000b"
local ISSUER, SUBJECT = "https://token.actions.example", "repo:contoso/ml:ref:refs/heads/main"

describe("signing in to the emulator", function()
  local authority, own, pem, key, emulator, ws

  setup(function()
    authority = certificate.authority()
    local text
    own, text = certificate.pair(authority)
    pem, key = text .. own, core.crypto.read_key(text)
  end)

  teardown(function() certificate.remove(authority) end)

  before_each(function()
    emulator, ws = world.open({ ann = "Running" }, {
      applications = { {
        client_id = CLIENT, client_secret = "a+b&c=d e%", certificates = { own },
        federated = { { issuer = ISSUER, subject = SUBJECT } },
      } },
      issuers = { { issuer = ISSUER, keys = { key:jwk() } } },
      role_assignments = { { principal = CLIENT, role = "AzureML Compute Operator" } },
    })
  end)

  after_each(function() world.close(emulator, ws) end)

  local function given(more)
    local all = { authority = emulator.authority, tenant_id = emulator:settings().tenant_id,
      client_id = CLIENT }
    for name, value in pairs(more) do all[name] = value end
    return all
  end

  -- An instance, seen with a credential.
  local function look(one)
    local names = emulator:settings()
    local mine <close> = azureml.workspace {
      subscription_id = names.subscription_id, resource_group = names.resource_group,
      name = names.workspace_name, credential = one,
    }
    return mine.instances:get "ann"
  end

  local function outside(change)
    local now = math.floor(core.time())
    local claims = { iss = ISSUER, sub = SUBJECT, aud = "api://AzureADTokenExchange", nbf = now,
      exp = now + 600 }
    for name, value in pairs(change or {}) do claims[name] = value end
    return jwt.write(key, { alg = "RS256", kid = "k" }, claims)
  end

  it("works with a secret", function()
    assert.equal("Running",
      look(credential.client_secret(given { client_secret = "a+b&c=d e%" })).state)
  end)

  for _, algorithm in ipairs { "PS256", "RS256" } do
    it("works with a certificate: " .. algorithm, function()
      for _, chain in ipairs { false, true } do
        local one = credential.client_certificate(given { certificate = pem, algorithm = algorithm,
          send_certificate_chain = chain })
        assert.equal("Running", look(one).state)
      end
    end)
  end

  it("works with the token of an issuer that the application trusts", function()
    local assertion = function() return outside() end
    assert.equal("Running",
      look(credential.client_assertion(given { assertion = assertion })).state)
  end)

  for _, row in ipairs {
    { "AADSTS7000215",
      function() return credential.client_secret(given { client_secret = "wrong" }) end },
    { "AADSTS700213", function()
      local function assertion() return outside { sub = "repo:other" } end
      return credential.client_assertion(given { assertion = assertion })
    end },
    { "AADSTS700024", function()
      local function assertion() return outside { exp = 1000, nbf = 400 } end
      return credential.client_assertion(given { assertion = assertion })
    end },
    { "AADSTS90002", function()
      return credential.client_secret(given { client_secret = "x",
        tenant_id = "99999999-9999-9999-9999-999999999999" })
    end },
  } do
    it("is refused as " .. row[1], function()
      local _, err = azureml.try(look, row[2]())
      assert.is_truthy(tostring(err):find(row[1], 1, true), tostring(err))
    end)
  end

  it("is refused with a certificate that is not registered", function()
    local other = certificate.authority()
    local its, text = certificate.pair(other)
    certificate.remove(other)
    local _, err = azureml.try(look,
      credential.client_certificate(given { certificate = text .. its }))
    assert.is_truthy(tostring(err):find("AADSTS700027", 1, true), tostring(err))
  end)

  it("lets who may only operate do that, and says what else he may not", function()
    local one = credential.client_secret(given { client_secret = "a+b&c=d e%" })
    assert.equal("Running", look(one).state)
    local _, err = azureml.try(function()
      local mine <close> = azureml.client { endpoint = emulator.url, credential = one,
        scope = "https://management.azure.com/.default" }
      local path = "/subscriptions/%s/providers/Microsoft.MachineLearningServices/locations/"
        .. "eastus/usages"
      return mine:request {
        path = path:format(emulator:settings().subscription_id),
        query = { ["api-version"] = "2024-04-01" },
      }
    end)
    assert.same({ 403, "AuthorizationFailed" }, { err.status, err.code })
  end)

  it("gets a new token when claims are demanded, and gives up when they always are", function()
    local one = credential.client_secret(given { client_secret = "a+b&c=d e%" })
    emulator:fault { trouble = "claims_challenge" }
    assert.equal("Running", look(one).state)
    assert.equal(2, emulator:token_count())
    emulator:fault { trouble = "claims_challenge", times = 10 }
    local _, err = azureml.try(look, one)
    assert.equal(401, err.status)
  end)
end)

-- A machine's own credentials go to https alone: the emulator speaks it here, and its machines'
-- endpoints plain http beside, as in Azure.
describe("a machine of the emulator", function()
  local emulator, beside, around, directory

  before_each(function()
    directory = process.directory()
    around = surroundings { XDG_STATE_HOME = directory, AZURE_POD_IDENTITY_AUTHORITY_HOST = false,
      IDENTITY_ENDPOINT = false,
      IDENTITY_HEADER = false, MSI_ENDPOINT = false, MSI_SECRET = false,
      DEFAULT_IDENTITY_CLIENT_ID = false }
    emulator = require("azureml.emulator").start { tls = true,
      seed = { instances = { ann = "Running" } } }
    beside = server.start({}, function(request) return emulator:handle(request) end)
  end)

  after_each(function()
    beside:close()
    emulator:close()
    around:close()
    process.remove(directory)
    assert.equal(0, world.leaks())
  end)

  for _, row in ipairs { { "imds", "app" }, { "app_service", "app" }, { "azureml", "app" },
    { "cloud_shell", "user" } } do
    it("signs in as what it is: " .. row[1], function()
      local variables = {}
      for name, value in pairs(managed.environments(emulator)[row[1]]) do
        variables[name] = value:gsub(emulator.url, beside:url(), 1)
      end
      local inner <close> = surroundings(variables)
      local ws <close> = azureml.workspace { credential = credential.managed_identity {} }
      assert.equal("Running", ws.instances:get("ann").state)
      local kinds = {}
      for _, known in pairs(emulator.tokens.known) do kinds[#kinds + 1] = known.claims.idtyp end
      assert.same({ row[2] }, kinds)
      assert.is_truthy(inner)
    end)
  end
end)
