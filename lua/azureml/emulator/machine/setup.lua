--- Keep the setup scripts of an instance: read and check them, show them, and find how they end.
--- machine/script.lua estimates a single script.
--- Source: spec/contract/compute-rest.md, section 9.3.
local check = require "azureml.emulator.check"
local clock = require "azureml.emulator.clock"
local crypto = require("azureml.core").crypto
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local script = require "azureml.emulator.machine.script"

local setup = {}

local SOURCES = { inline = true, workspaceStorage = true, workspace = true }
local URL = "^[hH][tT][tT][pP][sS]?://"
local DEFAULT_TIMEOUT = "15m"

local function decoded(text)
  return crypto.from_base64((text:gsub("%s", "")))
end

local function read_script(body, name)
  body = check.table(body, name)
  if not body then return nil end
  local source = check.text(body.scriptSource, "scriptSource") or "workspaceStorage"
  local record = {
    source = source:find(URL) and source or check.one_of(source, SOURCES, "scriptSource"),
    data = check.required(body.scriptData, "string", name .. ".scriptData"),
    arguments = check.text(body.scriptArguments, "scriptArguments"),
    timeout = check.text(body.timeout, "timeout"),
  }
  if inferred.no_timeout[record.timeout] then record.timeout = nil end
  if record.timeout and not clock.seconds(record.timeout) then
    refusal.raise("bad_timeout", record.timeout)
  end
  if record.source == "inline" and not decoded(record.data) then
    refusal.raise("not_base64", name .. ".scriptData")
  end
  return record
end

--- Read `{ scripts = { creationScript, startupScript } }`. Raise a refusal if it is malformed.
---@param body table?
---@return { creation: table?, startup: table? }?      plain data; nil without scripts
function setup.read(body)
  local outer = check.table(body, "setupScripts") or {}
  local scripts = check.table(outer.scripts, "scripts")
  if not scripts then return nil end
  return {
    creation = read_script(scripts.creationScript, "creationScript"),
    startup = read_script(scripts.startupScript, "startupScript"),
  }
end

local function show_script(record)
  if not record then return json.null end
  return {
    scriptSource = record.source, scriptData = record.data,
    scriptArguments = record.arguments or json.null,
    timeout = record.timeout or DEFAULT_TIMEOUT,
  }
end

--- Return setup scripts, as the service shows them.
---@param scripts table?      a result of `setup.read`
---@return table
function setup.show(scripts)
  if not scripts then return json.null end
  return {
    scripts = {
      creationScript = show_script(scripts.creation),
      startupScript = show_script(scripts.startup),
    },
  }
end

local function failed(reason, ...)
  return { code = "SetupScriptsError", message = reason:format(...) }
end

-- Tell whether a script is given as a URL, such as one with a shared access signature. The service
-- accepts it and later finds no such file.
-- Source: spec/contract/compute-rest.md, section 6, SetupScriptsError.
local function is_url(record)
  return record.source:find(URL) or record.source ~= "inline" and record.data:find(URL)
end

-- Return the seconds that a script takes, and its failure. A script in the workspace's storage
-- succeeds, since the emulator has no storage to read it from.
local function run(record, name)
  if is_url(record) then return 0, failed "User specified setup script file not found." end
  local seconds, code = inferred.durations.user_setting_up, 0
  if record.source == "inline" then
    local slept
    slept, code = script.outcome(decoded(record.data))
    seconds = seconds + slept
  end
  local timeout = record.timeout or DEFAULT_TIMEOUT
  local limit = clock.seconds(timeout)
  if seconds > limit then
    return limit, failed("The %s script did not end within %s.", name, timeout)
  end
  if code == 0 then return seconds end
  return seconds, failed("The %s script ended with exit code %d.", name, code)
end

--- Return how long scripts take in all, and the first failure. Scripts after it are not run.
---@param scripts table?       a result of `setup.read`
---@param names string[]?      "creation", "startup", in the order in which they run
---@return number? seconds, table? fault      nil if there is no script to run
function setup.outcome(scripts, names)
  local total
  for _, name in ipairs(scripts and names or {}) do
    if scripts[name] then
      local seconds, fault = run(scripts[name], name)
      total = (total or 0) + seconds
      if fault then return total, fault end
    end
  end
  return total
end

return setup
