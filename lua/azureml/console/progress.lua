--- What a person or a program sees of a wait: live lines on a terminal, a plain line per change elsewhere, JSON lines on request. On
--- standard error: standard output is for data.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local panel = require "azureml.console.panel"
local screen = require "azureml.console.screen"
local tables = require "azureml.tables"
local tally = require "azureml.console.tally"
local task = require "azureml.task"

local progress = {}

local STYLES = { auto = true, lines = true, json = true, quiet = true }
local TICK = 1              -- seconds between drawings: the time that passed is shown
local LEAST = 0.2           -- seconds between drawings, however much changes
local BAR = { least = 10, most = 40 }
local SHOWN = 3             -- of the slowest, and of the failed ones

local function names_of_styles()
  return table.concat(tables.keys(STYLES), ", ")
end

--- The style that a caller's options ask for.
---@param what string       "wait", for the message
---@param given { progress: string?, show_output: boolean? }
---@return string
function progress.style(what, given)
  local style = given.progress or given.show_output and "auto" or "quiet"
  if STYLES[style] then return style end
  errors.mistake("%s: option 'progress' must be one of %s, not '%s'", what, names_of_styles(), style)
end

-- "auto" is live where it can be.
local function chosen(style)
  if style ~= "auto" then return style end
  return panel.is_possible() and "live" or "lines"
end

local function write(...)
  io.stderr:write(...)
  io.stderr:flush()
end

local function rounded(seconds)
  return math.floor(seconds * 1000 + 0.5) / 1000
end

-- One ---------------------------------------------------------------------------------------------------------------------

-- How a change of one is told: show(word, seconds), then leave().
local of_one = {}

function of_one.live(verb, name)
  local shown = panel.new()
  return function(word, seconds)
    shown:draw { { text = ("%s %s: %s, %s"):format(verb, name, word, screen.duration(seconds)) } }
  end, function() shown:leave() end
end

function of_one.lines(verb, name)
  return function(word, seconds, is_news)
    if is_news then write(screen.one_line(("%s %s: %s, %s"):format(verb, name, word, screen.duration(seconds))), "\n") end
  end
end

function of_one.json(verb, name)
  return function(word, seconds, is_news)
    if is_news then write(json.encode { verb = verb, name = name, state = word, seconds = rounded(seconds) }, "\n") end
  end
end

--- A reporter of one wait.
---@param verb string
---@param name string
---@param style string        of `progress.style`
---@return table? reporter    state(word), at each look; then finish(word), or leave() where an error will say how it ended. Nil: quiet
function progress.reporter(verb, name, style)
  style = chosen(style)
  if style == "quiet" then return nil end
  local began, shown = core.now(), nil
  local show, leave = of_one[style](verb, name)

  local function report(word)
    show(word, core.now() - began, word ~= shown)
    shown = word
  end

  local function finish(word)
    report(word)
    if leave then leave() end
  end

  return { state = report, finish = finish, leave = leave or function() end }
end

-- Many --------------------------------------------------------------------------------------------------------------------

local function bar(share, width)
  local full = math.floor(share * width + 0.5)
  return ("[%s%s]"):format(("#"):rep(full), ("-"):rep(width - full))
end

local function headline(counted, now, width)
  local left = counted:time_left(now)
  local before = ("%s: %d of %d "):format(counted.verb, counted.ended, counted.total)
  local after = (" %s%s"):format(screen.duration(now - counted.began), left and (", about %s left"):format(screen.duration(left)) or "")
  local room = math.min(BAR.most, width - #before - #after - 3)
  if room < BAR.least then return before .. "-" .. after end
  return before .. bar(counted.total > 0 and counted.ended / counted.total or 1, room) .. after
end

local ORDER = { "sent", "accepted", "settling", "done", "skipped", "failed" }

local function counts_line(counted)
  local parts, waiting = {}, counted:waiting()
  if waiting > 0 then parts[1] = waiting .. " waiting" end
  for _, word in ipairs(ORDER) do
    local number = counted.counts[word] or 0
    if number > 0 then parts[#parts + 1] = ("%d %s"):format(number, word) end
  end
  return "  " .. table.concat(parts, ", ")
end

--- The live lines of a fleet.
---@param counted azureml.Tally
---@param now number
---@param width integer
---@return azureml.PanelLine[]
function progress.lines_of(counted, now, width)
  local lines = { { text = headline(counted, now, width), colour = #counted.failed > 0 and 33 or 32 }, { text = counts_line(counted) } }
  for _, one in ipairs(counted:slowest(SHOWN)) do
    lines[#lines + 1] = { text = ("  slow: %s, %s, %s"):format(one.name, one.word, screen.duration(now - one.began)) }
  end
  local failed = counted.failed
  for i = math.max(1, #failed - SHOWN + 1), #failed do
    lines[#lines + 1] = { text = ("  failed: %s: %s"):format(failed[i].name, failed[i].why), colour = 31 }
  end
  return lines
end

local of_many = {}

function of_many.live(counted)
  local shown, drawn_at, timer = panel.new(), -math.huge, nil

  local function draw(now)
    drawn_at = now
    shown:draw(progress.lines_of(counted, now, core.terminal_width(2) or 80))
  end

  local function tick()
    timer = task.at(TICK, tick)
    draw(core.now())
  end

  tick()
  return function()
    local now = core.now()
    if now - drawn_at >= LEAST then draw(now) end
  end, function()
    task.cancel(timer)
    shown:clear()
  end
end

function of_many.lines(counted)
  return function(name, word, seconds, why)
    write(screen.one_line(("%s %s: %s, %s%s"):format(counted.verb, name, word, screen.duration(seconds), why and ": " .. why or "")), "\n")
  end
end

function of_many.json(counted)
  return function(name, word, seconds, why)
    write(json.encode { verb = counted.verb, name = name, state = word, seconds = rounded(seconds), reason = why }, "\n")
  end
end

-- What it came to, where a person or a program looks for the end.
local function summary(style, counted, results_text, now)
  local seconds = now - counted.began
  if style ~= "json" then return ("%s, %s"):format(results_text, screen.duration(seconds)) end
  local ended = {}
  for _, outcome in ipairs { "done", "accepted", "skipped", "failed" } do ended[outcome] = counted.counts[outcome] or 0 end
  return json.encode { verb = counted.verb, summary = ended, seconds = rounded(seconds) }
end

-- What one is told of that no person and no program asked for.
local TOLD = { accepted = true }

--- A reporter of a fleet.
---@param verb string
---@param total integer
---@param style string
---@return table? reporter    began(name); change(name, word); ended(name, outcome, why); finish(text) with what it came to in the end.
---  It is closed, as a <close> variable is. Nil: quiet
function progress.of_many(verb, total, style)
  style = chosen(style)
  if style == "quiet" then return nil end
  local counted, closed = tally.new(verb, total, core.now()), false
  local show, close = of_many[style](counted)
  local reporter = {}

  function reporter.began(name)
    counted:start(name, core.now())
  end

  function reporter.change(name, word)
    counted:change(name, word)
    local seconds = core.now() - counted.under_way[name].began
    if style == "live" or TOLD[word] then show(name, word, seconds) end
  end

  function reporter.ended(name, outcome, why)
    show(name, outcome, counted:finish(name, outcome, why, core.now()), why)
  end

  local function leave()
    if not closed and close then close() end
    closed = true
  end

  function reporter.finish(text)
    leave()
    write(summary(style, counted, text, core.now()), "\n")
  end

  return setmetatable(reporter, { __close = leave })
end

return progress
