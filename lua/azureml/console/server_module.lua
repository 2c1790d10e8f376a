--- Load azureml.httpd for an executable that does not contain it: libmicrohttpd and its libraries
--- would be loaded at every start. Only an emulator and its machines need the module.

-- Where httpd.so is: beside the executable, in the build directory, in the executable's own tree,
-- in LIBDIR of the Makefile.
local function directories_of(host)
  local beside = (host.program or ""):match "^(.*)/[^/]*$"
  if not beside then return { host.modules } end
  local root = beside:match "^(.*)/bin$"
  return {
    beside, beside .. "/lib/azureml", root and root .. "/lib/lua/5.4/azureml" or host.modules,
    host.modules,
  }
end

local function is_file(path)
  local file <close> = io.open(path)
  return file ~= nil
end

local function find(host)
  local directories = directories_of(host)
  for _, directory in ipairs(directories) do
    local path = directory .. "/httpd.so"
    if is_file(path) then return path end
  end
  error(("httpd.so is missing: it belongs into %s or %s"):format(directories[1], host.modules), 0)
end

--- Load the module.
---@param host { version: string, modules: string, program: string? }      from main.c
---@return table
---@raise a text that says in one sentence why it cannot be loaded
return function(host)
  local path = find(host)
  local open, reason = package.loadlib(path, "luaopen_azureml_httpd")
  if not open then error(("httpd.so cannot be loaded: %s"):format(reason), 0) end
  local module = open "azureml.httpd"
  if module.version ~= host.version then
    error(("%s is of version %s, the executable of %s"):format(path, module.version or "unknown",
      host.version), 0)
  end
  return module
end
