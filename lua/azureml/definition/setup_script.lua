--- Setup scripts: what runs as root when an instance is created, and each time it starts.
--- Source: spec/contract/compute-rest.md, section 9.3.
local core = require "azureml.core"
local options = require "azureml.options"

local refuse = options.refuse

local setup_script = {}

local SCRIPTS = { creation_script = "table", startup_script = "table" }
local SCRIPT = { path = "string", text = "string", arguments = "string", timeout = "string" }

local function write(name, given)
  if not given then return nil end
  options.check(name, given, SCRIPT)
  if (given.path == nil) == (given.text == nil) then
    refuse("%s needs either path, in the workspace's file share, or text, the script itself", name)
  end
  if given.timeout and not given.timeout:find "^%d+[smhd]$" then
    refuse("%s: timeout is '%s': a number with s, m, h or d, such as '15m'", name, given.timeout:sub(1, 60))
  end
  return {
    scriptSource = given.path and "workspaceStorage" or "inline", scriptData = given.path or core.crypto.base64(given.text),
    scriptArguments = given.arguments, timeout = given.timeout,
  }
end

--- The setup scripts of an instance as its body has them.
---@param given table?      creation_script (once), startup_script (at each start): each { path = "Users/ann/setup.sh" or
---  text = "#!/bin/sh...", arguments string?, timeout = "15m" }
---@return table?
---@raise an error object `InvalidArgument`
function setup_script.body(given)
  if not given then return nil end
  options.check("setup_scripts", given, SCRIPTS)
  return {
    scripts = {
      creationScript = write("creation_script", given.creation_script), startupScript = write("startup_script", given.startup_script),
    },
  }
end

return setup_script
