--- Find the link of an application of an instance: Jupyter, JupyterLab, RStudio, a custom one; or
--- of the page in the studio from which VS Code is started.
--- Sources: spec/contract/compute-rest.md, section 11; spec/contract/studio.md, sections 1 and 2.
local cloud = require "azureml.cloud"
local config = require "azureml.config"
local core = require "azureml.core"
local errors = require "azureml.error"
local tables = require "azureml.tool.tables"

---@class azureml.Link
---@field application string    "jupyter_lab"; "studio" is the page of the instance in the studio
---@field url string
---@field note string?          what to do on the page

local applications = {}

-- What people call an application -> the names that the service may give it; the applications that
-- lead to it; whether its page in the studio does. The note says what to do there.
local KNOWN = {
  jupyter = { names = { "jupyter" } },
  lab = { names = { "jupyter_lab", "jupyterlab" } },
  rstudio = { names = { "rstudio", "r_studio", "posit_workbench", "posit" } },
  terminal = {
    names = { "terminal" }, through = { "jupyter_lab", "jupyterlab", "jupyter" },
    note = "choose Terminal in its launcher; 'azureml terminal %s' opens one right here",
  },
  vscode = {
    names = { "vs_code", "vscode", "visual_studio_code" }, is_in_studio = true,
    note = "choose VS Code among the applications of '%s': the service names no link of its own",
  },
  studio = { names = {}, is_in_studio = true },
}

--- The names that people give to applications, for completion.
---@type string[]
applications.NAMES = tables.keys(KNOWN)

local ALIASES = {
  jupyterlab = "lab", jupyter_lab = "lab", notebook = "jupyter", code = "vscode",
  vs_code = "vscode",
}

-- The applications that are opened without a name.
local DEFAULT = { "jupyter_lab", "jupyterlab", "jupyter" }

local function first_of(vm, names)
  local links = vm.applications
  for _, name in ipairs(names) do
    if links[name] then return name, links[name] end
  end
end

-- Return the page of the instance in the studio; nil if its cloud has none, or is an emulator.
local function studio_page(vm)
  local workspace = vm.workspace
  if core.is_loopback(workspace:client():endpoint()) then return nil end
  local portal = cloud.of(workspace.settings.cloud).studio
  if not portal then return nil end
  local scope = ("/subscriptions/%s/resourcegroups/%s/workspaces/%s"):format(
    workspace.subscription_id, workspace.resource_group, workspace.name)
  return ("%s/compute/%s/details?wsid=%s"):format(portal, core.escape(vm.name),
    (scope:gsub("[^/]+", core.escape)))
end

local function canonical(name)
  local key = name:lower():gsub("[^%w]+", "_")
  return ALIASES[key] or key
end

local function raise_unknown(vm, name)
  local known = tables.keys(vm.applications)
  if studio_page(vm) then known[#known + 1] = "studio" end
  errors.raise {
    code = "NoApplication",
    message = ("'%s' has no application '%s' (it has %s)"):format(vm.name, name,
      #known > 0 and table.concat(known, ", ") or "none"),
    hint = "a custom application is one of the custom services of the instance: see "
      .. "custom_services",
  }
end

-- Checks ------------------------------------------------------------------------------------------

local LONGEST = 2048

-- A link goes to a browser: it is a plain web address, without a user's name or a control code.
local function check_url(vm, name, url)
  local scheme, host = url:match "^(https?)://([%w.:%[%]-]+)[!-~]*$"
  local is_safe = host and #url <= LONGEST and not url:find "[\"'<>\\^`{|}@ ]"
    and (scheme == "https" or core.is_loopback("http://" .. host))
  if is_safe then return end
  errors.raise {
    code = "InstanceUnsafe",
    message = ("the service names '%s' as the application '%s' of '%s', which is no https address: "
      .. "it is not opened"):format(url:gsub("[^\x20-\x7e]", "?"):sub(1, 100), name, vm.name),
  }
end

-- An emulator without machines invents the addresses of the applications.
local function check_machine(vm, url)
  local is_emulated = core.is_loopback(vm.workspace:client():endpoint())
  if not is_emulated or core.is_loopback(url:match "^%a+://[^/]+") then return end
  errors.raise {
    code = "NoMachine",
    message = ("the emulator has no machine behind '%s': its applications are invented"):format(
      vm.name),
    hint = "start the emulator with --machine local",
  }
end

-- Finding -----------------------------------------------------------------------------------------

-- Return the link of an application by the name that a person gives it.
local function find(vm, name)
  local key = canonical(name)
  local row = KNOWN[key] or { names = { key } }
  local application, url = first_of(vm, row.names)
  if application then return { application = application, url = url } end
  application, url = first_of(vm, row.through or {})
  if not application and row.is_in_studio then application, url = "studio", studio_page(vm) end
  if not url then raise_unknown(vm, name) end
  return { application = application, url = url, note = row.note and row.note:format(vm.name) }
end

-- Return the link of the application that is opened without a name: any, if it is no Jupyter.
local function find_default(vm)
  local application, url = first_of(vm, DEFAULT)
  if not url then application, url = first_of(vm, tables.keys(vm.applications)) end
  if url then return { application = application, url = url } end
  errors.raise { code = "NoAddress",
    message = ("the service names no application of '%s'"):format(vm.name) }
end

--- Return the link of an application of an instance. The instance must run and be the caller's, but
--- for its page in the studio.
---@param vm azureml.Instance
---@param name? string      "jupyter", "lab", "vscode", "rstudio", "terminal", "studio", or the name
---  of a custom application; default: JupyterLab, else Jupyter
---@return azureml.Link
---@raise an error object: `NotRunning`, `NotYours`, `NoApplication`, `NoMachine`, `InstanceUnsafe`
function applications.link(vm, name)
  if name and canonical(name) == "studio" then return find(vm, name) end
  vm.jupyter.server:check()
  local link = name and find(vm, name) or find_default(vm)
  check_url(vm, link.application, link.url)
  check_machine(vm, link.url)
  return link
end

--- Tell why a browser on this machine cannot use a link; nil if it can.
---@param link azureml.Link
---@return string?
function applications.obstacle(link)
  local is_local = core.is_loopback(link.url:match "^%a+://[^/]+")
  if not config.emulator() or not is_local then return nil end
  return "the emulator's machines let in requests with a token only, which a browser does not send"
end

return applications
