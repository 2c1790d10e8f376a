--- List the libraries that azureml runs on: their versions, and the files that they come from.
local core = require "azureml.core"

---@class azureml.Library
---@field name string
---@field version string?      nil: it is missing
---@field path string?         the file that it was loaded from; nil: it is built in, or missing
---@field missing string?      why it could not be loaded
---@field tls string?          libcurl's: "OpenSSL/3.0.17"
---@field nghttp2 string?      libcurl's: the version of nghttp2; nil: it does not speak HTTP/2

local libraries = {}

-- Return the file that a function was loaded from; nil when it is built into the executable.
local function path_of(func)
  local info = debug.getinfo(func, "S")
  if info.what == "C" then return core.library_path(func) end
  return info.source:match "^@(.*)"
end

-- Return what a module of azureml says about the library under it.
local function of_module(name)
  return function() return require(name).libraries()[1] end
end

-- Return the reader of a Lua module's version. `find` returns it and one of the module's functions.
local function of_lua(name, find)
  return function()
    local version, func = find(require(name))
    return { version = version:match "%d[%w.]*$", path = path_of(func) }
  end
end

-- The libraries that the core does not list, each with a function that reads it or raises.
local others = {
  { "lua-cjson", of_lua("cjson", function(cjson) return cjson._VERSION, cjson.encode end) },
  { "argparse", of_lua("argparse", function(argparse)
    return argparse.version, getmetatable(argparse).__call
  end) },
  { "libedit", of_module "azureml.edit", in_executable = true },
  { "libwslay", of_module "azureml.websocket" },
  { "libmicrohttpd", of_module "azureml.httpd" },
  { "lyaml", of_lua("lyaml", function(lyaml) return lyaml._VERSION, lyaml.load end) },
}

-- Say in one line why a library could not be loaded.
local function reason_of(message)
  local first = message:match "^[^\n]*"
  return first:find "module '[^']+' not found:$" and "not installed" or first
end

local function read(name, reader)
  local ok, found = pcall(reader)
  if not ok then found = { missing = reason_of(tostring(found)) } end
  found.name = name
  return found
end

--- List the libraries. Those of the emulator, of websockets and of YAML are loaded to look at them.
---@return azureml.Library[]
function libraries.list()
  local list = core.libraries()
  local is_executable = package.loaded["azureml.host"] ~= nil
  for _, row in ipairs(others) do
    if is_executable or not row.in_executable then list[#list + 1] = read(row[1], row[2]) end
  end
  return list
end

return libraries
