-- bench.lua: compare the cost of this package with raw libcurl. Each job runs in turn as the
-- package does it (ours.lua) and as plain libcurl requests (floor.c), against the same server
-- (server.c), over TLS, as at the service. `make bench` builds and runs it; it prints a table and
-- writes results.json.
--
--     azureml spec/bench/bench.lua BUILD
--
-- BENCH_ROUNDS=5 sets the number of rounds. BENCH_JOBS="cold get list" selects the jobs: cold, get,
-- list, start, settle, hold, budget, decode, pending. README.md has results.

local azureml = require "azureml"
local certificate = require "spec.certificate"
local served = require "spec.bench.served"

local build = arg[1]
local rounds = tonumber(os.getenv "BENCH_ROUNDS" or "5")
local wanted = os.getenv "BENCH_JOBS" or ""

local TAKES = 2                     -- seconds that a start takes at the server
local LISTED, READ = 10000, 20000   -- instances in the list; GETs

-- A goal limits the ratio of the package to raw libcurl: time (the whole run), over (the time
-- beyond what the service takes), cpu (processor time). The goal memory limits the package's memory
-- in MB. repeats: the runs in a round, for jobs that are too short to measure once. server: the
-- arguments of a server of the job's own. is_free: the sides may send different requests.
local HELD = { "--hold", "50" }
local THROTTLED = { "--budget", "200", "--refill", "10" }
local JOBS = {
  { name = "cold start, one GET", argv = { "cold" },
    repeats = 20, goals = { time = 1.05, memory = 13 } },
  { name = "20,000 GETs, 1 at a time", argv = { "get", "20000", "1" }, goals = { time = 1.2 } },
  { name = "20,000 GETs, 32 at a time", argv = { "get", "20000", "32" }, goals = { time = 1.2 } },
  { name = "list of 1,000", argv = { "list" }, repeats = 20, server = { "--list", "1000" },
    goals = { time = 1.4 } },
  { name = "list of 10,000", argv = { "list" }, repeats = 5, goals = { time = 1.7 } },
  { name = "start 1", argv = { "start", "1", "16" }, takes = TAKES, goals = {} },
  { name = "start 10", argv = { "start", "10", "16" }, takes = TAKES, goals = {} },
  { name = "start 100", argv = { "start", "100", "16" }, takes = TAKES, goals = {} },
  { name = "start 1,000", argv = { "start", "1000", "16" },
    takes = TAKES, goals = {} },
  { name = "start 10,000", argv = { "start", "10000", "16" },
    takes = TAKES, goals = { over = 1.1, memory = 70 } },
  -- A workspace of 10,000 instances, larger than the fleet: each instance is looked at in the end.
  { name = "start 100 of 10,000, look", argv = { "settle", "100", "16" },
    takes = TAKES, is_free = true, goals = { over = 0.6 } },
  { name = "start 1,000 of 10,000, look", argv = { "settle", "1000", "16" },
    takes = TAKES, is_free = true, goals = { over = 0.9 } },
  -- Each reply takes 50 ms more.
  { name = "2,000 GETs, 32, held", argv = { "get", "2000", "32" }, server = HELD,
    goals = { time = 1.1 } },
  { name = "list of 10,000, held", argv = { "list" }, server = HELD, goals = { time = 1.1 } },
  { name = "start 1,000, held", argv = { "start", "1000", "16" }, server = HELD,
    takes = TAKES, goals = { over = 1 } },
  -- The service takes 200 starts at once and 10 a second from then on: 6 s for 260.
  { name = "start 260, throttled", argv = { "start", "260", "16" }, server = THROTTLED,
    takes = TAKES + 6, goals = {} },
}

-- The names that select a job: that of its kind, and that of the first option of its own server.
local function names_of(job)
  return { job.argv[1], job.server and job.server[1]:sub(3) }
end

-- Refuse names that select no job.
local function check_wanted()
  local known = { decode = true, pending = true }
  for _, job in ipairs(JOBS) do
    for _, name in ipairs(names_of(job)) do known[name] = true end
  end
  for name in wanted:gmatch "%S+" do
    if not known[name] then error(("BENCH_JOBS: there is no job '%s'"):format(name), 0) end
  end
end

check_wanted()

local authority = certificate.authority()
certificate.server(authority, "IP:127.0.0.1")

-- Programs ----------------------------------------------------------------------------------------

-- Run a program that trusts the server's authority, and return its output.
local function output_of(...)
  local trust = "SSL_CERT_FILE=" .. authority.ca_file
  local file <close> = assert(io.popen(served.command("env", trust, ...)))
  return file:read "a"
end

local function measure(...)
  local took = azureml.json.decode(output_of(build .. "/bench/measure", ...))
  if took.code ~= 0 then error("this failed: " .. served.command(...), 0) end
  took.cpu = took.user + took.system
  return took
end

local sides = {}

function sides.floor(server, argv)
  return measure(build .. "/bench/floor", server.url, table.unpack(argv))
end

function sides.ours(server, argv)
  return measure(build .. "/azureml", "spec/bench/ours.lua", server.url, table.unpack(argv))
end

-- Figures -----------------------------------------------------------------------------------------

local function median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local middle = #sorted // 2
  return #sorted % 2 == 1 and sorted[middle + 1] or (sorted[middle] + sorted[middle + 1]) / 2
end

local function medians_of(runs)
  local columns, medians = {}, {}
  for _, run in ipairs(runs) do
    for name, value in pairs(run) do
      columns[name] = columns[name] or {}
      table.insert(columns[name], value)
    end
  end
  for name, values in pairs(columns) do medians[name] = median(values) end
  return medians
end

-- Counts that must be equal on both sides. Polls may differ: the slower side sends fewer.
local COUNTS = { "tokens", "gets", "pages", "starts" }

local function once(server, side, job)
  local runs = {}
  server:stats()
  for i = 1, job.repeats or 1 do runs[i] = sides[side](server, job.argv) end
  local seen, took = server:stats(), medians_of(runs)
  if seen.early > 0 then
    error(("%s: %s: %d polls came too early"):format(job.name, side, seen.early), 0)
  end
  took.requests = 0
  for _, name in ipairs(COUNTS) do took.requests = took.requests + seen[name] / #runs end
  took.polls = seen.polls / #runs
  took.server_cpu = seen.cpu / #runs
  took.connections = seen.most_open
  took.over = took.seconds - (job.takes or 0)
  return took
end

-- Start the server of a job.
local function serve(arguments)
  return served.start_tls(authority, build .. "/bench/server", "--takes", tostring(TAKES),
    "--retry-after", "1", table.unpack(arguments))
end

-- Measure both sides in turn. Alternate the order, so that neither side gets a quieter machine.
local function measure_job(server, job)
  local runs, ratios = { floor = {}, ours = {} }, {}
  for round = 1, rounds do
    local order = round % 2 == 1 and { "floor", "ours" } or { "ours", "floor" }
    for _, side in ipairs(order) do runs[side][round] = once(server, side, job) end
    local floor, ours = runs.floor[round], runs.ours[round]
    ratios[round] = {
      time = ours.seconds / floor.seconds, over = ours.over / floor.over, cpu = ours.cpu / floor.cpu
    }
    if not job.is_free and math.abs(floor.requests - ours.requests) > 0.5 then
      local message = "%s: the floor sent %d requests, ours %d"
      error(message:format(job.name, floor.requests, ours.requests), 0)
    end
  end
  return {
    name = job.name, goals = job.goals, floor = medians_of(runs.floor),
    ours = medians_of(runs.ours), ratios = medians_of(ratios)
  }
end

local function verdict(result)
  local words = {}
  local function judge(name, value, goal, format)
    if not goal then return end
    local sign = value <= goal and "<=" or ">"
    words[#words + 1] = ("%s " .. format .. " %s %s"):format(name, value, sign, goal)
    result.met = result.met ~= false and value <= goal
  end
  judge("time", result.ratios.time, result.goals.time, "%.2f")
  judge("beyond", result.ratios.over, result.goals.over, "%.2f")
  judge("cpu", result.ratios.cpu, result.goals.cpu, "%.2f")
  judge("MB", result.ours.memory / 1024, result.goals.memory, "%.1f")
  return table.concat(words, ", "), result.met == nil and "" or result.met and "met" or "NOT MET"
end

local ROW = "%-28s %9s %9s %7s %9s %9s %7s %7s %7s %7s  %s"

local function show_head()
  print(ROW:format("", "floor ms", "ours ms", "ratio", "cpu ms", "cpu ms", "ratio", "MB", "MB",
    "server", "goals"))
end

-- Print a row. Times are those beyond what the service takes; the server column tells how busy the
-- server was during the package's run.
local function show(result)
  local floor, ours = result.floor, result.ours
  local function ms(seconds) return ("%.1f"):format(seconds * 1000) end
  local verdicts, met = verdict(result)
  print(ROW:format(result.name,
    ms(floor.over), ms(ours.over), ("%.2f"):format(result.ratios.over),
    ms(floor.cpu), ms(ours.cpu), ("%.2f"):format(result.ratios.cpu),
    ("%.1f"):format(floor.memory / 1024), ("%.1f"):format(ours.memory / 1024),
    ("%.0f %%"):format(100 * ours.server_cpu / ours.seconds),
    verdicts .. (met ~= "" and ": " .. met or "")))
end

-- The other questions -----------------------------------------------------------------------------

-- Measure how fast the server answers plain HTTP.
local function ask_ceiling()
  local server <close> = served.start(build .. "/bench/server")
  server:stats()
  local rate = tonumber(
    output_of(build .. "/bench/load", tostring(server.port), "/workspaces/bench/computes/ci000000",
      "100000", "16"))
  local seen = server:stats()
  print(
    ("the server answers %.0f GETs a second at most, %.1f us of its processor each"):format(
      rate, seen.cpu / seen.gets * 1e6))
  return { a_second = rate, cpu = seen.cpu / seen.gets }
end

-- Measure the memory of each of 10,000 pending operations, and the processor time of waiting.
local function ask_pending()
  local server <close> = served.start_tls(authority, build .. "/bench/server", "--takes", "3600",
    "--retry-after", "600")
  local few = azureml.json.decode(
    output_of(build .. "/azureml", "spec/bench/ours.lua", server.url, "pending", "10"))
  local many = azureml.json.decode(
    output_of(build .. "/azureml", "spec/bench/ours.lua", server.url, "pending", "10010"))
  local each = (many.resident - few.resident) / 10000
  local verdict_text = each < 4 * 1024 and "met" or "NOT MET"
  print(("10,000 pending: %.1f KB each (goal: under 4: %s), "):format(each / 1024, verdict_text)
    .. ("%.2f %% of a processor while they wait"):format(many.busy * 100))
  return { bytes_each = each, busy = many.busy, met = each < 4 * 1024 }
end

-- Measure lua-cjson alone: no job that decodes replies can take less.
local function ask_decoding(server)
  local took = azureml.json.decode(
    output_of(build .. "/azureml", "spec/bench/ours.lua", server.url, "decode", "200")).seconds
  local list_ms, reads_ms = took * LISTED * 1e3, took * READ * 1e3
  print(("lua-cjson alone takes %.1f us to decode an instance: "):format(took * 1e6)
    .. ("%.0f ms for the list, %.0f ms for the GETs"):format(list_ms, reads_ms))
  return took
end

-- Check that processor time is linear: from 1,000 to 10,000 starts it grows tenfold, apart from the
-- time that a process needs to begin.
local function ask_growth(results)
  local cpu = {}
  for _, result in ipairs(results) do cpu[result.name] = result.ours.cpu end
  local base, thousand, ten = cpu["start 1"], cpu["start 1,000"], cpu["start 10,000"]
  if not (base and thousand and ten) then return nil end
  local growth = (ten - base) / (thousand - base)
  print(("from N = 1,000 to 10,000 our processor's time grows by %.1f"):format(growth))
  return growth
end

-- All ---------------------------------------------------------------------------------------------

local function is_wanted(name)
  return wanted == ""
    or (" " .. wanted .. " "):find(" " .. name .. " ", 1, true) ~= nil
end

local function write(path, value)
  local file <close> = assert(io.open(path, "w"))
  file:write(azureml.json.encode(value), "\n")
end

local function main()
  local server <close> = serve {}
  local all = { rounds = rounds, jobs = azureml.json.array {} }
  all.server = ask_ceiling()
  show_head()
  for _, job in ipairs(JOBS) do
    local kind, server_name = table.unpack(names_of(job))
    if is_wanted(kind) or server_name and is_wanted(server_name) then
      local own <close> = job.server and serve(job.server)
      local result = measure_job(own or server, job)
      all.jobs[#all.jobs + 1] = result
      show(result)
    end
  end
  all.growth = ask_growth(all.jobs)
  if is_wanted "decode" then all.decoding = ask_decoding(server) end
  if is_wanted "pending" then all.pending = ask_pending() end
  write(build .. "/bench/results.json", all)
  certificate.remove(authority)
end

main()
