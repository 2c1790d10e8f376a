--- Applications that prove their identity by a token of another issuer:
--- csrc/credential/assertion.c, workload.c, federation.c, github.c and pipelines.c.
local authority = require "spec.authority"
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local process = require "spec.process"
local surroundings = require "spec.surroundings"
local world = require "spec.world"

local ALL_VARIABLES = {
  "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE",
  "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
  "SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN",
}

describe("an assertion of another issuer", function()
  local entra, around, directory

  setup(function() directory = process.directory() end)
  teardown(function() process.remove(directory) end)

  before_each(function()
    core.clock "virtual"
    around = surroundings(ALL_VARIABLES)
  end)

  after_each(function() entra = world.finish(entra, around) end)

  local function token_file(text)
    return process.write(directory .. "/token", text, "600")
  end

  describe("from a function", function()
    it("is requested with the application and the address, and sent unchanged", function()
      local asked
      entra = authority()
      entra:use("client_assertion", { assertion = function(about)
        asked = about
        azureml.sleep(3)
        return "a.b.c+/="
      end })
      assert.equal("Bearer token-1", entra:ask())
      assert.same({ client_id = "app", audience = entra.url .. "/t.org/oauth2/v2.0/token" }, asked)
      assert.equal("a.b.c+/=", entra.forms[1].client_assertion)
      assert.equal("urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        entra.forms[1].client_assertion_type)
    end)

    it("is requested for each token", function()
      local count = 0
      entra = authority()
      entra:use("client_assertion", { assertion = function()
        count = count + 1
        return "assertion-" .. count
      end })
      entra:ask()
      azureml.sleep(4000)
      entra:ask()
      assert.equal("assertion-2", entra.forms[2].client_assertion)
    end)

    for name, row in pairs {
      ["nothing"] = {
        function() end, "CredentialUnavailable", "the credential's function: it gave no assertion"
      },
      ["an empty text"] = {
        function() return "" end, "EmptyAssertion",
        "returned no assertion: it must return a signed JWT"
      },
      ["a table"] = {
        function() return {} end, "CredentialFunctionFailed",
        "it must return an assertion's text, not a table"
      },
      ["an error"] = {
        function() error("vault closed", 0) end, "CredentialFunctionFailed",
        "the credential's function failed: vault closed",
      },
    } do
      it(("that is %s is an error"):format(name), function()
        entra = authority()
        entra:use("client_assertion", { assertion = row[1] })
        local _, err = entra:ask()
        assert.equal(row[2], err.code)
        assert.is_truthy(err.message:find(row[3], 1, true), err.message)
        assert.equal(0, #entra.forms)
      end)
    end
  end)

  for name, kind in pairs {
    ["client_assertion"] = function(path) return { assertion_file = path } end,
    ["workload_identity"] = function(path) return { token_file = path } end,
  } do
    describe("from a file, as " .. name, function()
      it("is read for each token, without the blanks around it", function()
        entra = authority()
        entra:use(name, kind(token_file "\n first.a.b \r\n"))
        entra:ask()
        token_file "second.a.b"
        azureml.sleep(4000)
        entra:ask()
        assert.equal("first.a.b", entra.forms[1].client_assertion)
        assert.equal("second.a.b", entra.forms[2].client_assertion)
      end)

      for what, row in pairs {
        ["that is not there"] = { nil, "does not exist" },
        ["that is empty"] = { " \n\t", "is empty" },
        ["that holds two lines"] = { "a\nb", "holds something that is no token" },
        ["that is far too long"] = { ("x"):rep(100000), "is too long" },
      } do
        it(("%s is an error that names the file"):format(what), function()
          entra = authority()
          os.remove(directory .. "/token")
          if row[1] then token_file(row[1]) end
          entra:use(name, kind(directory .. "/token"))
          local _, err = entra:ask()
          assert.equal("AssertionUnreadable", err.code)
          assert.equal(
            ("the file with the federated token '%s/token' %s"):format(directory, row[2]),
            err.message)
          assert.equal(0, #entra.forms)
        end)
      end
    end)
  end

  it("needs a function or a file, not both", function()
    for _, given in ipairs {
      {}, { assertion = function() end, assertion_file = "/x" }, { assertion_file = "" }
    } do
      given.tenant_id, given.client_id = "t", "app"
      local _, err = azureml.try(azureml.credential.client_assertion, given)
      assert.equal("InvalidCredential", err.code)
      assert.matches(
        "an assertion is needed: set assertion to a function that returns it, "
        .. "or assertion_file to a file's path, not both", err.message)
    end
  end)

  -- Secrets of the environment never travel over plain http. The test sees that the credential got
  -- a token when the request fails only at its connection.
  local function sent_by(own)
    local client <close> = azureml.client {
      endpoint = "https://127.0.0.1:1", credential = own, scope = "s", retry = { tries = 0 }
    }
    local _, err = azureml.try(client.request, client, { path = "/x" })
    own:close()
    return err.code == "ConnectionFailed" and "sent" or err
  end

  describe("in Kubernetes", function()
    it("is configured by the environment variables", function()
      entra = authority()
      around:set {
        AZURE_TENANT_ID = "env.org", AZURE_CLIENT_ID = "env-app",
        AZURE_FEDERATED_TOKEN_FILE = token_file "a.b.c"
      }
      assert.equal("sent", sent_by(azureml.credential.workload_identity { authority = entra.url }))
      assert.equal("env-app", entra.forms[1].client_id)
      assert.equal("/env.org/oauth2/v2.0/token", entra.requests[1].target)
      assert.equal("a.b.c", entra.forms[1].client_assertion)
    end)

    it("prefers options to environment variables", function()
      entra = authority()
      around:set {
        AZURE_TENANT_ID = "env.org", AZURE_CLIENT_ID = "env-app",
        AZURE_FEDERATED_TOKEN_FILE = "/nowhere"
      }
      assert.equal("sent", sent_by(azureml.credential.workload_identity {
        authority = entra.url, tenant_id = "t.org", client_id = "app",
        token_file = token_file "x.y.z",
      }))
      assert.equal("app", entra.forms[1].client_id)
      assert.equal("/t.org/oauth2/v2.0/token", entra.requests[1].target)
    end)

    for _, missing in ipairs {
      "AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"
    } do
      it("does not apply without " .. missing, function()
        local variables = {
          AZURE_TENANT_ID = "t", AZURE_CLIENT_ID = "a", AZURE_FEDERATED_TOKEN_FILE = "/x"
        }
        variables[missing] = ""
        around:set(variables)
        local err = sent_by(azureml.credential.workload_identity())
        assert.equal("CredentialUnavailable", err.code)
        assert.equal(("workload identity: %s is not set"):format(missing), err.message)
      end)
    end
  end)

  -- The two issuers, each with the variables that enable it.
  local issuers = {
    github_actions = {
      variables = function(url)
        return {
          ACTIONS_ID_TOKEN_REQUEST_URL = url .. "/issue?api-version=2.0",
          ACTIONS_ID_TOKEN_REQUEST_TOKEN = "the-run's-token"
        }
      end,
      given = {}, method = "GET", member = "value", name = "GitHub Actions",
      target = "/issue?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange",
      authorization = "bearer the-run's-token",
    },
    azure_pipelines = {
      variables = function(url)
        return { SYSTEM_OIDCREQUESTURI = url .. "/issue", SYSTEM_ACCESSTOKEN = "the-run's-token" }
      end,
      given = { service_connection_id = "the/connection" }, method = "POST", member = "oidcToken",
      name = "Azure Pipelines",
      target = "/issue?api-version=7.1&serviceConnectionId=the%2Fconnection",
      authorization = "Bearer the-run's-token",
    },
  }

  for kind, issuer in pairs(issuers) do
    describe("from " .. issuer.name, function()
      local answer

      local function open()
        entra = authority(nil, function(request)
          if request.target:find "^/issue" then return answer end
        end)
        around:set(issuer.variables(entra.url))
        local given = { authority = entra.url, tenant_id = "t.org", client_id = "app" }
        for name, value in pairs(issuer.given) do given[name] = value end
        return azureml.credential[kind](given)
      end

      it("is requested, then exchanged for a token", function()
        answer = { status = 200, body = json.encode { [issuer.member] = "federated.a.b" } }
        assert.equal("sent", sent_by(open()))
        local asked = entra.requests[1]
        assert.equal(issuer.method, asked.method)
        assert.equal(issuer.target, asked.target)
        assert.equal(issuer.authorization, asked.headers.authorization)
        if kind == "azure_pipelines" then
          assert.equal("application/json", asked.headers["content-type"])
          assert.equal("Suppress", asked.headers["x-tfs-fedauthredirect"])
        end
        assert.equal("federated.a.b", entra.forms[1].client_assertion)
        assert.equal("app", entra.forms[1].client_id)
      end)

      for name, row in pairs {
        ["that is not JSON"] = {
          { status = 200, body = "federated-secret" }, "InvalidTokenAnswer", "is not JSON"
        },
        ["without a token"] = {
          { status = 200, body = '{"other":"federated-secret"}' }, "InvalidTokenAnswer",
          "has no token in it"
        },
        ["with an empty token"] = {
          { status = 200, body = ('{"%s":""}'):format(issuer.member) }, "InvalidTokenAnswer",
          "has no token in it",
        },
        ["that refuses"] = {
          { status = 403, headers = { ["x-vss-e2eid"] = "e2e-id" },
            body = '{"message":"not for you"}' }, "Http403",
          issuer.name .. " gave no federated token: not for you",
        },
      } do
        it(("an answer %s is an error"):format(name), function()
          answer = row[1]
          local err = sent_by(open())
          assert.equal(row[2], err.code)
          assert.is_truthy(err.message:find(row[3], 1, true), err.message)
          assert.is_nil(tostring(err):find("federated-secret", 1, true))
          assert.is_nil(tostring(err):find("the-run's-token", 1, true))
          if row[2] == "Http403" then assert.equal("e2e-id", err.request_id) end
          assert.equal(0, #entra.forms)
        end)
      end

      it("is requested again after a transient failure", function()
        answer = { status = 503, headers = { ["Retry-After"] = "1" } }
        local own = open()
        local client <close> = azureml.client {
          endpoint = "https://127.0.0.1:1", credential = own, scope = "s", retry = { tries = 0 }
        }
        own:close()
        local op = client:submit({ path = "/x" }, false)
        while #entra.requests == 0 do azureml.sleep(0) end
        answer = { status = 200, body = json.encode { [issuer.member] = "federated.a.b" } }
        require("azureml.task").wait(op)
        op:close()
        assert.equal(3, #entra.requests)
      end)

      it("does not apply where the variables are not set", function()
        local own = azureml.credential[kind](kind == "github_actions" and {}
          or { tenant_id = "t", client_id = "a", service_connection_id = "c", access_token = "x" })
        local err = sent_by(own)
        assert.equal("CredentialUnavailable", err.code)
        assert.matches("^" .. issuer.name .. ": %u[%u_]+ is not set", err.message)
      end)

      it("refuses an issuer on plain http, which would expose the run's token", function()
        around:set(issuer.variables "http://example.org")
        local given = { tenant_id = "t", client_id = "a" }
        for name, value in pairs(issuer.given) do given[name] = value end
        local _, err = azureml.try(azureml.credential[kind], given)
        assert.equal("InvalidCredential", err.code)
        assert.matches("must be an https URL", err.message)
      end)
    end)
  end

  for name, row in pairs {
    ["a service connection"] = { { access_token = "x" }, "service_connection_id is missing" },
    ["an access token"] = {
      { service_connection_id = "x" }, "access_token is missing: map it in the pipeline"
    },
  } do
    it("from Azure Pipelines needs " .. name, function()
      row[1].tenant_id, row[1].client_id = "t", "a"
      local _, err = azureml.try(azureml.credential.azure_pipelines, row[1])
      assert.equal("InvalidCredential", err.code)
      assert.is_truthy(err.message:find(row[2], 1, true))
    end)
  end
end)
