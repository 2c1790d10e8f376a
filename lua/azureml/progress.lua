--- What a person sees of a wait: a live line on a terminal, a plain line per change elsewhere. On standard error: standard
--- output is for data.
local core = require "azureml.core"
local render = require "azureml.render"

local progress = {}

local STANDARD_ERROR = 2

local function write(...)
  io.stderr:write(...)
  io.stderr:flush()
end

--- A reporter of one wait.
---@param label string        "create ci-ann"
---@return table reporter     state(word), at each look; then finish(word), or leave() where an error will say how it ended
function progress.reporter(label)
  local began, shown = core.now(), nil

  local function line(word)
    return ("%s: %s, %s"):format(label, word, render.duration(core.now() - began))
  end

  local function plainly(word)
    if word ~= shown then write(line(word), "\n") end
  end

  local function live(word, ending)
    local width = core.terminal_width(STANDARD_ERROR)
    write("\r\27[K", render.cut(line(word), width - 1), ending)
  end

  local function report(word, ending)
    if core.terminal_width(STANDARD_ERROR) then live(word, ending) else plainly(word) end
    shown = word
  end

  local function end_line()
    if shown and core.terminal_width(STANDARD_ERROR) then write "\n" end
  end

  return {
    leave = end_line,
    state = function(word) report(word, "") end,
    finish = function(word) report(word, "\n") end,
  }
end

local STYLES = { auto = true, none = true }

--- Is there a style of that name?
function progress.is_style(name)
  return STYLES[name] == true
end

--- The names of the styles.
---@return string
function progress.styles()
  local names = {}
  for name in pairs(STYLES) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, ", ")
end

function progress.of_many()
  return nil
end

return progress
