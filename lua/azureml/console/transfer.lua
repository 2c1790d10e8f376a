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

local LEAST_TIME = 0.05      -- seconds; less tells no speed

local Transfer = {}
Transfer.__index = Transfer

-- Return the speed; 0: unknown. What an earlier copy has brought does not count.
local function speed_of(self, bytes, now)
  local seconds = now - self.began
  return seconds >= LEAST_TIME and math.max(0, bytes - self.resumed) / seconds or 0
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
---@param progress { name: string, bytes: integer, total: integer, files: integer, resumed:
---  integer? }
function Transfer:show(progress)
  local now = core.now()
  self.resumed = progress.resumed or 0
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

--- Say what was copied: "12 files, 340 MiB in 4.2 s, 81 MiB/s". There is no
--- speed without bytes or time.
---@param copied azureml.Copied
---@return string
function Transfer:sum(copied)
  local now = core.now()
  local text = ("%s, %s in %s"):format(count.of(copied.files, "file"), screen.bytes(copied.bytes),
    screen.duration(now - self.began))
  local speed = speed_of(self, copied.bytes, now)
  return speed > 0 and ("%s, %s/s"):format(text, screen.bytes(speed)) or text
end

Transfer.__close = Transfer.clear

--- Begin to show a copy.
---@param style string      of --progress: "auto" is a live line where a terminal can draw it, else
---  nothing
---@return table            with show, clear and sum
function transfer.new(style)
  local is_live = style == "auto" and panel.is_possible()
  return setmetatable({
    began = core.now(), resumed = 0, style = is_live and "live" or style,
    panel = is_live and panel.new() or nil,
  }, Transfer)
end

return transfer
