--- Setup scripts: what may be asked for, and how they end. Source: spec/contract/compute-rest.md,
--- section 9.3.
local check = require "azureml.emulator.check"
local clock = require "azureml.emulator.clock"
local crypto = require("azureml.core").crypto
local inferred = require "azureml.emulator.inferred"
local json = require "azureml.json"
local refusal = require "azureml.emulator.refusal"
local script = require "azureml.emulator.machine.script"

local setup = {}

local SOURCES = { inline = true, workspaceStorage = true, workspace = true }
local DEFAULT_TIMEOUT = "15m"

local function decoded(text)
  return crypto.from_base64((text:gsub("%s", "")))
end

local function read_one(given, name)
  given = check.table(given, name)
  if not given then return nil end
  local one = {
    source = check.one_of(check.text(given.scriptSource, "scriptSource") or "workspaceStorage", SOURCES, "scriptSource"),
    data = check.required(given.scriptData, "string", name .. ".scriptData"),
    arguments = check.text(given.scriptArguments, "scriptArguments"), timeout = check.text(given.timeout, "timeout"),
  }
  if one.timeout and not clock.seconds(one.timeout) then refusal.raise("bad_timeout", one.timeout) end
  if one.source == "inline" and not decoded(one.data) then refusal.raise("not_base64", name .. ".scriptData") end
  return one
end

--- Read `{ scripts = { creationScript, startupScript } }`, checked; raises a refusal.
---@param given table?
---@return table?      plain: creation, startup
function setup.read(given)
  local scripts = check.table((check.table(given, "setupScripts") or {}).scripts, "scripts")
  if not scripts then return nil end
  return { creation = read_one(scripts.creationScript, "creationScript"), startup = read_one(scripts.startupScript, "startupScript") }
end

local function show_one(one)
  return one and {
    scriptSource = one.source, scriptData = one.data, scriptArguments = one.arguments or json.null,
    timeout = one.timeout or DEFAULT_TIMEOUT,
  } or json.null
end

--- As the service shows them.
function setup.show(scripts)
  return scripts and { scripts = { creationScript = show_one(scripts.creation), startupScript = show_one(scripts.startup) } } or json.null
end

local function failed(why, ...)
  return { code = "SetupScriptsError", message = why:format(...) }
end

-- Seconds of one, and what is wrong with it. What lies in the workspace's storage is taken to end well: nobody put it there.
local function run(one, which)
  local seconds, code = inferred.durations.user_setting_up, 0
  if one.source == "inline" then
    local slept
    slept, code = script.outcome(decoded(one.data))
    seconds = seconds + slept
  end
  local timeout = clock.seconds(one.timeout or DEFAULT_TIMEOUT)
  if seconds > timeout then return timeout, failed("The %s script did not end within %s.", which, one.timeout or DEFAULT_TIMEOUT) end
  return seconds, code ~= 0 and failed("The %s script ended with exit code %d.", which, code) or nil
end

--- How long scripts take, and what goes wrong; nil where there is none to run.
---@param scripts table?
---@param which string[]?      "creation", "startup", in their order
---@return number? seconds, table? fault
function setup.outcome(scripts, which)
  local total
  for _, name in ipairs(scripts and which or {}) do
    if scripts[name] then
      local seconds, fault = run(scripts[name], name)
      total = (total or 0) + seconds
      if fault then return total, fault end
    end
  end
  return total
end

return setup
