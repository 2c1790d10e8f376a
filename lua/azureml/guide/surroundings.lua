--- The environment variables that azureml reads, and the files that it reads and writes, for --help
--- and the manual.
local surroundings = {}

---@class azureml.guide.Variable
---@field [1] string            its name, or several names
---@field [2] string            what it says
---@field is_usual boolean?     'azureml --help' lists it

---@type azureml.guide.Variable[]
surroundings.environment = {
  { "LUA_INIT_5_4, LUA_INIT", "Lua code to run first, or @FILE; if both are set, only "
    .. "LUA_INIT_5_4 runs", is_usual = true },
  { "LUA_PATH, LUA_CPATH", "where 'require' finds modules, as for lua5.4" },
  { "AZUREML_ARM_SUBSCRIPTION", "the id of the workspace's subscription", is_usual = true },
  { "AZUREML_ARM_RESOURCEGROUP", "the workspace's resource group", is_usual = true },
  { "AZUREML_ARM_WORKSPACE_NAME", "the workspace's name", is_usual = true },
  { "AZURE_DEFAULTS_GROUP, AZURE_DEFAULTS_WORKSPACE", "the Azure CLI's default group and "
    .. "workspace, where no other source has them" },
  { "AZURE_CONFIG_DIR", "the directory of the Azure CLI's settings (default: ~/.azure)" },
  { "AZD_CONFIG_DIR", "the directory of the Azure Developer CLI's settings" },
  { "AZURE_TENANT_ID", "the tenant of the application that signs in", is_usual = true },
  { "AZURE_CLIENT_ID", "the id of that application; if it is not set, azureml uses another "
    .. "login, such as the Azure CLI's", is_usual = true },
  { "AZURE_CLIENT_SECRET", "the secret of that application", is_usual = true },
  { "AZURE_CLIENT_CERTIFICATE_PATH, AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "its certificate and key, in a PEM or PKCS#12 file, and that file's password" },
  { "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "1: send the certificate's chain, too" },
  { "AZURE_FEDERATED_TOKEN_FILE", "the file with a workload's token, as Kubernetes mounts it" },
  { "AZURE_AUTHORITY_HOST", "the sign-in service, in place of the cloud's own" },
  { "AZURE_ADDITIONALLY_ALLOWED_TENANTS", "other tenants that may ask for a token: 'A;B', or *" },
  { "AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "set: no other tenant may ask for a token" },
  { "AZURE_TOKEN_CREDENTIALS", "what the default credential tries: dev, prod, or the name of a "
    .. "credential" },
  { "ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "where a job of GitHub Actions gets its proof" },
  { "SYSTEM_OIDCREQUESTURI, SYSTEM_ACCESSTOKEN", "where a job of Azure Pipelines gets its proof" },
  { "IDENTITY_ENDPOINT, IDENTITY_HEADER, IDENTITY_SERVER_THUMBPRINT",
    "where the machine's managed identity is; Azure sets them" },
  { "IMDS_ENDPOINT, MSI_ENDPOINT, MSI_SECRET", "the same, on other machines" },
  { "AZURE_POD_IDENTITY_AUTHORITY_HOST", "the same, in Kubernetes" },
  { "DEFAULT_IDENTITY_CLIENT_ID", "the managed identity to use on a compute instance" },
  { "AZUREML_TOKEN", "an access token for Resource Manager, which is tried first",
    is_usual = true },
  { "AZUREML_TOKEN_CACHE", "off: save no token" },
  { "AZUREML_CURRENT_CLOUD", "the Azure cloud; else AZURE_CLOUD_NAME, else the one that the Azure "
    .. "CLI has set", is_usual = true },
  { "SSL_CERT_FILE", "certificate authorities to trust instead of the system's; else "
    .. "REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_DIR", is_usual = true },
  { "https_proxy, HTTPS_PROXY, http_proxy, all_proxy, ALL_PROXY, no_proxy, NO_PROXY",
    "the proxy, and the hosts that need none, as for curl" },
  { "AZUREML_INSTANCE_SCOPE", "the scope of tokens for the instances' own endpoints, such as "
    .. "Jupyter, in place of the cloud's" },
  { "AZUREML_EMULATOR", "the URL of an emulator to use instead of Azure", is_usual = true },
  { "AZUREML_EMULATOR_KEY", "the key of that emulator if it gives a shell (default: the key in the "
    .. "file that it writes)", is_usual = true },
  { "AZUREML_TRACE", "write the trace to this file; - is standard error", is_usual = true },
  { "BROWSER", "the program that opens links (default: xdg-open)" },
  { "NO_COLOR, TERM", "NO_COLOR set, or TERM=dumb: no colours" },
  { "COLUMNS", "the width of help texts and tables" },
  { "TZ, TZDIR", "the time zone of schedules that name none; where the rules of time zones are" },
  { "SSH_AUTH_SOCK", "the agent that ssh asks for keys" },
  { "HOME, XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR",
    "where the files below are" },
}

--- Each file or directory, with what it has.
---@type string[][]
surroundings.files = {
  { "config.json, .azureml/config.json", "names a workspace, in this directory or above; Azure ML "
    .. "studio downloads it" },
  { "~/.config/azureml/", "the defaults of 'azureml config'" },
  { "~/.cache/azureml/", "saved tokens and logins, and names for the completion; for you only" },
  { "~/.local/state/azureml/operations/", "operations that go on at the service" },
  { "~/.local/state/azureml/recreations/", "definitions of instances that are being recreated" },
  { "~/.local/state/azureml/ssh/", "keys of hosts, and which private key belongs to which key" },
  { "~/.local/state/azureml/emulator/", "the emulator's certificate authority and its key" },
  { "~/.local/state/azureml/emulators/", "the keys of emulators that give a shell" },
  { "~/.local/state/azureml/history", "the lines typed at the prompt" },
}

return surroundings
