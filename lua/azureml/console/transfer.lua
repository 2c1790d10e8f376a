--- Show how far a copy of files is, on standard error: a live line on a terminal, plain lines or
--- lines of JSON on request.
local core = require "azureml.core"
local count = require "azureml.tool.count"
local json = require "azureml.json"
local panel = require "azureml.console.panel"
local screen = require "azureml.console.screen"

local transfer = {}

-- Seconds between two reports at least, by style.
local LEAST = { live = 0.2, lines = 10, json = 1 }

local Transfer = {}
Transfer.__index = Transfer

-- The speed counts what was copied since the start: the rest of an earlier copy is not in it.
local function speed_of(self, bytes, now)
  local seconds = now - self.began
  return seconds > 0 and math.max(0, bytes - (self.first or bytes)) / seconds or 0
end

local function line_of(self, progress, now)
  local speed = speed_of(self, progress.bytes, now)
  local parts = {
    progress.files > 1 and count.of(progress.files, "file") or progress.name,
    ("%s of %s"):format(screen.bytes(progress.bytes), screen.bytes(progress.total)),
  }
  if progress.total > 0 then
    table.insert(parts, 2, ("%d %%"):format(100 * progress.bytes // progress.total))
  end
  if speed > 0 then
    table.insert(parts, screen.bytes(speed) .. "/s")
    table.insert(parts, screen.duration((progress.total - progress.bytes) / speed) .. " left")
  end
  return table.concat(parts, ", ")
end

-- How each style reports.
local draw = {}

function draw.live(self, progress, now)
  self.panel:draw { { text = line_of(self, progress, now) } }
end

function draw.lines(self, progress, now)
  io.stderr:write(screen.one_line(line_of(self, progress, now)), "\n")
end

function draw.json(_, progress)
  io.stderr:write(json.encode(progress), "\n")
end

--- Take what a copy tells.
---@param progress { name: string, bytes: integer, total: integer, files: integer }
function Transfer:show(progress)
  local now = core.now()
  self.first = self.first or progress.bytes
  local least = LEAST[self.style]
  local is_soon = self.last and now - self.last < (least or 0) and progress.bytes < progress.total
  if not least or is_soon then return end
  self.last = now
  draw[self.style](self, progress, now)
end

--- Take the line away.
function Transfer:clear()
  if self.panel then self.panel:clear() end
end

--- Say what was copied: "12 files, 340 MiB in 4.2 s, 81 MiB/s".
---@param copied azureml.Copied
---@return string
function Transfer:sum(copied)
  local now = core.now()
  local seconds = now - self.began
  return ("%s, %s in %s, %s/s"):format(count.of(copied.files, "file"),
    screen.bytes(copied.bytes), screen.duration(seconds),
    screen.bytes(speed_of(self, copied.bytes, now)))
end

Transfer.__close = Transfer.clear

--- Begin to show a copy.
---@param style string      of --progress: "auto" is a live line where a terminal can draw it, else
---  nothing
---@return table            with show, clear and sum
function transfer.new(style)
  local is_live = style == "auto" and panel.is_possible()
  return setmetatable({
    began = core.now(), style = is_live and "live" or style, panel = is_live and panel.new() or nil,
  }, Transfer)
end

return transfer
