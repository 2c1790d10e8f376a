--- Check what a script needs, one thing after another: the cloud, the proxy, the certificates, the
--- sign-in, the endpoint, the clock, the workspace, the rights. Each check tells what it found, and
--- what to do if it failed.
local client = require "azureml.client"
local cloud = require "azureml.cloud"
local config = require "azureml.config"
local core = require "azureml.core"
local count = require "azureml.tool.count"
local date = require "azureml.definition.schedule.date"
local errors = require "azureml.error"
local options = require "azureml.options"
local roles = require "azureml.look.roles"
local tables = require "azureml.tool.tables"
local trust = require "azureml.trust"
local workspace = require "azureml.workspace"

--- A check of the surroundings.
---@class azureml.Check
---@field name string        "sign-in", "proxy" and so on
---@field status string      "ok", "failed" or "skipped"
---@field text string        what was found
---@field next string?       what to do

local doctor = {}

local TIMEOUT = 20             -- seconds for each request
local MOST_APART = 300         -- seconds between two clocks: Entra ID takes no more

---@class azureml.Examination      what the checks have found
---@field settings table
---@field emulator table?      the emulator in use
---@field workspace azureml.Workspace?
---@field client azureml.Client?
---@field credential azureml.Credential?
---@field is_reachable boolean? the endpoint answers
---@field is_signed_in boolean?
---@field headers table?        of a reply of the service

local function ok(text, ...)
  return { status = "ok", text = text:format(...) }
end

local function failed(step, text, ...)
  return { status = "failed", text = text:format(...), next = step }
end

local function skipped(text)
  return { status = "skipped", text = text }
end

local function failed_by(err)
  return { status = "failed", text = err.message, next = err.hint }
end

-- Surroundings ------------------------------------------------------------------------------------

local function check_cloud(self)
  if self.emulator then return ok("an emulator at %s", core.redacted(self.emulator.url)) end
  local choice = self.settings.cloud
  if type(choice) == "table" then return ok "a cloud that the script describes" end
  local name, source = cloud.active()
  local target, err = errors.try(cloud.of, choice)
  if err then return failed_by(err) end
  return ok("%s at %s%s", choice or name, target.resource_manager,
    not choice and source and ", named by " .. source or "")
end

local PROXY_VARIABLES = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }

local function proxy_of(settings)
  if settings.proxy then return settings.proxy, "the option 'proxy'" end
  for _, name in ipairs(PROXY_VARIABLES) do
    local value = os.getenv(name)
    if value and value ~= "" then return value, name end
  end
end

local function check_proxy(self)
  local proxy, source = proxy_of(self.settings)
  if not proxy or proxy == "" then return ok "none is set" end
  local except = os.getenv "no_proxy" or os.getenv "NO_PROXY"
  return ok("%s, named by %s%s", core.redacted(proxy), source,
    except and except ~= "" and "; not for " .. except or "")
end

local function can_be_opened(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function check_certificates(self)
  local path, variable = trust.ca_file(self.settings.ca_file)
  if not path then return ok "those of the system" end
  local source = variable or "the option 'ca_file'"
  for part in path:gmatch "[^:]+" do
    if can_be_opened(part) then return ok("%s, named by %s", path, source) end
  end
  return failed(("name a file or a directory that is there, or unset %s"):format(source),
    "%s names %s, which cannot be opened", source, path)
end

-- The service -------------------------------------------------------------------------------------

-- A reply of any status shows that the service can be reached: the client sends no token here.
local function check_endpoint(self)
  local endpoint = self.client:endpoint()
  local probe <close> = client.new {
    endpoint = endpoint, retry = { tries = 0 }, request_timeout = TIMEOUT,
    ca_file = self.ca_file, proxy = self.settings.proxy,
  }
  local began = core.now()
  local _, err = errors.try(probe.request, probe, {
    path = "/metadata/endpoints", query = { ["api-version"] = "2020-06-01" },
    label = "reach the endpoint",
  })
  if err and not err.status then return failed_by(err) end
  self.is_reachable = true
  local milliseconds = math.floor((core.now() - began) * 1000)
  return ok("%s answers in %d ms", core.redacted(endpoint), milliseconds)
end

local function check_sign_in(self)
  local _, err = errors.try(self.client.authenticate, self.client)
  if err then return failed_by(err) end
  local credential = self.credential
  local user = credential:claim "upn" or credential:claim "preferred_username"
    or credential:claim "unique_name" or credential:claim "appid" or credential:claim "oid"
  self.is_signed_in = true
  local seconds = credential:expires_in()
  local life = seconds and ", a token for " .. count.of(math.floor(seconds / 60), "minute") or ""
  return ok("%s%s%s", tostring(credential:served()), user and " as " .. user or "", life)
end

local function check_workspace(self)
  local opened, err = errors.try(workspace.new, tables.merge(self.settings, {
    client = self.client, credential = self.credential,
  }))
  if err then return failed_by(err) end
  if not self.is_signed_in then return skipped "there is no sign-in" end
  if not self.is_reachable then return skipped "the endpoint cannot be reached" end
  local reply, refusal = errors.try(opened.look, opened)
  if refusal then return failed_by(refusal) end
  self.workspace, self.headers = opened, reply.headers
  return ok("%s in %s", tostring(opened), opened:location())
end

local MONTHS = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10,
  Nov = 11, Dec = 12,
}

-- Read the time of an HTTP header: "Sat, 28 Nov 2026 22:00:00 GMT".
local function time_of(text)
  local day, month, year, time = (text or ""):match "(%d%d) (%a%a%a) (%d%d%d%d) (%d%d:%d%d:%d%d)"
  local number = MONTHS[month]
  return number and date.parse(("%s-%02d-%sT%s"):format(year, number, day, time))
end

local function check_clock(self)
  local theirs = self.headers and time_of(self.headers.date)
  if not theirs then return skipped "the service has told no time" end
  if self.emulator then return ok "an emulator has a clock of its own" end
  local apart = math.floor(core.time() - theirs)
  if math.abs(apart) <= MOST_APART then return ok("%d s apart", math.abs(apart)) end
  return failed("set the clock: timedatectl set-ntp true",
    "this machine's clock is %s %s: tokens will be refused",
    count.of(math.abs(apart) // 60, "minute"),
    apart > 0 and "ahead" or "behind")
end

local NEEDED = { "list", "create", "start", "stop", "restart", "delete" }

local function check_rights(self)
  if not self.workspace then return skipped "there is no workspace to ask" end
  local may, may_not = {}, {}
  for _, verb in ipairs(NEEDED) do
    local allowed, err = errors.try(roles.can, self.workspace, verb)
    if allowed == nil then return failed_by(err) end
    table.insert(allowed and may or may_not, verb)
  end
  if #may_not == 0 then return ok("you may %s", table.concat(may, ", ")) end
  if #may == 0 then
    return failed("ask an owner for a role, such as AzureML Compute Operator",
      "you may neither look at instances nor change them")
  end
  return ok("you may %s; not %s: 'azureml roles' has roles", table.concat(may, ", "),
    table.concat(may_not, ", "))
end

-- All ---------------------------------------------------------------------------------------------

local BEFORE = {
  { "cloud", check_cloud }, { "proxy", check_proxy }, { "certificates", check_certificates },
}

local AFTER = {
  { "endpoint", check_endpoint }, { "sign-in", check_sign_in }, { "workspace", check_workspace },
  { "clock", check_clock }, { "rights", check_rights },
}

local function run(self, rows, checks)
  for _, row in ipairs(rows) do
    local found = row[2](self)
    found.name = row[1]
    checks[#checks + 1] = found
  end
end

--- Which workspace to check, and how to reach it.
---@class azureml.DoctorOptions: azureml.ConnectionOptions
---@field subscription_id? string  the id of the subscription
---@field resource_group? string  the resource group of the workspace
---@field name? string  the name of the workspace

local OPTIONS = tables.merge(workspace.client_options, {
  subscription_id = "string", resource_group = "string", name = "string",
})

--- Check what a script needs.
---@param settings? azureml.DoctorOptions
---@return azureml.Check[] checks
---@return boolean is_well      no check failed
---@usage for _, check in ipairs(azureml.doctor()) do print(check.name, check.text) end
function doctor.check(settings)
  local self = { settings = options.check("doctor", settings, OPTIONS) }
  if not self.settings.cloud then self.emulator = config.emulator() end
  local checks = {}
  run(self, BEFORE, checks)
  local opened, chosen = errors.try(workspace.open_client, tables.merge(self.settings, {
    timeout = self.settings.timeout or TIMEOUT,
  }))
  if not opened then
    local found = failed_by(chosen)
    found.name = "sign-in"
    checks[#checks + 1] = found
    return checks, false
  end
  self.client, self.credential = opened, chosen
  self.ca_file = self.settings.ca_file or self.emulator and self.emulator.ca_file
  run(self, AFTER, checks)
  opened:close()
  local is_well = true
  for _, check in ipairs(checks) do is_well = is_well and check.status ~= "failed" end
  return checks, is_well
end

return doctor
