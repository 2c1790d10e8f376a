local banner = require "azureml.emulator.banner"

local function text_of(more)
  local facts = {
    url = "https://127.0.0.1:8443", subscription_id = "sub", resource_group = "ml",
    workspace_name = "team", tenant_id = "tenant",
    client_id = "client", client_secret = "secret", ca_file = "/state/it's/ca.pem", speed = 1,
  }
  for name, value in pairs(more or {}) do facts[name] = value or nil end
  return table.concat(banner.lines(facts), "\n")
end

describe("the emulator's banner", function()
  for _, words in ipairs {
    "listens at https://127.0.0.1:8443; Ctrl-C ends it.",
    "subscription sub, group ml, workspace team\n",
    "export AZUREML_EMULATOR=https://127.0.0.1:8443",
    "export AZURE_AUTHORITY_HOST=https://127.0.0.1:8443 AZURE_TENANT_ID=tenant",
    "export AZURE_CLIENT_ID=client AZURE_CLIENT_SECRET=secret",
    "NODE_EXTRA_CA_CERTS='/state/it'\\''s/ca.pem'",
    "REQUESTS_CA_BUNDLE='/state/it'\\''s/ca.pem'", 'MLClient(credential, "sub", "ml", "team")',
    "export ARM_CLOUD_METADATA_URL="
      .. "'https://127.0.0.1:8443/metadata/endpoints?api-version=2019-05-01'"
      .. " AZUREML_CURRENT_CLOUD=AzureEmulator",
    'export AZURE_CONFIG_DIR="$(mktemp -d)"',
    'ws = Workspace.get("team", auth, "sub", "ml", cloud="AzureEmulator")',
    'new AzureMachineLearningWorkspaces(credential, "sub", { endpoint: "https://127.0.0.1:8443"',
    "az rest --skip-authorization-header",
    "https://127.0.0.1:8443/subscriptions/sub/resourceGroups/ml"
      .. "/providers/Microsoft.MachineLearningServices/workspaces/team/computes",
  } do
    it("says " .. words:gsub("\n", ""), function()
      assert.is_truthy(text_of():find(words, 1, true), text_of())
    end)
  end

  it("says how fast the clock runs and where the state is", function()
    assert.is_truthy(
      text_of({ speed = 60, state = "x" }):find("team; clock 60 times as fast; state kept in x\n",
        1, true))
    assert.is_truthy(
      text_of({ state = "x", is_restored = true }):find("state taken up from x\n", 1, true))
  end)

  it("does not promise the SDKs what they refuse: they want https", function()
    local text = text_of { ca_file = false, url = "http://127.0.0.1:80" }
    assert.is_truthy(text:find("start it with --tls", 1, true))
    assert.is_nil(text:find("AzureMachineLearning", 1, true))
    assert.is_nil(text:find("MLClient", 1, true))
    assert.is_nil(text:find("CA_", 1, true))
    assert.is_nil(text:find("--cacert", 1, true))
  end)

  it("says that machines give a shell, and how control calls prove themselves", function()
    local text = text_of { key = "k3y", key_file = "/home/ann/k", ca_file = false }
    for _, words in ipairs {
      "shells truly run", "Everything listens on loopback", "X-Emulator-Key: k3y",
      "azureml reads it from /home/ann/k", "-H 'X-Emulator-Key: k3y'",
    } do
      assert.is_truthy(text:find(words, 1, true), words)
    end
    assert.is_nil(text_of():find "shell")
  end)
end)
