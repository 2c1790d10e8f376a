--- The low-level client: requests, long-running operations and pages of any Azure Resource Manager service.
--- The package's own collections stand on it.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local options = require "azureml.options"
local task = require "azureml.task"
require "azureml.trace"      -- which begins by itself where the environment asks for it

---@class azureml.Reply
---@field status integer
---@field headers table<string, string>    names in lower case
---@field body string
---@field json any                         the decoded body, made when it is first looked at; nil if it is not JSON
local Reply = { __name = "azureml.Reply" }

function Reply.__index(reply, name)
  if name ~= "json" then return nil end
  local value = json.decode(reply.body)
  rawset(reply, "json", value)
  return value
end

---@class azureml.Client
local Client = {}
local metatable = { __name = "azureml.Client", __index = Client }

local client = {}

local CLIENT_OPTIONS = {
  endpoint = "string", credential = "any", scope = "string", api_version = "string", user_agent = "string", ca_file = "string",
  proxy = "string", allow_hosts = "table", connect_timeout = "number", request_timeout = "number", poll_interval = "number",
  max_reply = "number", retry = "table", timeout = "number",
}

local REQUEST_OPTIONS = {
  method = "string", path = "string", url = "string", query = "table", headers = "table", body = "any", timeout = "number",
  label = "string", api_version = "string", request_id = "string",
}

local OPERATION_OPTIONS = { final_state_via = "string", resume = "table" }
local PAGES_OPTIONS = { items = "string", next_link = "string" }

local function with(known, more)
  local all = {}
  for name, kind in pairs(known) do all[name] = kind end
  for name, kind in pairs(more) do all[name] = kind end
  return all
end

OPERATION_OPTIONS = with(REQUEST_OPTIONS, OPERATION_OPTIONS)
PAGES_OPTIONS = with(REQUEST_OPTIONS, PAGES_OPTIONS)

-- Raises where the core returned an error.
local function must(value, failure, context)
  if value == nil then errors.raise(errors.from_core(failure, context)) end
  return value
end

local function default_ca_file()
  local file = os.getenv "SSL_CERT_FILE"
  return file and file ~= "" and file or nil
end

--- Make a client.
---@param given table
---  endpoint string; credential azureml.Credential?; scope string? (endpoint .. "/.default"); api_version string? (added to paths);
---  connect_timeout number (10), request_timeout number (100), timeout number? (of a request with all its tries), in seconds;
---  poll_interval number? (seconds; default 1, x 1.5, at most 10); max_reply number (bytes; 16 MiB);
---  retry table? { tries = 3, delay = 0.8, max_delay = 60, statuses, posts }; ca_file, proxy, user_agent string?; allow_hosts string[]?
---@return azureml.Client
---@raise an error object for an endpoint that cannot be used
function client.new(given)
  given = options.check("client", given, CLIENT_OPTIONS)
  if not given.endpoint then errors.mistake("client needs option 'endpoint'") end
  local credential = given.credential
  local handle, failure = core.client {
    endpoint = given.endpoint,
    credential = credential and credential.handle,
    scope = credential and (given.scope or given.endpoint .. "/.default"),
    user_agent = given.user_agent, ca_file = given.ca_file or default_ca_file(), proxy = given.proxy, allow_hosts = given.allow_hosts,
    connect_timeout = given.connect_timeout, request_timeout = given.request_timeout, poll_interval = given.poll_interval,
    max_reply = given.max_reply, retry = given.retry,
  }
  must(handle, failure)
  return setmetatable({ handle = handle, api_version = given.api_version, timeout = given.timeout }, metatable)
end

local function query_of(path, request, api_version)
  local parts = {}
  for name, value in pairs(request.query or {}) do
    parts[#parts + 1] = core.escape(name) .. "=" .. core.escape(tostring(value))
  end
  table.sort(parts)
  if api_version then table.insert(parts, 1, "api-version=" .. core.escape(api_version)) end
  if #parts == 0 then return path end
  return path .. (path:find("?", 1, true) and "&" or "?") .. table.concat(parts, "&")
end

local function header_lines(headers)
  local lines = {}
  for name, value in pairs(headers or {}) do lines[#lines + 1] = ("%s: %s"):format(name, value) end
  table.sort(lines)
  return lines
end

-- A url is sent as it is; a path gets the query and the api-version.
local function url_of(self, request)
  if request.url then return request.url end
  if not request.path then errors.mistake("a request needs option 'path' or 'url'") end
  return query_of(request.path, request, request.api_version or self.api_version)
end

local function body_of(request)
  if request.body == nil or type(request.body) == "string" then return request.body end
  return json.encode(request.body)
end

--- Start a request without waiting for it.
---@param request table
---@param follow boolean         follow a long-running operation to its end
---@return userdata op           the core's operation
function Client:submit(request, follow)
  local op, failure = self.handle:request {
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
  }
  return must(op, failure, request.label and "cannot " .. request.label)
end

--- The result of a core operation that is done; raises its error.
---@param op userdata
---@param context string?        what was tried
---@return azureml.Reply
function client.result(op, context)
  local reply, failure = op:result()
  must(reply, failure, context)
  return setmetatable(reply, Reply)
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
  return client.result(op, request.label and "cannot " .. request.label)
end

--- Send a request that begins a long-running operation; returns when the service has accepted it.
---@param request table          as for `request`, and final_state_via string? ("location", "azure-async-operation", "original-uri")
---@return userdata op           accepted, not yet done
---@raise an error object if it was refused
function Client:operation(request)
  options.check("operation", request, OPERATION_OPTIONS)
  local op = self:submit(request, true)
  task.wait_accepted(op)
  local _, failure = op:result()
  if failure then
    op:close()
    must(nil, failure, request.label and "cannot " .. request.label)
  end
  return op
end

local function next_url(page, name)
  local link = json.get(page, name)
  return type(link) == "string" and link ~= "" and link or nil
end

local function read_page(reply, request)
  local page = reply.json
  local items = json.get(page, request.items or "value")
  if type(items) == "table" then return items, next_url(page, request.next_link or "nextLink") end
  errors.raise {
    code = "InvalidPage", status = reply.status, request_id = reply.headers["x-ms-request-id"],
    message = ("a page of a list without '%s': the list would not be whole"):format(request.items or "value"),
  }
end

--- Iterate over the items of a list, page by page. The next page is asked for while this one is read. Ends only at the list's end.
---@param request table          as for `request`, and items string ("value"), next_link string ("nextLink")
---@return fun(): any            one item at a time; raises rather than ending early
function Client:pages(request)
  options.check("pages", request, PAGES_OPTIONS)
  local context = request.label and "cannot " .. request.label
  local items, at, coming, started = {}, 0, nil, false
  local function ask(url)
    coming = self:submit({ url = url, headers = request.headers, label = request.label, timeout = request.timeout }, false)
  end
  local function turn_page()
    task.wait(coming)
    local reply = client.result(coming, context)
    local link
    coming:close()
    coming = nil
    items, link = read_page(reply, request)
    at = 0
    if link then ask(link) end
  end
  return function()
    if not started then
      started = true
      ask(url_of(self, request))
    end
    while at >= #items do
      if not coming then return nil end
      turn_page()
    end
    at = at + 1
    return items[at]
  end
end

--- What is left of the throttling budget for a method, as the service last said.
---@param path string
---@param method string          "GET": reads; "DELETE": deletes; any other: writes
---@return integer? left         nil: not known
function Client:budget(path, method)
  return self.handle:remaining(self:endpoint() .. path, method)
end

--- Where it sends.
---@return string
function Client:endpoint()
  return self.handle:endpoint()
end

--- Close it. Operations that are under way keep what they need.
function Client:close()
  self.handle:close()
end

metatable.__close = Client.close

function metatable:__tostring()
  return tostring(self.handle)
end

return client
