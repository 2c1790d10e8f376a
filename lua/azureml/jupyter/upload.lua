--- Copy one file to an instance by Jupyter's contents API. A large file goes in chunks, which the
--- server appends to NAME.azureml.part; an upload that broke off goes on where it ended. When all
--- is there and its SHA-256 is that of the local file, it gets its name.
--- Source: spec/contract/neighbours.md, section 5.
local contents = require "azureml.jupyter.contents"
local core = require "azureml.core"
local errors = require "azureml.error"
local pieces = require "azureml.jupyter.pieces"
local task = require "azureml.task"

local upload = {}

local CHUNK = 1024 * 1024
local TRIES, PAUSE = 4, 1      -- a lost chunk is sent again after 1, 2 and 4 seconds
local LAST = -1
local SUFFIX = ".azureml.part"      -- no user calls a file of their own so

local function failed(server, path, fault, hint)
  errors.raise { code = "CopyFailed",
    message = ("%s %s"):format(contents.shown(server, path), fault), hint = hint }
end

-- Return the size of what an earlier upload left; nil: nothing.
local function size_at(server, part)
  local entry = contents.find(server, part)
  if not entry then return nil end
  if entry.kind == "directory" or not entry.size then
    failed(server, part, "is in the way: it is no file", "remove it, or copy to another name")
  end
  return entry.size
end

-- Tell whether a request may be sent again: its answer was lost, and does not tell a fault of the
-- machine's system.
local function is_lost(err)
  if err.message:find("[Errno", 1, true) or err.code == "NoSpace" then return false end
  return err.kind == "transport" or err.status ~= nil and err.status >= 500
end

-- Send a chunk. When its answer is lost, look whether the server has appended it: a chunk must not
-- be there twice.
local function send_chunk(server, part, position, bytes, number)
  for try = 1, TRIES do
    local reply, err = errors.try(contents.send, server, "PUT", part, "write",
      contents.body(bytes, number))
    if reply then return end
    if not is_lost(err) or try == TRIES then errors.raise(err) end
    task.sleep(PAUSE * 2 ^ (try - 1))
    local size = size_at(server, part) or 0
    if size == position + #bytes then return end
    if size ~= position and number ~= 1 then
      failed(server, part, "was changed while it was written")
    end
  end
end

-- Send the rest of a file, from a position. Return nothing.
local function send_rest(server, file, part, position, size, report)
  local number = position // CHUNK + 1
  while position < size do
    local bytes = pieces.read(file, position, math.min(CHUNK, size - position))
    local is_last = position + #bytes == size
    send_chunk(server, part, position, bytes, is_last and LAST or number)
    position, number = position + #bytes, number + 1
    report(position)
  end
end

-- Return the SHA-256 of a file on the instance: the server tells it, or the file is read back.
local function remote_digest(server, path, size)
  local entry = contents.look_closely(server, path)
  if entry.size ~= size then
    failed(server, path, ("has %s bytes instead of %d"):format(entry.size, size))
  end
  if entry.sha256 then return entry.sha256 end
  local digest <close> = core.crypto.digest()
  for first, last in pieces.ranges(0, size) do
    digest:add(contents.read(server, path, first, last))
  end
  return pieces.hex(digest:finish())
end

-- Send a file to its part, and check what is there. Return whether it is right.
local function send_part(server, file, part, size, wanted, report)
  local position = size_at(server, part)
  if position and (position == 0 or position > size) then
    contents.send(server, "DELETE", part, "remove")
    position = nil
  end
  report(position or 0)
  send_rest(server, file, part, position or 0, size, report)
  local is_right = remote_digest(server, part, size) == wanted
  if not is_right then contents.send(server, "DELETE", part, "remove") end
  return is_right, position ~= nil
end

--- Copy a file.
---@param server azureml.jupyter.Server
---@param source string           the path of the local file
---@param target string           checked
---@param report fun(bytes: integer)      called with what is there, before the first chunk and
---  after each
---@raise an error object, also `CopyFailed`
function upload.file(server, source, target, report)
  local file <close>, size = pieces.open(source)
  if size <= CHUNK then
    report(0)
    contents.write(server, target, pieces.read(file, 0, size))
    report(size)
    return
  end
  local part, wanted = target .. SUFFIX, pieces.digest(file, size)
  local is_right, is_resumed = send_part(server, file, part, size, wanted, report)
  -- What an earlier upload left may have been of another version of the file.
  if not is_right and is_resumed then
    is_right = send_part(server, file, part, size, wanted, report)
  end
  if not is_right then
    failed(server, target, "has another SHA-256 than the local file: it was not put in place")
  end
  contents.rename(server, part, target)
end

return upload
