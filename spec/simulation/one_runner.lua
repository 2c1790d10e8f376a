-- one_runner.lua: stop all instances of the first COUNT subscriptions of an estate, at the emulator
-- that AZUREML_EMULATOR names. real.lua measures this program.
--
--     azureml spec/simulation/one_runner.lua COUNT
local estate = require "spec.simulation.estate"
local shift = require "spec.simulation.shift"

local shares = {}
for i = 1, tonumber((...)) do shares[i] = { subscription_id = estate.subscription(i) } end
shift.stop(shares)
