--- Run Debian's Jupyter server as the Jupyter of an instance, on a unix socket behind the front.
local core = require "azureml.core"
local server = require "azureml.emulator.machine.host.server"

local jupyter = {}

--- The program, and the Python that Debian's packages are for. PATH may find another python3.
jupyter.program, jupyter.python = "/usr/bin/jupyter-server", "/usr/bin/python3"

-- Return the token of an instance's server. Only the front knows it.
local function token_of(place)
  local file = io.open(place.etc .. "/jupyter_token")
  if file then
    local token <close> = file
    return token:read "a"
  end
  local token = core.crypto.base64url(core.random(30))
  assert(core.write_private(place.etc, "jupyter_token", token))
  return token
end

--- Start the server of an instance. The result has the fields socket and token.
---@param _ table              the instance's record
---@param place table           the directories of the computer
---@param changed fun(server: table)
---@return table server
function jupyter.start(_, place, changed)
  local socket = place.run .. "/jupyter"
  local token = token_of(place)
  os.remove(socket)
  local argv = { jupyter.python, jupyter.program, "--allow-root" }
  for _, setting in ipairs {
    { "sock", socket }, { "base_url", place.base_url }, { "root_dir", place.code },
    { "open_browser", "False" }, { "log_level", "INFO" },
    { "iopub_data_rate_limit", "0" }, { "iopub_msg_rate_limit", "0" },
  } do
    argv[#argv + 1] = ("--ServerApp.%s=%s"):format(setting[1], setting[2])
  end
  local environment = place:environment {
    JUPYTER_TOKEN_FILE = place.etc .. "/jupyter_token",
    JUPYTER_CONFIG_DIR = place.home .. "/.jupyter",
    JUPYTER_DATA_DIR = place.home .. "/.local/share/jupyter",
    JUPYTER_RUNTIME_DIR = place.run .. "/runtime",
    IPYTHONDIR = place.home .. "/.ipython",
  }
  local started = server.start({
    name = "jupyter-server",
    argv = argv,
    environment = environment,
    directory = place.code,
    log = place.logs .. "/jupyter.log",
    ready = "is running at:",
    in_use = "Address already in use",
  }, changed)
  started.socket, started.token = socket, token
  return started
end

return jupyter
