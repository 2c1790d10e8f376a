--- What a person sees of a wait: a live line on a terminal, a plain line per change elsewhere. On standard error: standard output is for data.
local core = require "azureml.core"
local render = require "azureml.render"

local progress = {}

local STANDARD_ERROR = 2

local function write(...)
  io.stderr:write(...)
  io.stderr:flush()
end

local function fit(text, width)
  return #text < width and text or text:sub(1, width - 1)
end

--- A reporter of one wait.
---@param label string        "create ci-ann"
---@return table reporter     :state(word), at each look; :finish(word), once
function progress.reporter(label)
  local began, shown = core.now(), nil
  local reporter = {}

  local function line(word)
    return ("%s: %s, %s"):format(label, word, render.duration(core.now() - began))
  end

  local function plainly(word)
    if word ~= shown then write(line(word), "\n") end
    shown = word
  end

  local function live(word, ending)
    local width = core.terminal_width(STANDARD_ERROR)
    write("\r\27[K", fit(line(word), width), ending)
  end

  function reporter:state(word)
    if core.terminal_width(STANDARD_ERROR) then live(word, "") else plainly(word) end
  end

  function reporter:finish(word)
    if core.terminal_width(STANDARD_ERROR) then live(word, "\n") else plainly(word) end
  end

  return reporter
end

return progress
