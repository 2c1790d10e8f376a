--- The low-level client: requests, long-running operations and pages of any Azure Resource Manager service.
--- The package's own collections stand on it.
local later = require "azureml.later"
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local lro = later "azureml.lro"
local options = require "azureml.options"
local reply = require "azureml.reply"
local tables = require "azureml.tables"
local task = require "azureml.task"
local trust = require "azureml.trust"
require "azureml.trace"      -- which begins by itself where the environment asks for it

---@class azureml.Client
local Client = {}
local metatable = { __name = "azureml.Client", __index = Client }

local client = {}

local CLIENT_OPTIONS = {
  endpoint = "string", credential = "any", scope = "string", tenant_id = "string",
  api_version = "string", user_agent = "string", ca_file = "string",
  proxy = "string", allow_hosts = "table", connect_timeout = "number", request_timeout = "number", poll_interval = "number",
  max_reply = "number", retry = "table", timeout = "number", cookies = "boolean", on_request = "callable", on_reply = "callable",
}

local REQUEST_OPTIONS = {
  method = "string", path = "string", url = "string", query = "table", headers = "table", body = "any", timeout = "number",
  label = "string", api_version = "string", request_id = "string",
}

local OPERATION_OPTIONS = tables.merge(REQUEST_OPTIONS, { final_state_via = "string", resume = "table" })
local PAGES_OPTIONS = tables.merge(REQUEST_OPTIONS, { items = "string", next_link = "string" })

local function without(fields, name)
  local rest = tables.copy(fields)
  rest[name] = nil
  return rest
end

local function version_of(api_version)
  return api_version and "api-version=" .. core.escape(api_version)
end

local function observer_of(given)
  if not given.on_request and not given.on_reply then return nil end
  return function(seen)
    local hook = given[seen.answered and "on_reply" or "on_request"]
    seen.observer, seen.answered = nil, nil
    if hook then hook(seen) end
  end
end

--- Make a client.
---@param given table
---  endpoint string; credential azureml.Credential?; scope string? (endpoint .. "/.default");
---  tenant_id string? (whose token, where it is not the credential's own tenant); api_version string? (added to paths);
---  connect_timeout number (10), request_timeout number (100), timeout number? (of a request with all its tries), in seconds;
---  poll_interval number? (seconds; default 1, x 1.5, at most 10); max_reply number (bytes; 16 MiB);
---  retry table? { tries = 3, delay = 0.8, max_delay = 60, statuses (408, 429, 500, 502, 503, 504), methods (all but POST) };
---  ca_file, proxy, user_agent string?; allow_hosts string[]? (origins, or names that stand for https); cookies boolean (false);
---  on_request, on_reply fun(seen)? (called after each sending and its answer, with event, method, url, attempt, client_request_id; and
---  status or error, bytes, seconds, request_id. They must not wait)
---@return azureml.Client
---@raise an error object for an endpoint that cannot be used
---@usage local client = azureml.client { endpoint = "https://management.azure.com", credential = azureml.credential.default() }
function client.new(given)
  given = options.check("client", given, CLIENT_OPTIONS)
  if not given.endpoint then errors.mistake("client needs option 'endpoint'") end
  local who, observer = given.credential and given.credential.handle, observer_of(given)
  local handle, failure = core.client {
    endpoint = given.endpoint,
    credential = who,
    scope = who and (given.scope or given.endpoint .. "/.default"),
    tenant_id = given.tenant_id,
    user_agent = given.user_agent, ca_file = trust.ca_file(given.ca_file), proxy = given.proxy, allow_hosts = given.allow_hosts,
    connect_timeout = given.connect_timeout, request_timeout = given.request_timeout, poll_interval = given.poll_interval,
    max_reply = given.max_reply, retry = given.retry, cookies = given.cookies, observer = observer and task.observe(observer),
  }
  reply.must(handle, failure)
  return setmetatable({ handle = handle, version = version_of(given.api_version), timeout = given.timeout, observer = observer }, metatable)
end

local function query_of(query, version)
  local parts = tables.texts(query, function(name, value) return core.escape(name) .. "=" .. core.escape(tostring(value)) end)
  if version then table.insert(parts, 1, version) end
  return table.concat(parts, "&")
end

local function header_lines(headers)
  return headers and tables.texts(headers, function(name, value) return ("%s: %s"):format(name, value) end)
end

-- A url is sent as it is; a path gets the query and the api-version.
local function url_of(self, request)
  if request.url then return request.url end
  if not request.path then errors.mistake("a request needs option 'path' or 'url'") end
  local path, version = request.path, request.api_version and version_of(request.api_version) or self.version
  local query = request.query and query_of(request.query, version) or version
  if not query or query == "" then return path end
  return path .. (path:find("?", 1, true) and "&" or "?") .. query
end

local function body_of(request)
  if request.body == nil or type(request.body) == "string" then return request.body end
  return json.encode(request.body)
end

local function open_handle(self)
  if self.closed then errors.mistake("this client was closed") end
  return self.handle
end

--- Start a request without waiting for it.
---@param request table
---@param follow boolean         follow a long-running operation to its end
---@return userdata op           the core's operation
function Client:submit(request, follow)
  local op, failure = open_handle(self):request {
    method = request.method or "GET",
    url = url_of(self, request),
    headers = header_lines(request.headers),
    body = body_of(request),
    timeout = request.timeout or self.timeout,
    label = request.label,
    request_id = request.request_id,
    follow = follow,
    final_state = request.final_state_via,
    resume = request.resume,
    within = task.within(),
    cautious = request.cautious,
  }
  return reply.must(op, failure, request.label and "cannot " .. request.label)
end

--- Send a request and wait for its answer.
---@param request table
---  method string ("GET"); path string (on the endpoint, escaped already; query and api-version are added) or url string (sent as it is);
---  query table?; headers table<string, string>?; body string|table? (a table is sent as JSON);
---  timeout number? (seconds, all tries together)
---@return azureml.Reply
---@raise an error object for no answer, and for an answer of HTTP 300 or more
---@usage local reply = client:request { path = "/subscriptions", query = { ["$top"] = 5 } }; print(reply.json.value[1].id)
function Client:request(request)
  options.check("request", request, REQUEST_OPTIONS)
  local op <close> = self:submit(request, false)
  task.wait(op)
  return reply.of(op, request.label and "cannot " .. request.label)
end

--- See that its credential has a token, and fetch one if need be; nothing is sent to the endpoint.
---@raise an error object if there is none to be had
function Client:authenticate()
  local op <close> = reply.must(self.handle:request {
    method = "GET", url = "/", token_only = true, label = "sign in", within = task.within(),
  })
  task.wait(op)
  local _, failure = op:result()
  if failure then reply.must(nil, failure) end
end

-- Close an operation when the wait for its acceptance is cut short: by an interrupt, the end of a group's
-- time, or because the task is closed. The error names a verb whose answer is outstanding.
local function cut_short(op, label, err)
  if op:is_closed() then return end
  if label and op:unanswered() then errors.add_unanswered(err or task.cause_of_closing(), label) end
  op:close()
end

--- Begin a long-running operation; the core's operation, when the service has accepted it.
---@param request table
---@return userdata op
function Client:begin(request)
  local op = self:submit(request, true)
  local is_waiting = true
  local _ <close> = setmetatable({}, { __close = function()
    if is_waiting then cut_short(op, request.label) end      -- the task is closed
  end })
  local ok, err = pcall(task.wait_accepted, op)      -- a message handler may replace what a close sees
  if not ok then
    cut_short(op, request.label, err)
    error(err, 0)
  end
  is_waiting = false
  local _, failure = op:result()
  if failure then
    op:close()
    reply.must(nil, failure, request.label and "cannot " .. request.label)
  end
  return op
end

--- Send a request that begins a long-running operation; returns when the service has accepted it.
---@param request table          as for `request`, and final_state_via string? ("location", "azure-async-operation", "original-uri"); label
---@return azureml.Lro
---@raise an error object if it was refused
---@usage local op = client:operation { method = "POST", path = path .. "/start" }; op:wait { timeout = 600 }
function Client:operation(request)
  options.check("operation", request, OPERATION_OPTIONS)
  local handle = self:begin(request)
  return lro.new { handle = handle, method = request.method or "GET", url = url_of(self, request), label = request.label }
end

--- Go on with a long-running operation that was begun before; the core's operation.
---@param request table
---@param progress table         as the core gave it
---@return userdata op
function Client:go_on(request, progress)
  request.final_state_via, request.resume = progress.final_state, without(progress, "final_state")
  return self:submit(request, true)
end

--- Go on with an operation that another process began.
---@param text string            what op:ticket() gave
---@return azureml.Lro
---@raise an error object for a damaged ticket, and for one of another origin
function Client:resume(text)
  local said = lro.read_ticket(text)
  local request = { method = said.method, url = said.url, label = said.label, request_id = said.request_id }
  local handle = self:go_on(request, said.progress)
  return lro.new { handle = handle, method = said.method, url = said.url, label = said.label }
end

local function next_url(page, name)
  local link = json.get(page, name)
  return type(link) == "string" and link ~= "" and link or nil
end

local function refuse_page(request, came, why)
  errors.raise {
    code = "InvalidPage", status = came.status, request_id = came.headers["x-ms-request-id"],
    message = ("%s%s: the list would not be whole"):format(request.label and "cannot " .. request.label .. ": " or "", why),
  }
end

local function items_of(request, came)
  local name = request.items or "value"
  local items = json.get(came.json, name)
  if type(items) ~= "table" then refuse_page(request, came, ("a page of the list came without '%s'"):format(name)) end
  return items
end

--- Iterate over the items of a list, page by page. The next page is asked for while this one is read. Ends only at the list's end.
---@param request table          as for `request`, and items string ("value"), next_link string ("nextLink"). Pages after the first are
---  read by GET
---@return fun(): any            one item at a time; raises rather than ending early
---@return fun(): integer        the number of pages that were read so far
---@usage for group in client:pages { path = "/subscriptions/" .. id .. "/resourcegroups" } do print(group.name) end
function Client:pages(request)
  options.check("pages", request, PAGES_OPTIONS)
  local context = request.label and "cannot " .. request.label
  local asked = {}      -- the URLs of all pages so far: a list that leads back to one of them would never end
  local items, at, coming, url = {}, 0, nil, nil
  local page_count = 0
  local function ask(one)
    local op = self:submit(one, false)
    core.send()      -- the service makes the next page while this one is read
    url = one.url
    asked[url] = true
    return op
  end
  local function ask_first()
    return ask { method = request.method, url = core.resolve(self:endpoint(), url_of(self, request)), headers = request.headers,
      body = request.body, label = request.label, timeout = request.timeout }
  end
  local function ask_next(came)
    local link = next_url(came.json, request.next_link or "nextLink")
    if not link then return nil end
    local following = core.resolve(url, link) or refuse_page(request, came, "the next page's URL is none")
    if asked[following] then refuse_page(request, came, "the list leads back to a page that was read") end
    return ask { url = following, headers = request.headers, label = request.label, timeout = request.timeout }
  end
  -- What raises raises again at the next call: nobody takes an error for the end.
  local function turn_page()
    task.wait(coming)
    local came = reply.of(coming, context)
    local found, following = items_of(request, came), ask_next(came)
    coming:close()
    page_count = page_count + 1
    items, at, coming = found, 0, following
  end
  return function()
    if not url then coming = ask_first() end
    while at >= #items do
      if not coming then return nil end
      turn_page()
    end
    at = at + 1
    return items[at]
  end, function() return page_count end
end

--- What is left of the throttling budget for a method, as the service last said.
---@param path string
---@param method string          "GET": reads; "DELETE": deletes; any other: writes
---@return integer? left         nil: not known
function Client:budget(path, method)
  return open_handle(self):remaining(self:endpoint() .. path, method)
end

--- Where it sends.
---@return string
function Client:endpoint()
  return open_handle(self):endpoint()
end

--- Close it. Operations that are under way keep what they need.
function Client:close()
  self.closed = true
  self.handle:close()
end

metatable.__close = Client.close

function metatable:__tostring()
  return tostring(self.handle)
end

return client
