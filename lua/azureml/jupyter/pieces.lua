--- Read local files in pieces, and tell their SHA-256.
local core = require "azureml.core"
local errors = require "azureml.error"
local screen = require "azureml.console.screen"
local task = require "azureml.task"

local pieces = {}

local PIECE = 4 * 1024 * 1024
local YIELD = 16      -- pieces between two looks at the loop, so that Ctrl-C and other tasks go on

local function failed(path, fault)
  errors.raise { code = "CopyFailed", message = ("%s: %s"):format(screen.one_line(path), fault) }
end

--- Open a local file to read it.
---@param path string
---@return file*, integer size
---@raise an error object `CopyFailed`
function pieces.open(path)
  local file, why = io.open(path, "rb")
  if not file then failed(path, (why:gsub("^.*: ", ""))) end
  local size, reason = file:seek "end"
  if not size then
    file:close()
    failed(path, reason)
  end
  return file, size
end

--- Read bytes of a file.
---@param file file*
---@param position integer      from 0
---@param length integer
---@return string
---@raise an error object if there are fewer
function pieces.read(file, position, length)
  file:seek("set", position)
  local bytes = length == 0 and "" or file:read(length)
  if bytes and #bytes == length then return bytes end
  errors.raise { code = "CopyFailed", message = "a local file became shorter while it was read" }
end

--- Iterate over ranges of bytes: the first one's and the last one's position.
---@param position integer
---@param size integer
---@return fun(): integer?, integer?
function pieces.ranges(position, size)
  return function()
    if position >= size then return nil end
    local first = position
    position = math.min(first + PIECE, size)
    return first, position - 1
  end
end

--- Write bytes in hexadecimal.
---@param bytes string
---@return string
function pieces.hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

--- Return the SHA-256 of a file's first bytes, in hexadecimal.
---@param file file*
---@param size integer
---@return string
function pieces.digest(file, size)
  local digest <close> = core.crypto.digest()
  local read = 0
  for first, last in pieces.ranges(0, size) do
    digest:add(pieces.read(file, first, last - first + 1))
    read = read + 1
    if read % YIELD == 0 then task.sleep(0) end
  end
  return pieces.hex(digest:finish())
end

return pieces
