--- The files of an instance, by Jupyter's contents API: look, list, read, write and rename. What
--- the machine sends is checked. removing.lua removes, copying.lua copies.
--- Source: spec/contract/neighbours.md, section 5.
local count = require "azureml.tool.count"
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local later = require "azureml.tool.later"
local paths = require "azureml.jupyter.paths"
local removing = later "azureml.jupyter.removing"
local screen = require "azureml.console.screen"

local contents = {}

--- A file or a directory of an instance.
---@class azureml.jupyter.Entry
---@field name string            "" for the root
---@field path string            below Jupyter's root
---@field kind string            "directory", "file" or "notebook"
---@field size integer?          bytes of a file
---@field modified string?       ISO 8601
---@field is_writable boolean?  nil: unknown
---@field sha256 string?         in hexadecimal; newer servers tell it
---@field items azureml.jupyter.Entry[]?      of a directory, when it was listed: directories first
local Entry = {}
local metatable = { __name = "azureml.jupyter.Entry", __index = Entry }

local KINDS = { directory = true, file = true, notebook = true }

-- Return a path as errors and questions show it: "ci-ann:Users/ann"; "ci-ann:/" is the root.
local function shown(server, path)
  if path == "" then path = "/" end
  return ("%s:%s"):format(server.vm.name, screen.one_line(path))
end

--- Return a path as errors show it: "ci-ann:Users/ann".
---@type fun(server: azureml.jupyter.Server, path: string): string
contents.shown = shown

local function fields_of(entry)
  local fields = {}
  for name, value in pairs(entry) do
    if name ~= "server" then fields[name] = value end
  end
  return fields
end

metatable.__render, metatable.__json = fields_of, fields_of

function metatable:__tostring()
  if self.kind == "directory" then
    return (shown(self.server, self.path):gsub("/?$", "/", 1))
  end
  return ("%s, %s"):format(shown(self.server, self.path),
    self.size and count.of(self.size, "byte") or "size unknown")
end

-- Requests ----------------------------------------------------------------------------------------

-- The codes of what the machine's system refuses, by its number: "[Errno 28] No space left".
local FAULTS = {
  [1] = "PermissionDenied", [13] = "PermissionDenied", [30] = "PermissionDenied",
  [28] = "NoSpace", [122] = "NoSpace",
}

local function explain_fault(server, err, path)
  local code = FAULTS[tonumber(err.message:match "%[Errno (%d+)%]")]
  err.code = code or err.code
  if code ~= "NoSpace" then return end
  err.message = ("no space is left for %s"):format(shown(server, path))
  err.hint = "remove there what you no longer need ('azureml rm'), or raise the quota of the "
    .. "workspace's file share"
end

-- Give the errors of files codes of their own: what is missing, what is there, what may not be.
local function rephrase(server, err, path)
  if err.status == 404 then
    err.code = "FileNotFound"
    err.message = ("there is no '%s' on '%s'"):format(screen.one_line(path), server.vm.name)
    err.hint = ("'azureml ls %s:' lists the files that Jupyter shows, those below "
      .. "~/cloudfiles/code"):format(server.vm.name)
  elseif err.status == 409 then
    err.code = "FileExists"
  else
    explain_fault(server, err, path)
  end
  errors.raise(err)
end

local HASHING = 100      -- seconds; the server reads the whole file

local function request(server, method, path, verb, body, query)
  return server:request(method, "/api/contents/" .. paths.escape(path), body, {
    label = ("%s %s"):format(verb, shown(server, path)), query = query, expects_missing = true,
    timeout = query and query.hash and HASHING or nil,
  })
end

-- Refuse to go on when a directory is missing: Jupyter answers 500 to a write into it.
local function check_parent(server, path)
  local parent = paths.split(path)
  if parent == "" then return end
  local _, err = errors.try(request, server, "GET", parent, "look at", nil, { content = 0 })
  if not err or err.status ~= 404 then return end
  errors.raise { code = "FileNotFound",
    message = ("there is no directory '%s' on '%s'"):format(screen.one_line(parent),
      server.vm.name), hint = "make it first, or copy the whole directory" }
end

-- Send a request about a path. `verb` is what the error says: "list".
local function send(server, method, path, verb, body, query)
  local reply, err = errors.try(request, server, method, path, verb, body, query)
  if reply then return reply end
  if method == "PUT" and err.status == 500 then check_parent(server, path) end
  rephrase(server, err, path)
end

--- Send a request about a path: method, path, the verb of its error, body?, query?.
---@type fun(server: azureml.jupyter.Server, ...): azureml.Reply
contents.send = send

local function invalid(server, path, fault)
  errors.raise { code = "InvalidReply",
    message = ("cannot look at %s: the machine sends %s"):format(shown(server, path), fault) }
end

-- The entry has the path that was asked for, whatever the machine calls it.
local function entry_of(server, path, item)
  local kind, size = json.get(item, "type"), json.get(item, "size")
  if not KINDS[kind] then invalid(server, path, "an item of no known type") end
  local hash, modified = json.get(item, "hash"), json.get(item, "last_modified")
  local is_sha256 = json.get(item, "hash_algorithm") == "sha256" and type(hash) == "string"
  local _, name = paths.split(path)
  return setmetatable({
    server = server, name = name, path = path, kind = kind,
    size = kind ~= "directory" and math.tointeger(size) or nil,
    modified = type(modified) == "string" and #modified < 64 and modified or nil,
    is_writable = json.get(item, "writable") ~= false,
    sha256 = is_sha256 and #hash == 64 and hash:lower() or nil,
  }, metatable)
end

local function directories_first(a, b)
  local a_first, b_first = a.kind == "directory", b.kind == "directory"
  if a_first ~= b_first then return a_first end
  return a.name < b.name
end

local function read_items(server, path, list)
  if type(list) ~= "table" then invalid(server, path, "no list of its items") end
  local items = {}
  for i, item in ipairs(list) do
    local name = json.get(item, "name")
    if not paths.is_name(name) then
      invalid(server, path, ("the name '%s'"):format(screen.one_line(tostring(name)):sub(1, 60)))
    end
    items[i] = entry_of(server, paths.join(path, name), item)
  end
  table.sort(items, directories_first)
  return items
end

-- Public ------------------------------------------------------------------------------------------

local function look(server, path, query)
  return entry_of(server, path, send(server, "GET", path, "look at", nil, query).json)
end

--- Look at a file or a directory, without its contents.
---@param server azureml.jupyter.Server
---@param path string            checked
---@return azureml.jupyter.Entry
---@raise an error object, also `FileNotFound`
function contents.look(server, path)
  return look(server, path, { content = 0 })
end

--- Look at a file, and ask the server for its SHA-256. Older servers do not tell it, and one that
--- is slow with a huge file counts as such a server.
---@param server azureml.jupyter.Server
---@param path string
---@return azureml.jupyter.Entry
function contents.look_closely(server, path)
  local entry, err = errors.try(look, server, path, { content = 0, hash = 1 })
  if err and err.kind ~= "transport" then errors.raise(err) end
  return entry or contents.look(server, path)
end

--- Look at a file or a directory; nil if it is not there.
---@param server azureml.jupyter.Server
---@param path string
---@return azureml.jupyter.Entry?
function contents.find(server, path)
  local entry, err = errors.try(contents.look, server, path)
  if err and err.code ~= "FileNotFound" then errors.raise(err) end
  return entry
end

--- List a directory.
---@param server azureml.jupyter.Server
---@param path string
---@return azureml.jupyter.Entry      with items
function contents.list(server, path)
  local query = { content = 1, type = "directory" }
  local reply = send(server, "GET", path, "list", nil, query)
  local entry = entry_of(server, path, reply.json)
  entry.items = read_items(server, path, json.get(reply.json, "content"))
  return entry
end

--- Look at a file, or list a directory.
---@param server azureml.jupyter.Server
---@param path string
---@return azureml.jupyter.Entry
function contents.open(server, path)
  local entry = path ~= "" and contents.look(server, path)
  if entry and entry.kind ~= "directory" then return entry end
  return contents.list(server, path)
end

--- Make a directory. One that is there is no failure; the one above it must be there.
---@param server azureml.jupyter.Server
---@param path string
function contents.make_directory(server, path)
  send(server, "PUT", path, "make the directory", { type = "directory" })
end

-- Say what is missing where Jupyter answers 500: the file, or the directory of the new name.
local function check_rename(server, path, new)
  contents.look(server, path)
  check_parent(server, new)
end

-- Remove a file to make place for another. A directory stays: it may hold anything.
local function remove_replaced(server, path, new)
  contents.look(server, path)
  if contents.look(server, new).kind == "directory" then
    errors.raise { code = "FileExists",
      message = ("%s is a directory, which is not replaced"):format(shown(server, new)),
      hint = "choose another name, or remove the directory first" }
  end
  send(server, "DELETE", new, "replace")
end

--- Rename a file or a directory. If there is a file of the new name, it is removed first.
---@param server azureml.jupyter.Server
---@param path string
---@param new string
---@raise an error object, also `FileNotFound`; `FileExists` if the new name is a directory's
function contents.rename(server, path, new)
  local function rename()
    return send(server, "PATCH", path, "rename", { path = new })
  end
  local _, err = errors.try(rename)
  if not err then return end
  if err.status == 500 then check_rename(server, path, new) end
  if err.code ~= "FileExists" then errors.raise(err) end
  remove_replaced(server, path, new)
  rename()
end

-- Whole files -------------------------------------------------------------------------------------

local WHOLE = 8 * 1024 * 1024      -- larger files are copied in pieces: see upload.lua

local function refuse_size(server, path, size)
  errors.raise { code = "InvalidArgument",
    message = ("%s: %s are too many for one request"):format(shown(server, path),
      count.of(size, "byte")),
    hint = "vm:copy and 'azureml cp' copy files of any size" }
end

--- Write a file of at most 8 MiB as a whole: it is there with all its bytes, or as it was.
---@param server azureml.jupyter.Server
---@param path string
---@param bytes string
---@return azureml.jupyter.Entry
function contents.write(server, path, bytes)
  if #bytes > WHOLE then refuse_size(server, path, #bytes) end
  local reply = send(server, "PUT", path, "write", contents.body(bytes))
  local entry = entry_of(server, path, reply.json)
  if entry.size == nil or entry.size == #bytes then return entry end
  errors.raise { code = "CopyFailed",
    message = ("%s has %s after %d were written"):format(shown(server, path),
      count.of(entry.size, "byte"), #bytes) }
end

--- Return the JSON that writes a file, or a chunk of it. The bytes are base64, so that nothing in
--- them needs an escape.
---@param bytes string
---@param chunk integer?      1, 2, ..., and -1 for the last
---@return string
function contents.body(bytes, chunk)
  local prefix = chunk and ('"chunk":%d,'):format(chunk) or ""
  return ('{"type":"file","format":"base64",%s"content":"%s"}'):format(prefix,
    core.crypto.base64(bytes))
end

local NO_SUCH_RANGE = 416      -- the HTTP status beyond a file's end

-- Return the length of a file that the answer to a range from `first` tells; nil: it does not.
local function length_in(reply, first)
  if reply.status == 200 then return first == 0 and #reply.body or nil end
  local start, length = (reply.headers["content-range"] or ""):match "^bytes (%d+)%-%d+/(%d+)$"
  return tonumber(start) == first and math.tointeger(tonumber(length)) or nil
end

local function get_range(server, path, first, last)
  local range = { Range = ("bytes=%d-%d"):format(first, last) }
  return errors.try(server.request, server, "GET", "/files/" .. paths.escape(path), nil, {
    label = "read " .. shown(server, path), headers = range, raw = true, expects_missing = true,
  })
end

--- Read a range of a file's bytes, as far as the file has them. What a look at the file tells is
--- not its length if it is a link: that is the length of the link itself.
---@param server azureml.jupyter.Server
---@param path string
---@param first integer      from 0
---@param last integer       including it
---@return string bytes
---@return integer length    of the file
---@raise an error object; `CopyFailed` if the answer is not the range that was asked for
function contents.read(server, path, first, last)
  local reply, err = get_range(server, path, first, last)
  if err and err.status == NO_SUCH_RANGE then
    if first == 0 then return "", 0 end
    local _, length = contents.read(server, path, 0, 0)
    if length <= first then return "", length end
  end
  if err then rephrase(server, err, path) end
  local length = length_in(reply, first)
  if length and #reply.body == math.min(last + 1, length) - first then return reply.body, length end
  errors.raise { code = "CopyFailed",
    message = ("%s changed while it was read, or its server knows no ranges"):format(
      shown(server, path)) }
end

--- Read a file of at most 8 MiB as a whole.
---@param server azureml.jupyter.Server
---@param path string
---@return string
---@raise an error object, also `FileNotFound`
function contents.read_whole(server, path)
  local entry = contents.look(server, path)
  if entry.kind == "directory" then
    errors.raise { code = "InvalidArgument",
      message = shown(server, path) .. " is a directory, which has no bytes to read" }
  end
  if entry.size == 0 then return "" end
  local bytes, length = contents.read(server, path, 0, WHOLE - 1)
  if length > WHOLE then refuse_size(server, path, length) end
  return bytes
end

--- Remove it: see azureml.Jupyter.remove.
---@param settings? azureml.RemoveOptions
function Entry:remove(settings)
  removing.remove(self.server, self.path, settings and settings.recursive)
end

--- Return the bytes of a file.
---@return string
function Entry:read()
  return contents.read_whole(self.server, self.path)
end

return contents
