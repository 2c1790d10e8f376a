-- simulation.lua: how many principals and how many runners does it take to stop the instances of
-- 200 subscriptions, 500 in each, within 10 minutes? `make simulation` runs it.
--
--     azureml spec/simulation/simulation.lua
--
-- The first table is of virtual time (virtual.lua): what the service's token buckets allow, beside
-- what model.lua predicts. A subscription's buckets are its own, so one runner's share stands for
-- those of all others. The second table is of real time (real.lua): what a runner needs.
--
-- SIMULATION_RUNNERS="5 20" sets how many runners share the estate in the first table; 1 takes
-- seven minutes on an idle machine. SIMULATION_REAL="10 40" sets the subscriptions of the runners
-- that are measured; each takes three minutes.
local model = require "spec.simulation.model"
local real = require "spec.simulation.real"
local virtual = require "spec.simulation.virtual"

local SUBSCRIPTIONS, INSTANCES, WORKSPACES = 200, 500, 10
local LIMIT = 600                       -- seconds in which all have to be stopped

-- What a runner may use, with a margin: half of a processor, and so many MB of the 128 that
-- `azureml run --as kubernetes` gives it.
local SHARE, MEMORY = 0.5, 100

local function numbers(variable, default)
  local list = {}
  for word in (os.getenv(variable) or default):gmatch "%d+" do list[#list + 1] = tonumber(word) end
  return list
end

local function say(...)
  print(string.format(...))
  io.stdout:flush()
end

-- The service's limits ----------------------------------------------------------------------------

-- What is not said here is: 5 subscriptions of 500 instances, one principal, one runner.
local CASES = {
  { "five, one principal" },
  { "five, two principals each", principals = 2 },
  { "five, five principals each", principals = 5 },
  { "the same five, two runners", runners = 2 },
  { "the same, a principal each", runners = 2, principals = 2 },
  { "five, the limits of 2023", throttle = "hourly" },
  { "4,600 in a subscription", subscriptions = 1, instances = 4600 },
  { "10,000 in a subscription", subscriptions = 1, instances = 10000 },
  { "10,000, three principals", subscriptions = 1, instances = 10000, principals = 3 },
}

local ROW = "%-28s %8s %9s %9s %6s %8s %8s %8s"

local function show_head()
  say(ROW, "", "seconds", "model", "requests", "429", "waited", "turn", "stops/s")
end

-- The largest share of a principal has the most workspaces.
local function predicted(case)
  if case.throttle then return "" end
  local workspaces = math.ceil(case.workspaces / case.principals)
  local told = model.predict(case.instances * workspaces // case.workspaces)
  return ("%.0f-%.0f"):format(told.least, told.most)
end

local function show(title, case, figures)
  say(ROW, title, ("%.0f"):format(figures.seconds), predicted(case), figures.requests,
    figures.refused, ("%.0f"):format(figures.waited), ("%.1f"):format(figures.mean_turn),
    ("%.1f"):format(figures.stops / figures.seconds))
end

local function complete(case)
  return {
    subscriptions = case.subscriptions or 5, instances = case.instances or INSTANCES,
    workspaces = WORKSPACES, principals = case.principals or 1, runners = case.runners or 1,
    throttle = case.throttle,
  }
end

local function simulate(title, given)
  local case = complete(given)
  local figures = virtual.run(case)
  show(title, case, figures)
  return figures
end

-- Find the fewest principals by which a subscription is stopped in time.
local function find_principals()
  for principals = 1, WORKSPACES do
    local figures = simulate(("a subscription, principals: %d"):format(principals),
      { subscriptions = 1, principals = principals })
    if figures.seconds <= LIMIT then return say("principals: %d at least", principals) end
  end
  say("principals: more than %d", WORKSPACES)
end

local function simulate_limits()
  show_head()
  find_principals()
  for _, case in ipairs(CASES) do simulate(case[1], case) end
  for _, runners in ipairs(numbers("SIMULATION_RUNNERS", "5 20")) do
    local share = math.ceil(SUBSCRIPTIONS / runners)
    local figures = simulate(("%d subscriptions, 1 of %d"):format(share, runners),
      { subscriptions = share })
    say("  all %d runners: %d requests, %.0f stops a second, %s 10 minutes", runners,
      figures.requests * runners, figures.stops * runners / figures.seconds,
      figures.seconds <= LIMIT and "within" or "NOT within")
  end
end

-- A runner's own ----------------------------------------------------------------------------------

local REAL_ROW = "%-28s %8s %9s %9s %9s"

-- Return the MB of a runner without subscriptions, and those of each subscription: the line through
-- the first and the last that were measured.
local function memory_of(needs)
  local first, last = needs[1], needs[#needs]
  local each = (last.memory - first.memory) / (last.subscriptions - first.subscriptions)
  return first.memory - each * first.subscriptions, each
end

-- Return the most seconds of a processor that a subscription took. A runner of many takes less for
-- each: the emulator is slower then, and is polled less often.
local function cpu_of(needs)
  local most = 0
  for _, need in ipairs(needs) do most = math.max(most, need.cpu / need.subscriptions) end
  return most
end

local function measure_runners()
  local needs = {}
  say(REAL_ROW, "", "seconds", "cpu s", "ms/stop", "MB")
  for index, count in ipairs(numbers("SIMULATION_REAL", "10 40")) do
    local need = real.run(count, { instances = INSTANCES, workspaces = WORKSPACES })
    need.subscriptions, needs[index] = count, need
    say(REAL_ROW, ("a runner of %d subscriptions"):format(count), ("%.0f"):format(need.seconds),
      ("%.1f"):format(need.cpu), ("%.2f"):format(need.cpu * 1000 / (count * INSTANCES)),
      ("%.0f"):format(need.memory))
  end
  return needs
end

local function say_runners(needs)
  if #needs < 2 then return end
  local memory, each = memory_of(needs)
  local cpu = cpu_of(needs)
  local by_cpu, by_memory = SHARE * LIMIT // cpu, (MEMORY - memory) // each
  say("a subscription takes %.2f s of a processor and %.2f MB; a runner %.0f MB besides", cpu, each,
    memory)
  say("half a processor drives %d subscriptions in 10 minutes; %d MB hold %d", by_cpu, MEMORY,
    by_memory)
  say("runners: %d at least", math.ceil(SUBSCRIPTIONS / math.min(by_cpu, by_memory)))
end

say("%d subscriptions of %d instances, to be stopped in %d s", SUBSCRIPTIONS, INSTANCES, LIMIT)
simulate_limits()
say ""
say_runners(measure_runners())
