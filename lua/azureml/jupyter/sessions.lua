--- What is open in the Jupyter of an instance: terminals, kernels, and the sessions that tie a
--- kernel to a notebook or a console. The machine may send anything, so each item is checked.
--- Source: spec/contract/neighbours.md, section 5.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local moment = require "azureml.tool.moment"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

local sessions = {}

--- A terminal, a kernel or a session that is open.
---@class azureml.jupyter.Open
---@field kind string            "terminal", "kernel", "notebook", "console" or "file"
---@field id string              a terminal's name, a kernel's id, a session's id
---@field name string            what people call it: "1", "python3", "train.ipynb"
---@field path string?           of a session: of its notebook, below Jupyter's root
---@field state string?          of a kernel: "idle", "busy", "starting", "restarting", "dead"
---@field connections integer?   of a kernel: the programs that are connected to it
---@field last_activity string?  ISO 8601
---@field idle number?           seconds since then, by the clock of the machine
---@field kernel azureml.jupyter.Open?      of a session
local Open = {}
local metatable = { __name = "azureml.jupyter.Open", __index = Open }

-- How an item of each kind is stopped, and how its error is labelled.
local PATHS = {
  terminal = "/api/terminals/", kernel = "/api/kernels/", session = "/api/sessions/",
}

local function path_of(open)
  return (PATHS[open.kind] or PATHS.session) .. core.escape(open.id)
end

--- Tell whether it computes now. A terminal never tells.
---@return boolean
function Open:is_busy()
  local kernel = self.kernel or self
  return kernel.state == "busy"
end

local GONE = { [404] = true, [410] = true }

--- Stop it: the terminal's program or the kernel ends, and what it holds in memory is lost. A
--- kernel that has ended meanwhile is no error.
---@raise an error object
function Open:stop()
  local server = self.server
  local _, err = errors.try(server.request, server, "DELETE", path_of(self), nil, {
    label = ("stop the %s %s of %s"):format(self.kind, screen.one_line(self.name), server.vm.name),
    expects_missing = true, raw = true,
  })
  if err and not GONE[err.status] then errors.raise(err) end
end

function metatable:__tostring()
  local idle = self.idle and ", idle for " .. screen.duration(self.idle) or ""
  return ("%s %s%s"):format(self.kind, screen.one_line(self.name),
    self:is_busy() and ", busy" or idle)
end

local function fields_of(open)
  local fields = {}
  for name, value in pairs(open) do
    if name ~= "server" then fields[name] = value end
  end
  return fields
end

metatable.__render, metatable.__json = fields_of, fields_of

-- Reading -----------------------------------------------------------------------------------------

local LONGEST_ID, LONGEST_TEXT = 200, 4096

-- Refuse what cannot be the id of something, such as a path.
local function check_id(server, label, id)
  if type(id) == "string" and #id <= LONGEST_ID and id:find "^[%w_-]+$" then return id end
  errors.raise { code = "InvalidReply",
    message = ("cannot %s of '%s': the machine sends '%s' as an id"):format(label,
      server.vm.name, screen.one_line(tostring(id)):sub(1, 60)) }
end

local function text(item, ...)
  local value = json.get(item, ...)
  return type(value) == "string" and #value <= LONGEST_TEXT and value or nil
end

-- Return the fields that tell how long something was not used.
local function with_time(open, item, now)
  local last = text(item, "last_activity")
  local seconds = moment.read(last)
  if seconds then
    open.last_activity, open.idle = last, math.max(0, now - seconds)
  end
  return open
end

local function kernel_of(server, label, item, now)
  return setmetatable(with_time({
    server = server, kind = "kernel", id = check_id(server, label, json.get(item, "id")),
    name = text(item, "name") or "?", state = text(item, "execution_state"),
    connections = math.tointeger(json.get(item, "connections")),
  }, item, now), metatable)
end

local function terminal_of(server, label, item, now)
  local name = check_id(server, label, json.get(item, "name"))
  return setmetatable(with_time({
    server = server, kind = "terminal", id = name, name = name,
  }, item, now), metatable)
end

local KINDS = { notebook = true, console = true, file = true }

-- A console's path is an invented name; older servers send the path within `notebook`.
local function session_of(server, label, item, now)
  local path = text(item, "path") or text(item, "notebook", "path")
  local kind = text(item, "type")
  local kernel = kernel_of(server, label, json.get(item, "kernel") or {}, now)
  local name = text(item, "name")
  return setmetatable({
    server = server, kind = KINDS[kind] and kind or "notebook",
    id = check_id(server, label, json.get(item, "id")),
    name = name and name ~= "" and name or path and path:match "[^/]+$" or kernel.name,
    path = path, kernel = kernel, state = kernel.state, connections = kernel.connections,
    last_activity = kernel.last_activity, idle = kernel.idle,
  }, metatable)
end

local function by_name(a, b)
  if a.name ~= b.name then return a.name < b.name end
  return a.id < b.id
end

-- Get one of Jupyter's lists.
local function get(server, path, label, read, settings)
  local items, reply = server:list(path, ("%s of %s"):format(label, server.vm.name), settings)
  local now, list = moment.read_header(reply.headers.date) or core.time(), {}
  for i, item in ipairs(items) do list[i] = read(server, label, item, now) end
  table.sort(list, by_name)
  return list
end

--- List the terminals.
---@param server azureml.jupyter.Server
---@param settings? { timeout: number? }
---@return azureml.jupyter.Open[]
function sessions.terminals(server, settings)
  return get(server, "/api/terminals", "list the terminals", terminal_of, settings)
end

--- List the kernels, also those that no notebook uses.
---@param server azureml.jupyter.Server
---@param settings? { timeout: number? }
---@return azureml.jupyter.Open[]
function sessions.kernels(server, settings)
  return get(server, "/api/kernels", "list the kernels", kernel_of, settings)
end

--- List the notebooks and consoles that have a kernel.
---@param server azureml.jupyter.Server
---@param settings? { timeout: number? }
---@return azureml.jupyter.Open[]
function sessions.list(server, settings)
  return get(server, "/api/sessions", "list the sessions", session_of, settings)
end

--- List all that is open: the notebooks and consoles, the kernels that none of them uses, and the
--- terminals.
---@param server azureml.jupyter.Server
---@return azureml.jupyter.Open[]
function sessions.all(server)
  local all, kernels, terminals
  task.parallel(
    function() all = sessions.list(server) end,
    function() kernels = sessions.kernels(server) end,
    function() terminals = sessions.terminals(server) end)
  local has_session = {}
  for _, session in ipairs(all) do has_session[session.kernel.id] = true end
  for _, kernel in ipairs(kernels) do
    if not has_session[kernel.id] then all[#all + 1] = kernel end
  end
  return tables.append(all, terminals)
end

--- List what was idle for some time and does not compute.
---@param list azureml.jupyter.Open[]
---@param seconds number
---@return azureml.jupyter.Open[]
function sessions.forgotten(list, seconds)
  local forgotten = {}
  for _, open in ipairs(list) do
    local is_idle = open.idle ~= nil and open.idle >= seconds
    if is_idle and not open:is_busy() then forgotten[#forgotten + 1] = open end
  end
  return forgotten
end

return sessions
