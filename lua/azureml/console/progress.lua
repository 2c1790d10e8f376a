--- Show the progress of a wait on standard error: live lines on a terminal, else plain lines, or
--- JSON lines on request. panel.lua draws the live lines, tally.lua counts. Standard output stays
--- free for data.
---
--- Off a terminal the wait of one operation prints a line for each change of state, and every 30 s;
--- a fleet prints its counts every 30 s. The style "lines" prints each change of a fleet as well.
local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local panel = require "azureml.console.panel"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local tally = require "azureml.console.tally"
local task = require "azureml.task"

local progress = {}

local STANDARD_ERROR = 2
local RED, GREEN, YELLOW = 31, 32, 33      -- ANSI colours
local STYLES = { auto = true, lines = true, json = true, quiet = true }
local PULSE = 30            -- seconds between lines off a terminal
local TICK = 1              -- seconds between drawings without a change: the shown time goes on
local LEAST = 0.2           -- seconds between drawings at least, however many changes there are
local BAR = { least = 10, most = 40 }      -- columns
local SHOWN = 3             -- how many slow instances are listed, and how many failed ones

--- The style of a wait whose caller chooses no other: "quiet" in scripts; the prompt sets "auto".
progress.usual = "quiet"

local function names_of_styles()
  return table.concat(tables.keys(STYLES), ", ")
end

--- Return the style that a caller's options select: auto, lines, json or quiet.
---@param caller string       the function's name for the message, such as "wait"
---@param options { progress: string?, show_output: boolean? }
---@return string
---@raise a mistake of the caller for an unknown style
function progress.style(caller, options)
  local style = options.progress or options.show_output and "auto"
    or options.show_output == nil and progress.usual or "quiet"
  if STYLES[style] then return style end
  errors.mistake("%s: option 'progress' must be one of %s, not '%s'", caller, names_of_styles(),
    style)
end

-- Resolve "auto": live on a terminal, else plain lines.
local function resolve_style(style, plain)
  if style ~= "auto" then return style end
  return panel.is_possible() and "live" or plain
end

local function write(...)
  io.stderr:write(...)
  io.stderr:flush()
end

local function rounded(seconds)
  return math.floor(seconds * 1000 + 0.5) / 1000
end

-- Call f every PULSE seconds. Return a function that ends this.
local function pulse(f)
  local timer
  local function tick()
    timer = task.at(PULSE, tick)
    f()
  end
  timer = task.at(PULSE, tick)
  return function()
    if timer then task.cancel(timer) end
    timer = nil
  end
end

local function change_text(verb, name, word, seconds, step)
  if step then word = ("%s (%s)"):format(word, step) end
  return ("%s %s: %s, %s"):format(verb, name, word, screen.duration(seconds))
end

-- One instance ------------------------------------------------------------------------------------

-- For each style, a function that returns show(word, seconds, is_news, step), and leave() or nil.
local of_one = {}

function of_one.live(verb, name)
  local lines = panel.new()

  local function show(word, seconds, _, step)
    lines:draw { { text = change_text(verb, name, word, seconds, step) } }
  end

  return show, function() lines:leave() end
end

function of_one.lines(verb, name)
  local last, last_step, began = nil, nil, core.now()

  local function write_line(word, seconds, step)
    write(screen.one_line(change_text(verb, name, word, seconds, step)), "\n")
  end

  local stop = pulse(function()
    if last then write_line(last, core.now() - began, last_step) end
  end)

  return function(word, seconds, is_news, step)
    last, last_step = word, step
    if is_news then write_line(word, seconds, step) end
  end, stop
end

function of_one.json(verb, name)
  return function(word, seconds, is_news, step)
    if not is_news then return end
    local change = {
      verb = verb, name = name, state = word, step = step, seconds = rounded(seconds),
    }
    write(json.encode(change), "\n")
  end
end

--- Make a reporter for the wait of one operation. The caller calls `state(word, step)` at each
--- poll, where step says what happens in this state or is nil; then `finish(word)`, or `leave()`
--- when an error message follows.
---@param verb string         of the operation: "start"
---@param name string         of the instance
---@param style string        from `progress.style`
---@return table? reporter    nil when the style is quiet
function progress.reporter(verb, name, style)
  style = resolve_style(style, "lines")
  if style == "quiet" then return nil end
  local began, shown, shown_step = core.now(), nil, nil
  local show, leave = of_one[style](verb, name)

  local function report(word, step)
    show(word, core.now() - began, word ~= shown or step ~= shown_step, step)
    shown, shown_step = word, step
  end

  local function finish(word)
    report(word)
    if leave then leave() end
  end

  return { state = report, finish = finish, leave = leave or function() end }
end

-- Many instances ----------------------------------------------------------------------------------

local function bar(share, width)
  local full = math.floor(share * width + 0.5)
  return ("[%s%s]"):format(("#"):rep(full), ("-"):rep(width - full))
end

local function headline(counted, now, width)
  local before = ("%s: %d of %d "):format(counted.verb, counted.ended, counted.total)
  local after = " " .. screen.duration(now - counted.began)
  local left = counted:time_left(now)
  if left then after = ("%s, about %s left"):format(after, screen.duration(left)) end
  local room = math.min(BAR.most, width - #before - #after - 3)
  if room < BAR.least then return before .. "-" .. after end
  local share = counted.total > 0 and counted.ended / counted.total or 1
  return before .. bar(share, room) .. after
end

local WORDS = { "sent", "busy", "accepted", "settling", "done", "skipped", "failed" }
local OUTCOMES = { "done", "accepted", "skipped", "failed" }

local function counts_line(counted)
  local parts, waiting = {}, counted:waiting()
  if waiting > 0 then parts[1] = waiting .. " waiting" end
  for _, word in ipairs(WORDS) do
    local number = counted.counts[word] or 0
    if number > 0 then parts[#parts + 1] = ("%d %s"):format(number, word) end
  end
  return "  " .. table.concat(parts, ", ")
end

-- Return "stop: 4 of 10 after 30 s, about 12 s left: 2 waiting, 4 accepted, 4 done".
local function pulse_line(counted, now)
  local left = counted:time_left(now)
  local rest = left and (", about %s left"):format(screen.duration(left)) or ""
  return ("%s: %d of %d after %s%s:%s"):format(counted.verb, counted.ended, counted.total,
    screen.duration(now - counted.began), rest, counts_line(counted):sub(2))
end

--- Return the live lines of a fleet: a bar, the counts, the slowest instances and the last
--- failures.
---@param counted azureml.Tally
---@param now number           in seconds, on the tally's clock
---@param width integer        in columns
---@return azureml.PanelLine[]
function progress.lines_of(counted, now, width)
  local failed = counted.failed
  local lines = {
    { text = headline(counted, now, width), colour = #failed > 0 and YELLOW or GREEN },
    { text = counts_line(counted) },
  }
  for _, slow in ipairs(counted:slowest(SHOWN)) do
    local age = screen.duration(now - slow.began)
    lines[#lines + 1] = { text = ("  slow: %s, %s, %s"):format(slow.name, slow.word, age) }
  end
  for i = math.max(1, #failed - SHOWN + 1), #failed do
    local text = ("  failed: %s: %s"):format(failed[i].name, failed[i].why)
    lines[#lines + 1] = { text = text, colour = RED }
  end
  return lines
end

-- For each style, a function that returns show(name, word, seconds, why), and close() or nil.
local of_many = {}

function of_many.live(counted)
  local lines, drawn_at, timer = panel.new(), -math.huge, nil

  local function draw(now)
    drawn_at = now
    lines:draw(progress.lines_of(counted, now, core.terminal_width(STANDARD_ERROR) or 80))
  end

  local function tick()
    timer = task.at(TICK, tick)
    draw(core.now())
  end

  local function show()
    local now = core.now()
    if now - drawn_at >= LEAST then draw(now) end
  end

  local function close()
    task.cancel(timer)
    lines:clear()
  end

  tick()
  return show, close
end

function of_many.pulse(counted)
  local stop = pulse(function() write(pulse_line(counted, core.now()), "\n") end)
  return function() end, stop
end

function of_many.lines(counted)
  return function(name, word, seconds, why)
    local text = change_text(counted.verb, name, word, seconds)
    if why then text = text .. ": " .. why end
    write(screen.one_line(text), "\n")
  end
end

function of_many.json(counted)
  return function(name, word, seconds, why)
    local change = {
      verb = counted.verb, name = name, state = word, seconds = rounded(seconds), reason = why,
    }
    write(json.encode(change), "\n")
  end
end

-- Return the last line of a report: the results and the time they took.
local function summary(style, counted, results_text, now)
  local seconds = now - counted.began
  if style ~= "json" then return ("%s, %s"):format(results_text, screen.duration(seconds)) end
  local ended = {}
  for _, outcome in ipairs(OUTCOMES) do ended[outcome] = counted.counts[outcome] or 0 end
  return json.encode { verb = counted.verb, summary = ended, seconds = rounded(seconds) }
end

-- The changes that the styles lines and json report, besides the outcomes.
local REPORTED = { accepted = true }

--- Make a reporter for a fleet. The caller calls `began(name)` when it sends a verb, `change(name,
--- word)` when an instance's operation goes on, `ended(name, outcome, why)` when it ends, and
--- `finish(text)` at the end of all. Hold the reporter in a <close> variable, so that an error
--- removes the live lines.
---@param verb string         "start"
---@param total integer       the number of instances
---@param style string        from `progress.style`
---@return table? reporter    nil when the style is quiet
function progress.of_many(verb, total, style)
  style = resolve_style(style, "pulse")
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
    if style == "live" or REPORTED[word] then show(name, word, seconds) end
  end

  function reporter.ended(name, outcome, why)
    show(name, outcome, counted:finish(name, outcome, why, core.now()), why)
  end

  --- Return the reporter of a part of the fleet, which counts in this one. Its names stand behind
  --- a prefix: "team/ci-ann".
  function reporter.part(prefix, count)
    counted.total = counted.total + count
    local part = { finish = function() end }
    for _, method in ipairs { "began", "change", "ended" } do
      part[method] = function(name, ...) reporter[method](prefix .. "/" .. name, ...) end
    end
    return setmetatable(part, { __close = function() end })
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
