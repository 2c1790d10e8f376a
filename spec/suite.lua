--- Run the suite in several processes side by side, and print one result. See spec/worker.lua for
--- what each process does, spec/output.lua for what is printed.
---
---     lua5.4 spec/suite.lua WORKERS COMMAND [SPEC...]
---
--- COMMAND runs busted with spec/worker.lua as its output handler; the shell splits it into words.
--- Where AZUREML_ANSWERS is set, spec/answers.lua runs when all others have ended. The answers of a
--- run are in a directory of its own until then, so that two runs of the same build may overlap.
local json = require "cjson"
local monotime = require("system").monotime
local output = require "spec.output"
local process = require "spec.process"

local suite = {}      -- event -> function that prints it

local shown = output.new()
local shared = {}     -- texts of the errors that all workers meet -> true
local expected = {}   -- run and path of each spec file -> true until it has ended
local running = {}    -- worker -> the spec file that it runs
local began = {}      -- worker -> when it began to run that
local has_failed = {} -- worker -> true

local function key_of(run, path)
  return run .. " " .. path
end

-- All workers list the same files: only the first list of a run is news.
function suite.suite(_, event)
  for _, path in ipairs(event.paths) do
    local key = key_of(event.run, path)
    if expected[key] == nil then
      expected[key] = true
      shown:expect(path)
    end
  end
end

function suite.begin(worker, event)
  running[worker], began[worker] = event.path, monotime()
  shown:begin(event.path)
end

function suite.finish(worker, event)
  running[worker] = nil
  expected[key_of(event.run, event.path)] = false
  shown:finish(event.path, math.tointeger(event.ran), math.tointeger(event.failed),
    monotime() - began[worker])
end

function suite.test(_, event)
  shown:test(event.passed)
end

function suite.fail(worker, event)
  has_failed[worker] = true
  if event.is_shared and shared[event.text] then return end
  shared[event.text] = event.is_shared
  shown:fail(event.text)
end

function suite.skip(_, event)
  shown:skip(event.text)
end

-- A process that fails although no test did has crashed, or a sanitizer has found something.
function suite.exit(worker, code)
  if code == 0 or has_failed[worker] then return end
  local path = running[worker]
  shown:fail(("ERROR a process of the suite ended with exit code %d%s\n"):format(code,
    path and " in " .. path or " after its last spec"))
end

-- Read events until all workers have exited. The pipe may stay open longer, in programs that specs
-- have left behind.
local function follow(pipe, workers)
  local pieces, left = {}, workers
  while left > 0 do
    local line = pipe:read "l"
    if not line then return shown:fail "ERROR a process of the suite was lost\n" end
    local worker, mark, piece = line:match "^(%d+)([+.=])(.*)$"
    if mark == "=" then
      suite.exit(worker, math.tointeger(piece))
      left = left - 1
    else
      pieces[worker] = (pieces[worker] or "") .. piece
      if mark == "." then
        local event = json.decode(pieces[worker])
        pieces[worker] = nil
        suite[event.name](worker, event)
      end
    end
  end
end

-- The shell's command for a worker, which has a home of its own. An interrupt of the terminal ends
-- it, although it is in the background.
local WORKER = "{ mkdir {place}/home{number}; SUITE_WORKER={number} SUITE_CLAIMS={place} "
  .. "AZUREML_ANSWERS='{answers}' HOME={place}/home{number} "
  .. "env --default-signal=INT,TERM {command}; echo {number}=$? >&3; } &"

local function quoted(words)
  local list = {}
  for i, word in ipairs(words) do list[i] = "'" .. word:gsub("'", "'\\''") .. "'" end
  return table.concat(list, " ")
end

local function run(workers, command, answers, specs)
  local place, lines = process.directory(), {}      -- place: of the claims, homes and the pipe
  local _ <close> = setmetatable({}, { __close = function() process.remove(place) end })
  running, has_failed = {}, {}
  for number = 1, workers do
    lines[number] = WORKER:gsub("{(%l+)}", {
      number = number, place = place, answers = answers, command = command .. " " .. quoted(specs),
    })
  end
  local pipe_path = place .. "/events"
  assert(os.execute("mkfifo " .. pipe_path))
  os.execute(("{ %s } 3>%s &"):format(table.concat(lines, " "), pipe_path))
  local pipe <close> = assert(io.open(pipe_path))
  follow(pipe, workers)
end

local function check_all_ran()
  for key, is_left in pairs(expected) do
    if is_left then shown:fail(("ERROR not run to its end: %s\n"):format(key:match " (.*)")) end
  end
end

-- Make a directory for the answers of this run. At its end it takes the place of the last run's.
local function answers_directory(last)
  local path = process.run({ "mktemp", "-d", last .. ".XXXXXX" }):gsub("\n$", "")
  return path, setmetatable({}, { __close = function()
    process.run { "sh", "-c", 'rm -rf "$2" && mv "$1" "$2"', "sh", path, last }
  end })
end

local function run_all(workers, command, specs)
  local last = os.getenv "AZUREML_ANSWERS" or ""
  if last == "" then return run(workers, command, "", specs) end
  local answers, owner = answers_directory(last)
  local _ <close> = owner
  run(workers, command, answers, specs)
  run(1, command, answers, { "spec/answers.lua" })
end

local function main(workers, command, ...)
  local start = monotime()
  run_all(math.tointeger(workers), command, { ... })
  check_all_ran()
  os.exit(shown:close(monotime() - start))
end

main(...)
