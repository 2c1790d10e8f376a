--- Copy one file from an instance, in ranges. The local NAME.part is named after the version of the
--- file, so that only a copy of the same version goes on where it broke off.
--- Source: spec/contract/neighbours.md, section 5.
local contents = require "azureml.jupyter.contents"
local core = require "azureml.core"
local errors = require "azureml.error"
local pieces = require "azureml.jupyter.pieces"
local screen = require "azureml.console.screen"
local task = require "azureml.task"

local download = {}

local PIECE = 4 * 1024 * 1024
local TRIES, PAUSE = 4, 1      -- a range that fails is asked for again after 1, 2 and 4 seconds

local function failed(path, fault, hint)
  errors.raise { code = "CopyFailed", message = ("%s: %s"):format(screen.one_line(path), fault),
    hint = hint }
end

-- Return the path of the unfinished copy of this version of the file.
local function part_of(target, entry)
  local version = ("%s %d %s"):format(entry.path, entry.size, entry.modified or "")
  return ("%s.%s.part"):format(target, pieces.hex(core.crypto.sha256(version):sub(1, 4)))
end

local function must(path, value, why)
  if value then return value end
  failed(path, (why:gsub("^.*: ", "")))
end

local function read_range(server, path, first, last)
  for try = 1, TRIES do
    local bytes, err = errors.try(contents.read, server, path, first, last)
    if bytes then return bytes, err end
    local is_lost = err.kind == "transport" or err.status ~= nil and err.status >= 500
    if not is_lost or try == TRIES then errors.raise(err) end
    task.sleep(PAUSE * 2 ^ (try - 1))
  end
end

-- Fetch the rest of a file. The first answer tells its length: that of the entry is a guess. Return
-- whether the part has just that length.
local function fetch(server, entry, part, report)
  local file <close> = must(part, io.open(part, "ab"))
  local position = must(part, file:seek "end")
  report(position, entry.size)
  local size = entry.size
  local is_guess = size > 0
  while position < size or is_guess do
    local last = math.max(position, math.min(position + PIECE, size) - 1)
    local bytes, length = read_range(server, entry.path, position, last)
    if is_guess then size, is_guess = length, false end
    must(part, file:write(bytes))
    position = position + #bytes
    report(position, size)
    if bytes == "" then break end
  end
  must(part, file:flush())
  return position == size
end

-- Fetch a file into its part. A part that is longer than the file cannot go on: begin it anew.
local function fetch_part(server, entry, part, report)
  local is_whole, err = errors.try(fetch, server, entry, part, report)
  local _, size = core.status(part)
  if err and size == 0 or is_whole == false then os.remove(part) end
  if err then errors.raise(err) end
  if not is_whole then must(part, fetch(server, entry, part, report), "it became shorter") end
end

local function digest_of(part)
  local file <close>, size = pieces.open(part)
  return pieces.digest(file, size)
end

-- Refuse a copy of a file that was changed meanwhile.
local function check(server, entry, part)
  local after = contents.look_closely(server, entry.path)
  local is_same = after.size == entry.size and after.modified == entry.modified
  if is_same and (not after.sha256 or after.sha256 == digest_of(part)) then return end
  os.remove(part)
  failed(contents.shown(server, entry.path), is_same and "the copy has another SHA-256"
    or "it was changed while it was copied", "copy it again")
end

--- Copy a file.
---@param server azureml.jupyter.Server
---@param entry azureml.jupyter.Entry
---@param target string           the local path of the copy
---@param report fun(bytes: integer, size: integer)      called before the first range and after
---  each, with what is there of how much
---@raise an error object, also `CopyFailed`
function download.file(server, entry, target, report)
  if not entry.size then
    failed(contents.shown(server, entry.path), "the machine tells no size")
  end
  local kind = core.status(target)
  if kind and kind ~= "file" then failed(screen.one_line(target), "it is there, and is no file") end
  local part = part_of(target, entry)
  fetch_part(server, entry, part, report)
  check(server, entry, part)
  must(target, os.rename(part, target))
end

return download
