--- Copy one file from an instance, in ranges. The local NAME.part is named after the version of the
--- file, so that only a copy of the same version goes on where it broke off.
--- Source: spec/contract/neighbours.md, section 5.
local contents = require "azureml.jupyter.contents"
local core = require "azureml.core"
local errors = require "azureml.error"
local pieces = require "azureml.jupyter.pieces"
local task = require "azureml.task"

local download = {}

local TRIES, PAUSE = 4, 1      -- a range that fails is asked for again after 1, 2 and 4 seconds

local function failed(path, fault, hint)
  errors.raise { code = "CopyFailed", message = ("%s: %s"):format(path, fault), hint = hint }
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
    if bytes then return bytes end
    local is_lost = err.kind == "transport" or err.status ~= nil and err.status >= 500
    if not is_lost or try == TRIES then errors.raise(err) end
    task.sleep(PAUSE * 2 ^ (try - 1))
  end
end

-- Fetch the rest of a file.
local function fetch(server, entry, part, report)
  local file <close> = must(part, io.open(part, "ab"))
  local position = must(part, file:seek "end")
  report(position)
  for first, last in pieces.ranges(position, entry.size) do
    must(part, file:write(read_range(server, entry.path, first, last)))
    report(last + 1)
  end
  must(part, file:flush())
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
---@param report fun(bytes: integer)      called with what is there, after each range
---@raise an error object, also `CopyFailed`
function download.file(server, entry, target, report)
  if not entry.size then
    failed(contents.shown(server, entry.path), "the machine tells no size")
  end
  local part = part_of(target, entry)
  local _, size = core.status(part)
  if size and size > entry.size then os.remove(part) end
  fetch(server, entry, part, report)
  check(server, entry, part)
  must(target, os.rename(part, target))
end

return download
