--- Know the names of instances and sizes at the prompt, for completion. A look at the service goes
--- on while the prompt waits for keys; completion takes what is known and never waits.
local cache = require "azureml.cli.cache"
local config = require "azureml.config"
local core = require "azureml.core"
local documents = require "azureml.tool.document"
local errors = require "azureml.error"
local instance = require "azureml.instance"
local json = require "azureml.json"
local reply = require "azureml.reply"
local resource = require "azureml.resource"
local tables = require "azureml.tool.tables"
local verbs = require "azureml.verbs"

local names = {}

local FRESH = 30          -- seconds for which a list counts as fresh
local MOST = 5000         -- names of a workspace
local TIMEOUT = 30        -- seconds of a request

local WORKSPACE = { method = "GET", path = "" }
local SIZES = { method = "GET", path = "/locations/{location}/vmSizes" }

---@class azureml.KnownNames      of a workspace
---@field instances table<string, boolean>
---@field sizes table<string, boolean>
---@field looked number?          when the last look began, on core.now()'s clock
---@field jobs table[]            requests under way: op, and what reads its reply

local known = setmetatable({}, { __mode = "k" })

-- Requests ----------------------------------------------------------------------------------------

local function submit(workspace, all, request, read)
  request.timeout, request.label = TIMEOUT, "look for names"
  local op = workspace:client():submit(request, false)
  core.send()
  table.insert(all.jobs, { op = op, read = read })
end

local function request_of(workspace, verb, values)
  return {
    method = verb.method, path = resource.path(workspace, verb, values), query = verb.query,
    api_version = verb.api_version,
  }
end

-- Read a page of the list of computes, and ask for the next one.
local function page_reader(workspace, all, found)
  local function read(page)
    for _, raw in ipairs(json.get(page.json, "value") or {}) do
      local name = json.get(raw, "name")
      if type(name) == "string" and instance.is_one(documents.of(raw)) then found[name] = true end
    end
    local link = json.get(page.json, "nextLink")
    local count = #tables.keys(found)
    if type(link) == "string" and link ~= "" and count < MOST then
      local url = core.resolve(workspace:client():endpoint(), core.mend(link))
      if url then return submit(workspace, all, { method = "GET", url = url }, read) end
    end
    all.instances = found
  end
  return read
end

local function size_reader(all)
  return function(page)
    local list = json.get(page.json, "value") or json.get(page.json, "amlCompute") or {}
    for _, raw in ipairs(list) do
      local name = json.get(raw, "name")
      if type(name) == "string" then all.sizes[name] = true end
    end
  end
end

local function look_for_sizes(workspace, all)
  submit(workspace, all, request_of(workspace, WORKSPACE, {}), function(page)
    local location = json.get(page.json, "location")
    if type(location) ~= "string" then return end
    submit(workspace, all, request_of(workspace, SIZES, { location = location }), size_reader(all))
  end)
end

local function look(workspace, all)
  all.looked = core.now()
  submit(workspace, all, request_of(workspace, verbs.list, {}), page_reader(workspace, all, {}))
  if next(all.sizes) == nil then look_for_sizes(workspace, all) end
end

-- Read the replies that have come. What fails is left out: the user has asked for nothing here.
local function read_replies(all)
  local jobs = all.jobs
  all.jobs = {}
  for _, job in ipairs(jobs) do
    if job.op:done() then
      local came = errors.try(reply.of, job.op, "cannot look for names")
      if came then errors.try(job.read, came) end
      job.op:close()
    else
      table.insert(all.jobs, job)
    end
  end
end

-- Answers -----------------------------------------------------------------------------------------

local function words_of(kind)
  local words, world = {}, config.emulator()
  if world and world.in_process then return words end
  for _, word in ipairs(cache.read(kind)) do words[word] = true end
  return words
end

-- Return what is known of a workspace: at first what commands have remembered.
local function known_of(workspace)
  local all = known[workspace]
  if not all then
    all = { instances = words_of "names", sizes = words_of "sizes", jobs = {} }
    known[workspace] = all
  end
  return all
end

--- Begin a look for the names of a workspace, unless the last one is fresh or still under way.
---@param workspace azureml.Workspace
function names.look(workspace)
  local all = known_of(workspace)
  read_replies(all)
  local is_fresh = all.looked and core.now() - all.looked < FRESH
  if #all.jobs > 0 or is_fresh then return end
  errors.try(look, workspace, all)
end

--- Let the next completion look again: a chunk that ran may have created or deleted instances.
function names.expire()
  for _, all in pairs(known) do all.looked = nil end
end

--- List the names that are known, and let a look refresh them.
---@param workspace azureml.Workspace
---@param kind "instances"|"sizes"
---@return string[]      sorted
function names.known(workspace, kind)
  names.look(workspace)
  return tables.keys(known_of(workspace)[kind])
end

--- Tell whether a look is under way.
---@return boolean
function names.are_awaited()
  for _, all in pairs(known) do
    read_replies(all)
    if #all.jobs > 0 then return true end
  end
  return false
end

return names
