--- Run the executable as lua5.4 runs: options, LUA_INIT, then a command, a script or the prompt.
--- main.c calls `start`, then each function that `next` returns; it calls `fail` when a function
--- raises, and exits with `exit_code`. arguments.lua parses the options.
local arguments = require "azureml.console.arguments"
local signals = require "azureml.signals"
local tables = require "azureml.tool.tables"
local traceback = require "azureml.console.traceback"

local interpreter = { exit_code = 0, catch = traceback.catch }

local SIGINT, SIGPIPE = 2, 13
local SHOWN = 20         -- operations listed after an interrupt

-- From main.c: version, copyright, modules, program, argv, is_output_lost.
local host
local steps = {}         -- each returns the function to call next and its arguments
local interrupted_by = SIGINT

local function say(text)
  io.stderr:write("azureml: ", text, "\n")
end

local function stop(code)
  interpreter.exit_code = code
  steps = {}
end

-- Refuse wrong usage: in two lines, or as JSON where the words ask for it.
local function refuse(message)
  local err = require("azureml.error").new { code = "Usage", message = message,
    hint = arguments.hint }
  stop(require("azureml.cli.complaint").report(err, host.argv))
end

local function do_nothing() end

-- Return a compiled chunk. Without one, print the compiler's message, stop with exit code 1, and
-- return a function that does nothing.
local function compiled(chunk, message)
  if chunk then return chunk end
  require("azureml.tool.notice").tell("failed", message)
  say(message)
  stop(1)
  return do_nothing
end

-- Interrupts --------------------------------------------------------------------------------------

--- Raise the error of an interrupt. main.c's hook and the loop call it after a signal.
---@param number integer      of the signal
---@raise the error object `Interrupted`
function signals.interrupt(number)
  interrupted_by = number
  error(require("azureml.error").interrupted(), 0)
end

local function handle_signal()
  local number = signals.drain()
  if number then signals.interrupt(number) end
end

-- Let the loop watch for signals, so that a signal ends a wait. The loop loads on first use.
local search_embedded = package.searchers[2]
package.preload["azureml.task"] = function(name)
  local task = search_embedded(name)(name)
  task.on(signals.fd, handle_signal)
  return task
end

local function report_list(title, items)
  if #items == 0 then return end
  io.stderr:write(title, "\n  ", tables.excerpt(items, SHOWN, "\n  "), "\n")
end

-- Print what the fleets had achieved that the interrupt ended.
local function report_fleets(fleets)
  for _, results in ipairs(fleets) do
    local failures = {}
    for _, result in ipairs(results) do
      if result.outcome == "failed" then
        failures[#failures + 1] = ("%s: %s"):format(result.name, result.error.message)
      end
    end
    local place = #fleets > 1 and results.workspace .. ": " or ""
    io.stderr:write(place, tostring(results), "\n")
    report_list("failed:", failures)
  end
end

-- Tell whether the journal has operations for another process to go on with.
local function is_journaled(pending)
  local journal = package.loaded["azureml.journal"]
  for _, operation in ipairs(pending) do
    if operation.entry then return true end
  end
  return journal ~= nil and rawget(journal, "active_count") ~= nil and journal.active_count() > 0
end

-- List the operations and the deployments that were not waited for to the end.
local function list_pending()
  local pending = {}
  for _, name in ipairs { "azureml.operation", "azureml.deployment" } do
    local module = package.loaded[name]
    for _, each in ipairs(module and module.pending() or {}) do pending[#pending + 1] = each end
  end
  return pending
end

-- Print what is known of the operations that an interrupt left behind.
local function report_pending(interrupt)
  local pending = list_pending()
  local unanswered = interrupt.unanswered or {}
  report_fleets(interrupt.fleets or {})
  report_list("these go on at the service:", pending)
  report_list("these were sent, and their answers have not come:", unanswered)
  if #pending + #unanswered > 0 and is_journaled(pending) then
    io.stderr:write(require("azureml.hints").go_on_waiting, "\n")
  end
end

local function is_interrupted(value)
  local errors = package.loaded["azureml.error"]
  return errors ~= nil and errors.is_interrupted(value)
end

-- Reports -----------------------------------------------------------------------------------------

local is_observed = false      -- the run's reports are not written yet

-- Return the exit code of a run that would end with a code: a failure also when standard output
-- cannot be written, which main.c reports.
local function effective_code(code)
  return code == 0 and host.is_output_lost() and 1 or code
end

-- Write the reports of the run, if the user asked for some. Return the exit code: a failure when a
-- report could not be written.
local function report_run(code)
  if not is_observed then return code end
  is_observed = false
  local fault = require("azureml.observe").finish(effective_code(code))
  if not fault then return code end
  say(fault)
  return code == 0 and 1 or code
end

-- Return the code with which os.exit leaves; nil: it refuses the argument. A process keeps the
-- lowest eight bits.
local function code_of(given)
  if given == nil or given == true then return 0 end
  local number = given == false and 1 or tonumber(given)
  local code = number and math.tointeger(number)
  return code and code & 0xFF
end

-- Let os.exit write the reports first.
local function report_before_exit()
  local before = { exit = os.exit }      -- Lua's "bad argument #1 to 'exit'" takes the field's name
  function os.exit(given, close)         -- luacheck: ignore 122
    local code = code_of(given)
    return before.exit(code and report_run(code) or given, close)
  end
end

-- Begin to observe the run, for the reports that the options name.
local function observe(options, is_refused)
  local files = {}
  for _, name in ipairs { "prometheus", "summary" } do
    if options[name] then files[#files + 1] = { option = name, path = options[name] } end
  end
  is_observed = true
  require("azureml.observe").start {
    files = files, argv = host.argv, first = options.first, is_script = options.ended,
    is_refused = is_refused,
  }
  report_before_exit()
end

-- Observe the run if the options name reports, also when they are refused: a report of the run
-- before must not stand for this one. Return whether the run may go on.
local function observe_if_asked(options, is_refused)
  if not (options.prometheus or options.summary) then return true end
  local ok, caught = xpcall(observe, traceback.catch, options, is_refused)
  if not ok then interpreter.fail(caught) end
  return ok
end

-- Steps -------------------------------------------------------------------------------------------

local function add(step)
  steps[#steps + 1] = step
end

local function library(name)
  local global, module = name:match "^([^=]*)=(.*)$"
  return function() _G[global or name] = _G.require(module or name) end
end

local make_step = {
  e = function(text) return compiled(load(text, "=(command line)")) end,
  l = library,
  W = function() return warn, "@on" end,
}

local function add_init()
  for _, name in ipairs { "LUA_INIT_5_4", "LUA_INIT" } do
    local init = os.getenv(name)
    if init then
      add(function()
        if init:sub(1, 1) == "@" then return compiled(loadfile(init:sub(2))) end
        return compiled(load(init, "=" .. name))
      end)
      return
    end
  end
end

-- Read the global `arg` just before the script starts: -e and -l may have changed it.
local function script_arguments()
  if type(arg) ~= "table" then error("'arg' is not a table", 0) end
  return table.unpack(arg)
end

local function add_script(name)
  add(function()
    return compiled(loadfile(name)), script_arguments()
  end)
end

local function add_command(words)
  add(function()
    return function() interpreter.exit_code = require("azureml.cli").main(words) or 0 end
  end)
end

-- Name the emulator in use, for the greeting; nil for Azure.
local function world(options)
  if options.emulator then return ("emulator, speed %g"):format(options.speed) end
  local url = os.getenv "AZUREML_EMULATOR"
  return url and url ~= "" and "emulator at " .. require("azureml.core").redacted(url) or nil
end

local function add_prompt(options)
  add(function()
    return function()
      interpreter.exit_code = require("azureml.console.prompt").run {
        version = host.version,
        world = world(options),
        opens_workspace = true,
        signals = signals,
        signal_of = function(value) return is_interrupted(value) and interrupted_by or nil end,
      }
    end
  end)
end

-- Start -------------------------------------------------------------------------------------------

-- Search the executable's own tree of rocks (bin, share/lua/5.4, lib/lua/5.4) for modules, last.
local function add_own_tree()
  local root = (host.program or ""):match "^(.*)/bin/[^/]*$"
  if not root then return end
  local modules = root .. "/share/lua/5.4/?"
  package.path = ("%s;%s.lua;%s/init.lua"):format(package.path, modules, modules)
  package.cpath = ("%s;%s/lib/lua/5.4/?.so"):format(package.cpath, root)
end

-- Set the global `arg` as lua5.4 does: index 0 is the script, negative indexes precede it.
local function set_arg(argv, first)
  local words = {}
  for i = 0, #argv do words[i - (first or 0)] = argv[i] end
  _G.arg = words
end

local function is_command(word)
  return word:find "^%l[%l-]*$" and require("azureml.cli").commands[word] ~= nil
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- Refuse a word that looks like a command and is no file: a mistyped command is not a script.
local function refuse_word(word)
  local names = tables.keys(require("azureml.cli").commands)
  local near = require("azureml.cli.suggest").text(word, names)
  refuse(("there is no command and no script '%s'%s"):format(word, near))
end

-- Tell whether a word could be a mistyped command: letters, also those outside ASCII, or nothing.
local function looks_like_command(word)
  return word == "" or word:find "^[%a\x80-\xFF][%w\x80-\xFF-]*$" ~= nil
end

-- Plan the step of the word after the options: a command, `-` (standard input) or a file.
local function add_main(argv, options)
  local first = options.first
  local word = argv[first]
  if options.ended then return add_script(word) end      -- after `--`, "-" is a file's name
  if word == "-" then return add_script(nil) end
  if is_command(word) then return add_command { table.unpack(argv, first) } end
  if looks_like_command(word) and not exists(word) then return refuse_word(word) end
  add_script(word)
end

local function add_steps(argv, options)
  if options.emulator then
    add(function() return require("azureml.config").use_emulator, { speed = options.speed } end)
  end
  if options.trace then
    add(function() return require("azureml.trace").start, options.trace end)
  end
  if options.record then
    add(function() return require("azureml.tool.recording").start, options.record end)
  end
  if not options.E then add_init() end
  for _, step in ipairs(options.steps) do
    add(function() return make_step[step.option](step.value) end)
  end
  if options.first then add_main(argv, options) end
  local nothing_to_do = not (options.first or options.e or options.v)
  if options.i or nothing_to_do and require("azureml.edit").columns(0) then
    add_prompt(options)
  elseif nothing_to_do then
    add_script(nil)
  end
end

--- Read the arguments and plan the steps. Print help or a version, or refuse wrong usage.
---@param description { version: string, copyright: string, modules: string, program: string?,
---  argv: string[], is_output_lost: fun(): boolean }
function interpreter.start(description)
  host = description
  -- Modules find this entry only inside the executable.
  package.loaded["azureml.host"] = description
  -- An executable of `make HTTPD=builtin` has the module.
  package.preload["azureml.httpd"] = package.preload["azureml.httpd"] or function()
    return require "azureml.console.server_module"(description)
  end
  set_arg(host.argv, nil)
  add_own_tree()
  local options, message, others = arguments.parse(host.argv)
  if not options then
    if observe_if_asked(others, true) then refuse(message) end
    return
  end
  set_arg(host.argv, options.first)
  if options.help then
    local width = require("azureml.console.help").width(1)
    return print(arguments.help(require("azureml.cli").commands, width))
  end
  if options.version then return print(require("azureml.cli.version").text()) end
  if options.v and not options.i then print(host.copyright) end
  if observe_if_asked(options) then add_steps(host.argv, options) end
end

--- Return the next function to call and its arguments; nothing when all steps are done and the
--- run's reports are written.
---@return function? step, any ...
function interpreter.next()
  local number = signals.drain()
  if number then
    interrupted_by = number
    return interpreter.fail(traceback.catch(require("azureml.error").interrupted()))
  end
  local step = table.remove(steps, 1)
  if step then return step() end
  interpreter.exit_code = report_run(interpreter.exit_code)
end

--- Report an uncaught error and set the exit code. After an interrupt, list the operations that
--- still run at the service.
---@param caught any      from `catch`, or Lua's own text
function interpreter.fail(caught)
  require("azureml.tool.notice").tell("failed", type(caught) == "table" and caught.value or caught)
  if type(caught) == "table" and is_interrupted(caught.value) then
    stop(128 + interrupted_by)
    if interrupted_by == SIGPIPE then return end      -- as programs end whose reader has left
    -- A terminal shows ^C for the typed key: begin a new line after it.
    local newline = require("azureml.edit").columns(2) and "\n" or ""
    io.stderr:write(newline, "interrupted\n")
    return report_pending(caught.value)
  end
  stop(1)
  say(traceback.describe(caught))
end

return interpreter
