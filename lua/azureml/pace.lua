--- Paces and time limits of waits, all in one place. The core paces polls by the same numbers:
--- csrc/pace.c.
local core = require "azureml.core"

local pace = {
  wait_timeout = 1800,       -- seconds that a wait takes at most, where the caller names no timeout
  capacity_pause = 60,       -- seconds between two tries to start where the region is full
  creation_lag = 60,         -- seconds in which a created instance may still be missing from a GET
  lost_looks = 3,            -- looks at an instance after a lost answer, until its state counts
}

--- Write a time in seconds for a message, to a tenth of a second.
---@param seconds number
---@return string      "1800", "0.5"
function pace.text(seconds)
  return ("%.14g"):format(math.floor(seconds * 10 + 0.5) / 10)
end

--- Make a function that returns the pause before the next look at an instance, at each call: what
--- the service asked for at the last look; else the client's `poll_interval`; else 1 s, then half
--- as much again, up to 10 s. Polls of an operation follow the same order.
--- Source: spec/contract/lro.md, section 17, rule 9.
---@param instances azureml.Instances
---@return fun(): number seconds
function pace.pauses(instances)
  local pause = 0
  return function()
    pause = core.pace_after(pause)
    return instances.asked or instances.workspace:client().poll_interval or pause
  end
end

return pace
