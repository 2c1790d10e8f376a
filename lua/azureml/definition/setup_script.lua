--- Setup scripts of an instance: they run as root when the service creates it, and at each start.
--- Source: spec/contract/compute-rest.md, section 9.3.
local core = require "azureml.core"
local kinds = require "azureml.definition.kinds"
local shapes = require "azureml.definition.shapes"

--- Shell scripts that run as root.
---@class azureml.SetupScripts
---@field creation_script? azureml.SetupScript  runs once, when the instance is created
---@field startup_script? azureml.SetupScript  runs at each start

--- A shell script: path, text or url says where it is.
---@class azureml.SetupScript
---@field path? string  in the workspace's file share
---@field text? string  the script itself
---@field url? string  where the service fetches it
---@field arguments? string  its arguments
---@field timeout? string  "15m"

local text, line = kinds.text, kinds.line

local timeout = kinds.formed("^[1-9]%d*[smhd]$",
  "must be a number with s, m, h or d, such as '15m'")

-- A URL may end in a signature, which is a secret: no fault shows it.
local url = {
  check = function(value)
    local address = line.check(value)
    if address and address:find "^[Hh][Tt][Tt][Pp][Ss]?://[^%s/]+/?%S*$" then return address end
    return nil, "must be a URL of the script, which begins with https:// or http://"
  end,
  same = line.same,
}

local contents = {
  check = function(value)
    if value == "" then return nil, "must not be empty" end
    return text.check(value)
  end,
  same = text.same,
}

local SCRIPT = {
  { name = "path", kind = line },
  { name = "text", kind = contents },
  { name = "url", kind = url },
  { name = "arguments", kind = text },
  { name = "timeout", kind = timeout },
}

-- Return the fault of a script that comes from several places, or from nowhere.
local function source_fault(script)
  local count = 0
  for _, name in ipairs { "path", "text", "url" } do
    if script[name] then count = count + 1 end
  end
  if count ~= 1 then
    return "needs either path, in the workspace's file share, or text, the script itself, or url"
  end
end

local script = shapes.record(SCRIPT, source_fault)

local function file_of(address)
  return address:gsub("[?#].*$", ""):match "^%w+://[^/]+/.-([^/]+)$" or "setup.sh"
end

-- The service takes three kinds of source: a path, the script itself in base64, and a URL.
function script.write(canonical)
  local source, data = "workspaceStorage", canonical.path
  if canonical.text then source, data = "inline", core.crypto.base64(canonical.text) end
  if canonical.url then source, data = canonical.url, file_of(canonical.url) end
  return {
    scriptSource = source, scriptData = data,
    scriptArguments = canonical.arguments, timeout = canonical.timeout,
  }
end

local function text_in(member, name)
  return text.read(member[name])
end

-- Read a script. An inline script that is no base64 has no text.
function script.read(member)
  if type(member) ~= "table" then return nil end
  local source, data = text_in(member, "scriptSource"), text_in(member, "scriptData")
  local canonical = {
    arguments = text_in(member, "scriptArguments"), timeout = text_in(member, "timeout"),
  }
  if kinds.same_word("inline", source) then
    canonical.text = data and core.crypto.from_base64((data:gsub("%s", "")))
  elseif source and source:lower():find "^https?://" then
    canonical.url = source
  else
    canonical.path = data
  end
  return canonical
end

--- The kind of setup scripts: creation_script (runs once) and startup_script (at each start), each
--- { path = "Users/ann/setup.sh" or text = "#!/bin/sh..." or url = "https://...", arguments
--- string?, timeout = "15m" }.
local setup_scripts = shapes.record {
  { name = "creation_script", member = "creationScript", kind = script },
  { name = "startup_script", member = "startupScript", kind = script },
}
setup_scripts.none = {}

-- The definition names all scripts: an instance that has one more differs. An instance without
-- scripts has none: {}.
local is_same = setup_scripts.same
function setup_scripts.same(wanted, actual)
  for name in pairs(actual or {}) do
    if wanted[name] == nil then return false end
  end
  return is_same(wanted, actual or {})
end

local function masked(item)
  local copy = kinds.starred(item)
  copy.path, copy.timeout = item.path, item.timeout
  return copy
end

--- Return setup scripts without what may be a secret: texts, arguments and URLs.
---@param canonical table
---@return table
function setup_scripts.masked(canonical)
  local copy = {}
  for name, item in pairs(canonical) do copy[name] = masked(item) end
  return copy
end

return setup_scripts
