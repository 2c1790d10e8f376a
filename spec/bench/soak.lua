-- soak.lua: send many requests and operations, then check that Lua's memory, the process's memory
-- and its descriptors have not grown. `make soak` runs it; `make soak-asan` runs it under the
-- sanitizers, which report leaks at the end.
--
--     azureml spec/bench/soak.lua SERVER REQUESTS OPERATIONS MORE_RESIDENT
local azureml = require "azureml"
local place = require "spec.bench.place"
local served = require "spec.bench.served"

local program, requests, operations = arg[1], tonumber(arg[2]), tonumber(arg[3])

local ROUNDS = 10
local AT_ONCE = 16
local MORE_LUA = 64                        -- KB that may be left: a table that grew keeps its size
-- The KB that memory may grow in the second half. The allocator reaches its peak in the first half.
local MORE_RESIDENT = tonumber(arg[4])
-- A connection that is being closed may be counted on one side only.
local MORE_DESCRIPTORS = 2

-- Count this process's descriptors: a shell lists those of its parent. Each count includes one pipe
-- to the shell.
local function count_descriptors()
  local listing <close> = assert(io.popen "ls /proc/$PPID/fd")
  return select(2, listing:read("a"):gsub("\n", ""))
end

local function count_resident()
  local file <close> = assert(io.open "/proc/self/statm")
  return select(2, file:read("n", "n")) * 4
end

-- Measure memory and descriptors. Leave out the kept connections, which the server counts.
local function look(server, title)
  collectgarbage()
  collectgarbage()
  local stats = server:stats()
  local seen = {
    lua = collectgarbage "count", resident = count_resident(),
    descriptors = count_descriptors() - stats.open
  }
  print(
    ("%-10s %8.0f KB of Lua's %8d KB resident %5d descriptors besides %d connections"):format(
      title, seen.lua, seen.resident, seen.descriptors, stats.open))
  return seen, stats
end

local function names(count)
  local list = {}
  for i = 1, count do list[i] = ("ci%06d"):format(i) end
  return list
end

-- Do some work of each kind: reads, a list, awaited starts, failing starts, abandoned starts.
local function work(ws, reads, starts)
  azureml.each(names(reads), function(name) assert(ws.instances:get(name).state == "Running") end,
    { limit = AT_ONCE })
  assert(#ws.instances:list():all() == 250)
  ws.instances:start_all { names = names(starts), settle = false }
  azureml.each(names(starts // 10), function(name) ws.instances:start(name):wait() end)
  azureml.each(names(starts // 10), function(name) ws.instances:start(name):close() end)
  azureml.each(names(starts // 10), function(name)
    local _, err = azureml.try(ws.instances.start, ws.instances, "no-" .. name)
    assert(err.code == "ResourceNotFound")
  end)
end

local function main()
  local server <close> = served.start(program, "--takes", "0.05", "--retry-after", "0.02", "--list",
    "250")
  local ws <close> = place(server.url)
  work(ws, requests // ROUNDS, operations // ROUNDS)
  local first = look(server, "at first")
  local middle, last, gets, starts = nil, nil, 0, 0
  for round = 1, ROUNDS do
    local stats
    work(ws, requests // ROUNDS, operations // ROUNDS)
    last, stats = look(server, "round " .. round)
    if round == ROUNDS // 2 then middle = last end
    gets, starts = gets + stats.gets, starts + stats.starts
    assert(stats.early == 0, "a poll came too early")
  end
  assert(gets >= requests and starts >= operations, "less was done than asked for")
  assert(last.lua <= first.lua + MORE_LUA, "Lua's memory grows")
  assert(last.resident <= middle.resident + MORE_RESIDENT, "the process's memory grows")
  assert(last.descriptors <= first.descriptors + MORE_DESCRIPTORS, "descriptors are left open")
  print(("%d requests and %d operations left nothing behind"):format(gets, starts))
end

main()
