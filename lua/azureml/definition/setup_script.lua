--- Write the setup scripts of an instance: they run as root when the service creates it, and at
--- each start.
--- Source: spec/contract/compute-rest.md, section 9.3.
local core = require "azureml.core"
local options = require "azureml.options"

local refuse = options.refuse

local setup_script = {}

local SCRIPTS = { creation_script = "table", startup_script = "table" }
local SCRIPT = { path = "string", text = "string", arguments = "string", timeout = "string" }

local function write(name, settings)
  if not settings then return nil end
  options.check(name, settings, SCRIPT)
  if (settings.path == nil) == (settings.text == nil) then
    refuse("%s needs either path, in the workspace's file share, or text, the script itself", name)
  end
  if settings.timeout and not settings.timeout:find "^%d+[smhd]$" then
    refuse("%s: timeout is '%s': a number with s, m, h or d, such as '15m'", name,
      settings.timeout:sub(1, 60))
  end
  return {
    scriptSource = settings.path and "workspaceStorage" or "inline",
    scriptData = settings.path or core.crypto.base64(settings.text),
    scriptArguments = settings.arguments, timeout = settings.timeout,
  }
end

--- Check the setup scripts of an instance and return them as the request body has them.
---@param settings table?  creation_script (once), startup_script (at each start): each { path =
---  "Users/ann/setup.sh" or text = "#!/bin/sh...", arguments string?, timeout = "15m" }
---@return table?
---@raise an error object `InvalidArgument` that names the rule
function setup_script.body(settings)
  if not settings then return nil end
  options.check("setup_scripts", settings, SCRIPTS)
  return {
    scripts = {
      creationScript = write("creation_script", settings.creation_script),
      startupScript = write("startup_script", settings.startup_script),
    },
  }
end

return setup_script
