--- The low-level client: requests, long-running operations and pages of any Azure Resource Manager
--- service. The package's own collections (azureml.resource) are built on it.
local later = require "azureml.tool.later"
local core = require "azureml.core"
local documents = later "azureml.tool.document"
local errors = later "azureml.error"
local json = require "azureml.json"
local lro = later "azureml.lro"
local options = require "azureml.options"
local reply = require "azureml.reply"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"
local trust = require "azureml.trust"
require "azureml.trace"      -- starts by itself where AZUREML_TRACE is set

--- Sends requests to a service of Azure Resource Manager.
---@class azureml.Client
---@field poll_interval number?      seconds; nil: growing pauses
local Client = {}
local metatable = { __name = "azureml.Client", __index = Client }

local client = {}

--- When a request is sent again.
---@class azureml.RetryOptions
---@field tries? integer  all tries together; 3
---@field delay? number  seconds before the second try; 0.8
---@field max_delay? number  the longest pause in seconds; 60
---@field statuses? integer[]  HTTP statuses after which it is sent again; 408, 429, 500, 502, 503,
---  504
---@field methods? string[]  HTTP methods that are sent again; all but POST

--- How a client reaches a service.
---@class azureml.ClientOptions
---@field endpoint string  the URL that paths are appended to
---@field credential? azureml.Credential  signs in; without it requests have no token
---@field scope? string  of the tokens; default: endpoint .. "/.default"
---@field tenant_id? string  the tenant of the tokens, if it is not the credential's own
---@field api_version? string  added to paths
---@field user_agent? string  what the client calls itself
---@field ca_file? string  certificate authorities to trust instead of the system's
---@field proxy? string  the URL of the proxy; default: the environment's
---@field allow_hosts? string[]  origins that may get a token too, or host names, which mean https
---@field connect_timeout? number  seconds; 10
---@field request_timeout? number  seconds of one try; 100
---@field timeout? number  seconds of a request with all its tries
---@field poll_interval? number  seconds between polls of an operation, and between looks at an
---  instance, where the service asks for no other pause; default 1, multiplied by 1.5 after each
---  poll, at most 10
---@field max_reply? number  bytes of a reply; 16 MiB
---@field retry? azureml.RetryOptions  when a request is sent again
---@field cookies? boolean  keep cookies; default: false
---@field on_request? fun(seen: table)  called after each request, with event, method, url, attempt,
---  client_request_id; it must not wait
---@field on_reply? fun(seen: table)  called after each reply, as on_request, with also status or
---  error, bytes, seconds, request_id, retry_after (seconds that the service asks the client to
---  wait)

--- A request.
---@class azureml.RequestOptions
---@field method? string  default: "GET"
---@field path? string  below the endpoint, already escaped; query and api-version are added
---@field url? string  instead of path; sent unchanged
---@field query? table<string, any>  a list as value repeats the name
---@field headers? table<string, string>  further headers
---@field body? string|table  a table is sent as JSON
---@field timeout? number  seconds, all tries together
---@field label? string  for errors: "stop ci-ann"; default: method and path
---@field api_version? string  instead of the client's
---@field request_id? string  x-ms-client-request-id; default: a new GUID

--- A request that starts a long-running operation.
---@class azureml.OperationOptions: azureml.RequestOptions
---@field final_state_via? "location"|"azure-async-operation"|"original-uri"  where its result is
---@field poll_query? table<string, any>  added to each URL to poll that lacks its parameters: some
---  services leave out the api-version
---@field resume? table  how far the operation was, as a program that kept it itself knows: mode
---  "monitor", "location" or "body", poll_url, and where known location, resource_location, status;
---  it is polled, and the request is not sent again

--- A request for a list.
---@class azureml.PagesOptions: azureml.RequestOptions
---@field items? string  the member with the items; "value"
---@field next_link? string  the member with the next page's URL; "nextLink"
---@field next? fun(link: string?, page: azureml.Reply): table?  for services that continue a list
---  in another way: returns the next request with method, path or url, query, headers, body,
---  api_version, or nil at the end; it must not wait

local CLIENT_OPTIONS = {
  endpoint = "string", credential = "credential", scope = "string", tenant_id = "string",
  api_version = "string", user_agent = "string", ca_file = "string", proxy = "string",
  allow_hosts = "table", connect_timeout = "number", request_timeout = "number",
  poll_interval = "number", max_reply = "number", retry = "table", timeout = "number",
  cookies = "boolean", on_request = "callable", on_reply = "callable",
}

local REQUEST_OPTIONS = {
  method = "string", path = "string", url = "string", query = "table", headers = "table",
  body = "any", timeout = "number", label = "string", api_version = "string", request_id = "string",
}

local OPERATION_OPTIONS = tables.merge(REQUEST_OPTIONS, {
  final_state_via = "string", poll_query = "table", resume = "table",
})
local PAGES_OPTIONS = tables.merge(REQUEST_OPTIONS, {
  items = "string", next_link = "string", next = "callable", reader = "table",
})
local NEXT_OPTIONS = {
  method = "string", path = "string", url = "string", query = "table", headers = "table",
  body = "any", api_version = "string",
}

local function without(fields, name)
  local rest = tables.copy(fields)
  rest[name] = nil
  return rest
end

local function version_of(api_version)
  return api_version and "api-version=" .. core.escape(api_version)
end

local function observer_of(settings)
  if not settings.on_request and not settings.on_reply then return nil end
  return function(seen)
    local hook = settings[seen.answered and "on_reply" or "on_request"]
    seen.observer, seen.answered = nil, nil
    if hook then hook(seen) end
  end
end

local function check_timeout(owner, settings)
  if settings.timeout then options.check_seconds(owner .. ": timeout", settings.timeout) end
end

-- The core checks what the tables among the options hold.
local function open(fields)
  local ok, handle, failure = pcall(core.client, fields)
  if not ok then errors.mistake("client: %s", handle) end
  return reply.must(handle, failure)
end

--- Make a client.
---@param settings azureml.ClientOptions
---@return azureml.Client
---@raise an error object if the endpoint cannot be used
---@usage local client = azureml.client {
---    endpoint = "https://management.azure.com", credential = azureml.credential.default(),
---  }
function client.new(settings)
  settings = options.check("client", settings, CLIENT_OPTIONS)
  if not settings.endpoint then errors.mistake("client needs option 'endpoint'") end
  check_timeout("client", settings)
  local credential = settings.credential and settings.credential.handle
  local observer = observer_of(settings)
  local handle = open {
    endpoint = settings.endpoint,
    credential = credential,
    scope = credential and (settings.scope or settings.endpoint .. "/.default"),
    tenant_id = settings.tenant_id,
    user_agent = settings.user_agent,
    ca_file = trust.ca_file(settings.ca_file),
    proxy = settings.proxy,
    allow_hosts = settings.allow_hosts,
    connect_timeout = settings.connect_timeout,
    request_timeout = settings.request_timeout,
    poll_interval = settings.poll_interval,
    max_reply = settings.max_reply,
    retry = settings.retry,
    cookies = settings.cookies,
    observer = observer and task.observe(observer),
  }
  return setmetatable({
    handle = handle, version = version_of(settings.api_version), timeout = settings.timeout,
    observer = observer, poll_interval = settings.poll_interval,
  }, metatable)
end

local QUERY_VALUES = { string = true, number = true, boolean = true }

local function parameter(name, value)
  if not QUERY_VALUES[type(value)] then
    errors.mistake("query: '%s' must be a string, number or boolean, or a list of them", name)
  end
  return core.escape(name) .. "=" .. core.escape(tostring(value))
end

-- Return the parameters of a query as a list of texts. A list of values repeats its name.
local function parameters_of(query)
  local parameters = {}
  for _, name in ipairs(tables.keys(query)) do
    local value = query[name]
    local is_list = type(value) == "table" and (#value > 0 or next(value) == nil)
    for _, item in ipairs(is_list and value or { value }) do
      parameters[#parameters + 1] = parameter(name, item)
    end
  end
  return parameters
end

local function query_of(query, version)
  local parameters = parameters_of(query)
  if version then table.insert(parameters, 1, version) end
  return table.concat(parameters, "&")
end

local function header_lines(headers)
  return headers and tables.texts(headers, function(name, value)
    return ("%s: %s"):format(name, value)
  end)
end

-- Return the URL of a request. A url is sent unchanged; a path gets the query and the api-version.
local function url_of(self, request)
  if request.url then return request.url end
  if not request.path then errors.mistake("a request needs option 'path' or 'url'") end
  local path = request.path
  local version = request.api_version and version_of(request.api_version) or self.version
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

--- Start a request without waiting for its reply.
---@package
---@param request table         as for `request`
---@param follow boolean        true: follow a long-running operation to its end
---@return userdata op          the core's operation; the caller closes it
---@raise an error object if the core refuses the request
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
    poll_query = request.poll_query and query_of(request.poll_query),
    resume = request.resume,
    within = task.within(),
    cautious = request.cautious,
  }
  return reply.must(op, failure, request)
end

--- Send a request and wait for its reply, without a check of its fields' names and types.
---@package
---@param request table         as for `request`
---@return azureml.Reply
function Client:fetch(request)
  local op <close> = self:submit(request, false)
  task.wait(op)
  return reply.of(op, request)
end

-- Return what the message of an error begins with.
local function request_context(verb, name)
  return reply.context { label = verb .. " " .. name }
end

--- Get a resource and read it as a document. This is most of what a process sends: it takes 22,000
--- instructions less than `fetch`, because it makes no tables and no strings of the reply.
---@package
---@param self azureml.Client    that has an api-version
---@param front string          the path as far as the name
---@param request { name: string, verb: string, api_version: string?,
---  reader: azureml.DocumentReader }      its label is verb and name
---@return azureml.Document?      nil: the reply is not JSON
---@return number? retry_after
function client.read(self, front, request)
  local api_version, verb, name = request.api_version, request.verb, request.name
  local version = api_version and version_of(api_version) or self.version
  local url = front .. core.escape(name) .. "?" .. version
  local begun, failure = open_handle(self):get(url, verb, name, self.timeout, task.within())
  local op <close> = begun or reply.must(nil, failure, request_context(verb, name))
  task.wait(op)
  local document, after = request.reader:reply(op)
  if document then return document, after end
  local came = reply.of(op, request_context(verb, name))
  return request.reader:read(came.body), came.retry_after
end

--- Send a request and wait for its reply.
---@param request azureml.RequestOptions
---@return azureml.Reply
---@raise an error object if no reply came, or its HTTP status is 300 or more
---@usage local reply = client:request { path = "/subscriptions", query = { ["$top"] = 5 } }
---  print(reply.json.value[1].id)
function Client:request(request)
  options.check("request", request, REQUEST_OPTIONS)
  check_timeout("request", request)
  return self:fetch(request)
end

--- Make sure that the credential has a token; fetch one if necessary. Send nothing to the endpoint.
---@raise an error object if the credential has no token and can fetch none
function Client:authenticate()
  local op <close> = reply.must(self.handle:request {
    method = "GET", url = "/", token_only = true, label = "sign in", within = task.within(),
  })
  task.wait(op)
  local _, failure = op:result()
  if failure then reply.must(nil, failure) end
end

-- Close an operation when the wait for its acceptance is cut short: by an interrupt, the end of a
-- group's time, or because the task is closed. The error names a verb whose answer is outstanding.
local function cut_short(op, label, err)
  if op:is_closed() then return end
  err = err or task.cause_of_closing()
  if label and op:unanswered() then errors.add_unanswered(err, label) end
  op:close()
end

--- Start a long-running operation and wait until the service has accepted it.
---@package
---@param request table         as for `operation`
---@return userdata op          the core's operation; the caller closes it
---@raise an error object if the service refused it
function Client:begin(request)
  local op = self:submit(request, true)
  local is_waiting = true
  local function close()
    if is_waiting then cut_short(op, request.label) end      -- the task is closed
  end
  local _ <close> = setmetatable({}, { __close = close })
  -- What is raised is caught: a message handler may replace the error that `close` would see.
  local ok, err = pcall(task.wait_accepted, op)
  if not ok then
    cut_short(op, request.label, err)
    error(err, 0)
  end
  is_waiting = false
  local _, failure = op:result()
  if failure then
    op:close()
    reply.must(nil, failure, request)
  end
  return op
end

--- Send a request that starts a long-running operation. Return when the service has accepted it.
---@param request azureml.OperationOptions
---@return azureml.Lro
---@raise an error object if the service refused it
---@usage local op = client:operation { method = "POST", path = path .. "/start" }
---  op:wait { timeout = 600 }
function Client:operation(request)
  options.check("operation", request, OPERATION_OPTIONS)
  check_timeout("operation", request)
  local handle = self:begin(request)
  return lro.new {
    handle = handle, method = request.method or "GET", url = url_of(self, request),
    label = request.label,
  }
end

--- Continue a long-running operation that was started before.
---@package
---@param request table         its request
---@param progress table        how far it was, as the core reported it
---@return userdata op          the core's operation; the caller closes it
function Client:go_on(request, progress)
  request.final_state_via = progress.final_state
  request.resume = without(progress, "final_state")
  return self:submit(request, true)
end

--- Continue an operation that another process started: poll its status, send nothing else. The
--- client's credential and endpoint are used; the ticket holds neither.
---@param text string            what op:ticket() returned
---@return azureml.Lro
---@raise an error object if the ticket is damaged, or belongs to another origin
function Client:resume(text)
  local ticket = lro.read_ticket(text)
  local request = {
    method = ticket.method, url = ticket.url, label = ticket.label, request_id = ticket.request_id,
  }
  local handle = self:go_on(request, ticket.progress)
  return lro.new {
    handle = handle, method = ticket.method, url = ticket.url, label = ticket.label,
  }
end

local function refuse_page(request, page, fault)
  errors.raise {
    code = "InvalidPage", status = page.status, request_id = page.headers["x-ms-request-id"],
    message = ("%s: %s; refusing to return a partial list"):format(reply.context(request), fault),
  }
end

-- Decode a page. Return its items and the URL of the next page, or nil.
local function decode_page(request, page, name, link_name)
  local items, link = json.get(page.json, name), json.get(page.json, link_name)
  if type(items) ~= "table" then
    refuse_page(request, page, ("a page of the list came without '%s'"):format(name))
  end
  return items, type(link) == "string" and link ~= "" and link or nil
end

-- Return the items of a page, the URL of the next page or nil, and the reply. A page that a reader
-- takes is read where it lies: it gives no reply. Another one is decoded, so that errors are the
-- same.
local function read_page(request, op)
  local name, link_name = request.items or "value", request.next_link or "nextLink"
  local reader = request.reader
  if reader and not request.next then
    local items, link = reader:page(op, name, link_name)
    if items then return items, link ~= "" and link or nil end
  end
  local page = reply.of(op, request)
  local items, link = decode_page(request, page, name, link_name)
  for index, value in ipairs(reader and items or {}) do items[index] = documents.of(value) end
  return items, link, page
end

-- Return the request for the page that follows; nil: the list ends here.
local function following_of(request, page, link)
  if request.next then
    local following = request.next(link, page)
    return following and options.check("next", following, NEXT_OPTIONS)
  end
  return link and { url = link }
end

-- Return the absolute URL of a page; nil: it is not a URL. A path is below the endpoint.
local function page_url(self, base, request)
  local target = url_of(self, request)
  local is_path = not request.url and target:sub(1, 1) == "/"
  return core.resolve(base, is_path and self:endpoint() .. target or target)
end

-- Return the URL of a following page. A service's link may hold characters that no URL may hold.
local function following_url(self, base, following)
  if following.url then return core.resolve(base, core.mend(following.url)) end
  return page_url(self, base, following)
end

--- Iterate over the items of a list, page by page. The client requests the next page while the
--- script reads the current one. The iterator ends only at the end of the list.
---@param request azureml.PagesOptions
---@return fun(): any            returns the next item; raises an error instead of ending early
---@return fun(): integer        returns the number of pages that were read so far
---@usage for group in client:pages { path = "/subscriptions/" .. id .. "/resourcegroups" } do
---    print(group.name)
---  end
function Client:pages(request)
  options.check("pages", request, PAGES_OPTIONS)
  check_timeout("pages", request)
  -- All pages so far: a list that leads back to one of them would never end.
  local requested = {}
  local items, count, index, pending, url = {}, 0, 0, nil, nil
  local page_count = 0
  local function key_of(page_request, target)
    return table.concat({ page_request.method or "GET", target, body_of(page_request) }, " ")
  end
  local function submit(page_request, target)
    local op = self:submit({
      method = page_request.method, url = target, body = page_request.body,
      headers = page_request.headers or request.headers, label = request.label,
      timeout = request.timeout, request_id = request.request_id,
    }, false)
    task.send()      -- the service prepares the next page while the script reads this one
    url = target
    requested[key_of(page_request, target)] = true
    return op
  end
  local function submit_first()
    return submit(request, page_url(self, self:endpoint(), request) or url_of(self, request))
  end
  local function submit_next(page, link)
    local following = following_of(request, page, link)
    if not following then return nil end
    local function refuse(fault)
      refuse_page(request, page or reply.of(pending, request), fault)
    end
    local target = following_url(self, url, following)
      or refuse "the next-page link is not a valid URL"
    if requested[key_of(following, target)] then
      refuse "the list leads back to a page that was read"
    end
    return submit(following, target)
  end
  -- The state changes only at the end: after an error the next call raises the same error again.
  local function turn_page()
    task.wait(pending)
    local found, link, page = read_page(request, pending)
    local following = submit_next(page, link)
    pending:close()
    items, count, index, pending = found, #found, 0, following
    page_count = page_count + 1
  end
  return function()
    if not url then pending = submit_first() end
    while index >= count do
      if not pending then return nil end
      turn_page()
    end
    index = index + 1
    local item = items[index]
    -- A page that is held while the next one comes grows old for the collector. To remove what is
    -- old takes a tenth of a long list's time.
    items[index] = nil
    return item
  end, function() return page_count end
end

--- Return the remaining throttling budget for a method, as the service last reported it.
---@param path string
---@param method string          "GET": reads; "DELETE": deletes; any other: writes
---@return integer? remaining    nil: unknown
function Client:budget(path, method)
  return open_handle(self):remaining(self:endpoint() .. path, method)
end

--- Return a client whose paths get an api-version: this client if it has one, or else a client with
--- this one's connections.
---@package
---@param api_version string      of the paths if this client has none
---@return azureml.Client
function Client:with_version(api_version)
  if self.version then return self end
  return setmetatable(tables.merge(self, { version = version_of(api_version) }), metatable)
end

--- Return the URL that paths are appended to.
---@return string
function Client:endpoint()
  return open_handle(self):endpoint()
end

--- Close the client. Running operations keep their own reference.
function Client:close()
  self.closed = true
  self.handle:close()
end

options.check_colon(Client, metatable, "client")
metatable.__close = Client.close

function metatable:__tostring()
  return tostring(self.handle)
end

return client
