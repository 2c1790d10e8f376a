--- azureml exec: run a command on one instance, or on many side by side, by SSH or by Jupyter.
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local reaching = require "azureml.cli.reaching"
local remote = require "azureml.remote"
local running = require "azureml.cli.running"
local screen = require "azureml.console.screen"
local selection = later "azureml.cli.selection"
local task = require "azureml.task"

local exec = { rewrite = reaching.rewrite }

local LIMIT = 20      -- commands that run at the same time

function exec.configure(parser)
  command.selection_options(parser)
  reaching.options(parser)
  running.option(parser)
  parser:option("--timeout", "give up after SECONDS on each instance")
    :argname("SECONDS"):convert(command.seconds)
  parser:option("--limit", "the number of instances at the same time"):argname "N"
    :convert(command.count_of "instances"):default(tostring(LIMIT))
  command.output_option(parser)
  reaching.command_option(parser)
  command.check(parser, function(args)
    if not args.command then command.misused "which command? It stands behind '--'" end
    local first = type(args.command) == "table" and args.command[1] or args.command
    if not first:find "%S" then command.misused "the command is empty" end
  end)
  parser:epilog("One word behind -- is a line for the instances' shells; several words reach the "
    .. "program as they are:\n  azureml exec --all -- 'df -h | tail -1'\nWithout SSH the command "
    .. "runs through the instance's Jupyter, with the environment of its terminals; standard "
    .. "input is passed on unless it is a terminal.")
end

-- One ---------------------------------------------------------------------------------------------

local function run_one(args)
  local vm = command.workspace(args).instances:get(args.names[1])
  return running.run(args, vm, args.command)
end

-- Many --------------------------------------------------------------------------------------------

local RUNNING = { Running = true, JobRunning = true }

local function run_on(args, vm)
  local output, code, printed = remote.exec(vm, args.command, {
    over = args.over, key = args.key, start = args.start, timeout = args.timeout,
  })
  return { name = vm.name, outcome = "ended", code = code, output = output, errors = printed }
end

-- Return the result for an instance; instances that a filter selected are left out unless they run.
local function result_of(args, vm)
  local is_named = #args.names > 0
  if not is_named and not args.start and not RUNNING[vm.state] then
    return { name = vm.name, outcome = "skipped", why = "it is " .. tostring(vm.state) }
  end
  local result, err = errors.try(run_on, args, vm)
  return result or { name = vm.name, outcome = "failed", why = err.message, hint = err.hint }
end

local function print_result(result)
  if result.outcome == "skipped" then return end      -- the summary counts it
  print(("==> %s <=="):format(result.name))
  if (result.output or "") ~= "" then print((result.output:gsub("\n$", ""))) end
  io.stdout:flush()
  if (result.errors or "") ~= "" then command.say((result.errors:gsub("\n$", ""))) end
  if result.why then command.say(("azureml: %s: %s"):format(result.name, result.why)) end
  if result.hint then command.say("  hint: " .. result.hint) end
end

local function is_success(result)
  return result.outcome == "skipped" or result.code == 0
end

local function print_summary(results)
  local counts, failed = { ended = 0, skipped = 0, failed = 0 }, {}
  for _, result in ipairs(results) do
    counts[result.outcome] = counts[result.outcome] + 1
    if not is_success(result) then
      local why = result.code and "exit code " .. result.code or "not run"
      failed[#failed + 1] = ("%s (%s)"):format(result.name, why)
    end
  end
  command.say(("%d run, %d failed%s, %d skipped"):format(counts.ended, #failed,
    #failed > 0 and ": " .. table.concat(failed, ", ") or "", counts.skipped))
end

local COLUMNS = {
  { title = "Name", key = "name" }, { title = "Outcome", key = "outcome" },
  { title = "Code", key = "code" }, { title = "Output", key = "output" },
}

local FIELDS = {
  name = true, outcome = true, code = true, output = true, errors = true, why = true, hint = true,
}

-- Replace bytes that are not UTF-8, which the formats for programs cannot have.
local function as_text(bytes)
  return bytes and screen.replace_unsafe(bytes, function(character)
    return utf8.len(character) and character or "\u{FFFD}"
  end)
end

local function print_list(args, results)
  for _, result in ipairs(results) do
    result.output, result.errors = as_text(result.output), as_text(result.errors)
  end
  command.print_list(args, results, COLUMNS, nil, FIELDS)
end

local function run_many(args)
  local list = selection.get(command.workspace(args).instances, args)
  local is_text, results = args.output == "table" and not args.columns and not args.query, {}
  task.each(list, function(vm)
    local result = result_of(args, vm)
    results[#results + 1] = result
    if is_text then print_result(result) end
  end, { limit = args.limit })
  table.sort(results, function(a, b) return a.name < b.name end)
  if is_text then print_summary(results) else print_list(args, results) end
  for _, result in ipairs(results) do
    if not is_success(result) then return 1 end
  end
end

function exec.run(args)
  local is_plain = args.output == "table" and not args.columns and not args.query
  if #args.names == 1 and is_plain then return run_one(args) end
  return run_many(args)
end

return exec
