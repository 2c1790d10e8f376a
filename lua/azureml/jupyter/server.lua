--- Speak to the Jupyter server of an instance: requests with a token that the core keeps, and
--- errors that say what is wrong and what to do next.
--- Source: spec/contract/neighbours.md, section 5.
local address = require "azureml.jupyter.address"
local client = require "azureml.client"
local cloud = require "azureml.cloud"
local config = require "azureml.config"
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
local screen = require "azureml.console.screen"
local task = require "azureml.task"

--- The Jupyter server of an instance, which requests go to.
---@class azureml.jupyter.Server
---@field vm azureml.Instance  the instance
local Server = {}
local metatable = { __name = "azureml.jupyter.Server", __index = Server }

-- UNTRACKED: the query of requests that only look: they do not count as a use of the instance.
local server = { UNTRACKED = { no_track_activity = 1 } }

local RUNNING = { Running = true, JobRunning = true }

-- Before a request --------------------------------------------------------------------------------

local NEXT = {
  Stopped = "start it first: 'azureml start %s'",
  Deleting = "create it again, if it is still needed",
  deleted = "create it again, if it is still needed",
}

local function refuse_state(vm, state, is_change)
  local name = vm.name
  errors.raise {
    code = "NotRunning",
    message = is_change and ("'%s' is %s now: it no longer runs"):format(name, tostring(state))
      or ("'%s' is %s: its Jupyter needs a running instance"):format(name, tostring(state)),
    hint = (NEXT[state] or "wait until it runs: 'azureml watch' shows the changes of its state")
      :format(name),
  }
end

-- Return the object id of the user, or nil if the token has none: the instance decides then.
local function own_id(workspace)
  local id, err = errors.try(workspace.object_id, workspace)
  if err and err.code ~= "IdentityUnknown" then errors.raise(err) end
  return id
end

-- Refuse an instance that is another user's, whatever its sharing policy says.
-- Source: spec/contract/compute-rest.md, sections 7.3 and 10.
local function check_owner(vm)
  local owner = vm.owner
  local own = owner and own_id(vm.workspace)
  if not own or own:lower() == owner:lower() then return end
  errors.raise {
    code = "NotYours",
    message = ("'%s' belongs to another user (object id %s, yours is %s): only the user that an "
      .. "instance is assigned to, or else its creator, may enter it"):format(vm.name, owner, own),
    hint = "ask the owner, or create an instance of your own",
  }
end

--- Refuse unless the instance runs and is the caller's, as far as its object in hand tells.
---@raise an error object: `NotRunning`, `NotYours`
function Server:check()
  if not RUNNING[self.vm.state] then refuse_state(self.vm, self.vm.state) end
  check_owner(self.vm)
end

--- Start a stopped instance first, if the caller wants that.
---@package
---@param settings { start: boolean?, progress: string? }
function Server:prepare(settings)
  local vm = self.vm
  if not settings.start or vm.state ~= "Stopped" then return end
  vm:start({ progress = settings.progress }):wait { progress = settings.progress }
  vm:refresh()
end

-- The client --------------------------------------------------------------------------------------

-- Jupyter appends what a PUT holds, so a lost answer must not be sent twice.
local RETRY = { methods = { "GET", "HEAD" }, tries = 2 }

-- Return the scope of the tokens: what the workspace says, or else its cloud.
local function scope_of(workspace)
  local settings = workspace.settings
  local scope = cloud.instances(settings.cloud or config.emulator() and cloud.default)
  return settings.instance_scope or scope
end

local function open_client(self, base)
  local workspace = self.vm.workspace
  local settings, world = workspace.settings, config.emulator()
  if not workspace.credential then
    errors.raise { code = "NoCredential",
      message = ("'%s' wants a token, and the workspace has no credential of its own"):format(
        self.vm.name),
      hint = "give azureml.workspace the option 'credential' beside 'client'" }
  end
  local is_emulated = world and workspace:client():endpoint() == world.url
  return client.new {
    endpoint = base, credential = workspace.credential, scope = scope_of(workspace),
    tenant_id = settings.tenant_id, timeout = settings.timeout, retry = RETRY,
    ca_file = settings.ca_file or is_emulated and world.ca_file or nil, proxy = settings.proxy,
    on_reply = settings.on_reply,
  }
end

--- Return the client of the server, which has its token. Check the instance first.
---@return azureml.Client
---@raise an error object: `NotRunning`, `NotYours`, `NoAddress`, `InstanceUnsafe`, `NoMachine`
function Server:client()
  self:check()
  local settings = self.vm.workspace.settings
  local endpoint = self.vm.workspace:client():endpoint()
  local base = address.of(self.vm, endpoint, settings.cloud or config.emulator() and cloud.default)
  if self.opened and self.base ~= base then self:close() end
  if not self.opened then self.opened, self.base = open_client(self, base), base end
  return self.opened
end

--- Close the client.
function Server:close()
  if self.opened then self.opened:close() end
  self.opened = nil
end

-- After a request ---------------------------------------------------------------------------------

local LONGEST = 300      -- columns of a sentence that a machine sends

-- Return the sentence that Jupyter sends with a refusal.
local function sentence_of(err)
  return screen.cut(screen.one_line(err.message), LONGEST)
end

local function sign_in_hint(self)
  return ("open %s in a browser and sign in once, or have single sign-on enabled "
    .. "(enable_sso)"):format(self.base or "its Jupyter")
end

-- The codes of refusals, by HTTP status.
local REFUSED = { [401] = "InstanceTokenRefused", [403] = "InstanceForbidden" }

-- Jupyter also answers 403 where its user may not touch a file.
local FILE_REFUSED = "Permission denied"

local function explain_refusal(self, err)
  if err.message:find(FILE_REFUSED, 1, true) then
    err.code, err.message = "PermissionDenied", sentence_of(err)
    return err
  end
  local scope = scope_of(self.vm.workspace)
  err.code = REFUSED[err.status]
  err.message = ("%s. The token is for %s"):format(sentence_of(err), scope)
  err.hint = "only the creator of an instance, or the user it is assigned to, is let in; "
    .. "another audience is the option 'instance_scope' or AZUREML_INSTANCE_SCOPE"
  return err
end

local function explain_page(self, err)
  err.code = "NotJupyter"
  err.message = ("%s: '%s' answers with a page for browsers instead of Jupyter's data"):format(
    err.message:match "^[^:]*" or "", self.vm.name)
  err.hint = sign_in_hint(self)
  return err
end

-- Return the state of the instance as it is now, or nil if that cannot be learnt.
local function state_now(vm)
  local found, err = errors.try(vm.workspace.instances.get, vm.workspace.instances, vm.name)
  if found then return found.state end
  return err.status == 404 and "deleted" or nil
end

-- A server that does not answer, or whose address is gone, may belong to an instance that stopped.
local GONE = { [403] = true, [404] = true, [409] = true, [502] = true, [503] = true, [504] = true }

-- The front of an instance answers so while Jupyter starts, or when it has ended.
local NOT_READY = { [502] = true, [503] = true, [504] = true }
local NOT_READY_HINT = "its Jupyter may be starting: try again in a minute; if it goes on, "
  .. "'azureml restart %s'"

-- A redirect leads to a sign-in.
local SIGN_IN = { Redirected = true, ForeignUrl = true }

local function is_gone(err)
  return err.kind == "transport" or GONE[err.status] == true
end

--- Make the error of a request say what it means: an instance that stopped meanwhile, a refused
--- token, a page in place of data. Use it also for the answer to a handshake.
---@package
---@param err azureml.Error
---@param is_expected boolean?      a 404 is about a file or a name: do not look at the instance
---@return azureml.Error
---@raise an error object `NotRunning` if the instance no longer runs
function Server:explain(err, is_expected)
  if is_gone(err) and not (is_expected and err.status == 404) then
    local state = state_now(self.vm)
    if state and not RUNNING[state] then refuse_state(self.vm, state, true) end
  end
  if err.status then err.hint = nil end      -- it is about Resource Manager's errors
  if REFUSED[err.status] then return explain_refusal(self, err) end
  if SIGN_IN[err.code] and err.status then return explain_page(self, err) end
  if NOT_READY[err.status] or err.kind == "transport" and not err.hint then
    err.hint = NOT_READY_HINT:format(self.vm.name)
  end
  err.message = screen.one_line(err.message)
  return err
end

-- Refuse an answer that is no JSON, such as the sign-in page of a proxy.
local function check_json(self, reply, label)
  if reply.body == "" or reply.json ~= nil then return end
  local kind = (reply.headers["content-type"] or ""):lower()
  local err = errors.new { code = "NotJupyter", status = reply.status, kind = "protocol",
    message = ("cannot %s: '%s' answers with text that is not JSON"):format(label, self.vm.name),
    hint = "a proxy may stand between: " .. sign_in_hint(self) }
  errors.raise(kind:find("text/html", 1, true) and explain_page(self, err) or err)
end

-- Requests ----------------------------------------------------------------------------------------

-- Seconds in which Jupyter answers a question about what it has; files may take longer.
local PROMPT = 30

-- Return the time limit of a request: the caller's, the workspace's, or that of its kind; nil: the
-- client's own.
local function limit_of(self, method, path, settings)
  if settings.timeout or self.vm.workspace.settings.timeout then return settings.timeout end
  return method == "GET" and path:sub(1, 5) == "/api/" and PROMPT or nil
end

local REQUEST = {
  query = "table", headers = "table", timeout = "number", label = "string", raw = "boolean",
  expects_missing = "boolean", is_patient = "boolean",
}

--- A request to a Jupyter server.
---@class azureml.JupyterRequestOptions
---@field query? table<string, any>  parameters
---@field headers? table<string, string>  further headers
---@field timeout? number  seconds
---@field label? string  for errors: "list the terminals of ci-ann"
---@field raw? boolean  the answer need not be JSON
---@field expects_missing? boolean  a 404 is about a file or a name
---@field is_patient? boolean  where the server is not ready yet, wait up to a minute and ask again

-- Send a request; raise what its answer means.
local function send(self, method, path, body, settings)
  local label = settings.label or ("reach the Jupyter of " .. self.vm.name)
  local opened = self:client()
  local reply, err = errors.try(opened.request, opened, {
    method = method, path = path, body = body, query = settings.query, headers = settings.headers,
    timeout = limit_of(self, method, path, settings), label = label,
  })
  if err then errors.raise(self:explain(err, settings.expects_missing)) end
  if not settings.raw then check_json(self, reply, label) end
  return reply
end

-- Seconds that Jupyter has to come up on an instance that runs, and between two looks.
local COMING_UP, LOOK = 60, 1

-- What the front of an instance answers while Jupyter comes up.
local COMES_UP = { [502] = true, [503] = true }

-- Look at a server that was not ready until it answers, or its time is over.
local function wait_until_ready(self)
  local deadline = core.now() + COMING_UP
  while core.now() < deadline do
    task.sleep(LOOK)
    local _, err = errors.try(send, self, "GET", "/api", nil, { raw = true, timeout = COMING_UP })
    if not err or not COMES_UP[err.status] then return end
  end
end

--- Send a request and wait for its answer.
---@param method string              "GET"
---@param path string                below the server: "/api/terminals", already escaped
---@param body? string|table         a table is sent as JSON
---@param settings? azureml.JupyterRequestOptions
---@return azureml.Reply
---@raise an error object: what `client` raises; `InstanceTokenRefused`, `InstanceForbidden`,
---  `NotJupyter`; what Jupyter refuses
function Server:request(method, path, body, settings)
  settings = options.check("request", settings, REQUEST)
  local reply, err = errors.try(send, self, method, path, body, settings)
  if reply then return reply end
  if not settings.is_patient or not COMES_UP[err.status] then errors.raise(err) end
  wait_until_ready(self)
  return send(self, method, path, body, settings)
end

--- Get JSON that is a list of objects. Refuse anything else: the machine may send what it likes.
---@package
---@param path string
---@param label string       "list the terminals of ci-ann"
---@param settings? { timeout: number? }
---@return table[] list, azureml.Reply
---@raise an error object, also `InvalidReply`
function Server:list(path, label, settings)
  local reply = self:request("GET", path, nil, {
    label = label, timeout = settings and settings.timeout, query = server.UNTRACKED,
  })
  local found = reply.json
  local is_list = type(found) == "table"
  for key, item in pairs(is_list and found or {}) do
    is_list = is_list and math.type(key) == "integer" and type(item) == "table"
  end
  if is_list then return json.without_nulls(found), reply end
  errors.raise { code = "InvalidReply",
    message = ("cannot %s: the answer is not a list of objects"):format(label) }
end

options.check_colon(Server, metatable, "server")
metatable.__close = Server.close

--- Make the server of an instance. No request is sent.
---@param vm azureml.Instance
---@return azureml.jupyter.Server
function server.new(vm)
  return setmetatable({ vm = vm }, metatable)
end

return server
