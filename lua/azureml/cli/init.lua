--- List the commands, parse their words, run them, and report their errors.
---
--- To add a command, write a file and a row:
---
--- * `cli/NAME.lua` (a `-` in the name is `_` in the file) returns a table of two functions.
---   `configure(parser)` adds options. `run(args)` is a short script over the public API. It
---   returns the exit code, or nothing for 0. It raises error objects, which `cli.main` prints.
--- * The row in `cli.commands` has the summary, so that --help loads no command. `is_group = true`
---   tells that the file returns `subcommands`, a table of commands with their summaries, and
---   `default`, the subcommand that runs without a word, or nil.
---
--- What `configure` adds comes from command.lua, so that all commands look alike:
---
---     command.name_option(parser)         one instance, by position or -n: args.name
---     command.names_option(parser)        one or more: args.names
---     command.selection_options(parser)   names, or filters and --where, or --all;
---                                         command.selection(args) for instances:stop_all
---     command.scope_options(parser)       names, or filters, or nothing: all instances;
---                                         command.read_scope(args) reads them
---     command.filter_options(parser)      filters alone; command.filters(args) for instances:list
---     command.workspace_options(parser)   -w -g --subscription; command.workspace(args) opens it
---     command.wait_options(parser)        --no-wait --timeout; command.finish(args, op) waits
---     command.progress_option(parser)     --progress
---     command.output_option(parser, kind) -o --columns --sort --query; kind: "object", "stream"
---     command.choice(parser, ...)         an option with fixed values, with "did you mean"
---     command.check(parser, f)            look at several options together, after the parse
---
--- Results are printed with `command.print_object`, `print_list`, `print_instance` and
--- `print_instances`, which know every format. A table's columns are described in view.lua.
--- Wrong usage is `command.misused(message)`. --help, --emulator and --speed are added to each
--- command here.
local checks = require "azureml.cli.checks"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local complaint = later "azureml.cli.complaint"
local full_parser = later "azureml.cli.full_parser"
local lazy_parser = require "azureml.cli.lazy_parser"
local suggest = later "azureml.cli.suggest"
local tables = require "azureml.tool.tables"

local cli = {}

---@class azureml.Command
---@field configure fun(parser: table)      add the command's options
---@field run fun(args: table): integer?    run it; return its exit code, default 0
---@field summary string?                   of a subcommand
---@field subcommands table<string, azureml.Command>?      of a group
---@field default string?                   the subcommand that runs without a word
---@field refuse? fun()      raise that the command has no meaning here, whatever its words are
---@field rewrite? fun(words: string[]): string[]      change the words before they are parsed

--- The commands by name.
---@type table<string, { summary: string, is_group: boolean?, has_own_world: boolean? }>
cli.commands = {
  create   = { summary = "create a compute instance and wait until it runs" },
  ensure   = { summary = "create a compute instance, or take it if it is there and fits" },
  check    = { summary = "report what would be refused if an instance were created" },
  update   = { summary = "change compute instances: schedules, idle time, tags and so on" },
  resize   = { summary = "give a stopped compute instance another size" },
  recreate = { summary = "delete a compute instance and create it again, with changes" },
  export   = { summary = "print what creates the same compute instances" },
  plan     = { summary = "show how compute instances differ from a file" },
  apply    = { summary = "make compute instances what a file says" },
  show     = { summary = "show compute instances" },
  list     = { summary = "list the compute instances of a workspace" },
  start    = { summary = "start stopped compute instances, by name or by filter" },
  stop     = { summary = "stop compute instances; they keep their disks and their quota" },
  restart  = { summary = "restart compute instances" },
  delete   = { summary = "delete compute instances and their disks" },
  deploy   = { summary = "deploy a template that creates compute instances" },
  schedule = { summary = "show when an instance is started and stopped, and change it" },
  watch    = { summary = "show the states of instances and each change, until interrupted" },
  wait     = { summary = "wait until compute instances reach a state, or for a ticket" },
  operations = {
    summary = "list the operations that other processes left at the service, or wait for them",
    is_group = true,
  },
  sizes    = { summary = "list the sizes of virtual machines, with prices and the quota left" },
  usage    = { summary = "show what is used of a region's quota" },
  quota    = { summary = "show or set the limits of the quota",
    is_group = true },
  job      = { summary = "submit jobs to compute instances, and follow them", is_group = true },
  queue    = { summary = "show the jobs that run on an instance and those that wait" },
  cost     = { summary = "estimate what compute instances cost, each and together" },
  why      = { summary = "explain the state of a compute instance, with what to do next" },
  audit    = { summary = "find settings that cost money or open a door" },
  roles    = { summary = "print definitions of roles for compute instances", is_group = true },
  doctor   = { summary = "check sign-in, network, workspace and rights, a line each" },
  compute  = { summary = "the commands of 'az ml compute', as they are pasted", is_group = true },
  computetarget = {
    summary = "the commands of 'az ml computetarget', as they are pasted", is_group = true,
  },
  studio   = { summary = "serve a page on this machine for those who would rather look than type" },
  emulator = { summary = "serve an emulator of the service on loopback", has_own_world = true },
  login    = { summary = "sign in and save the login for later runs on this machine" },
  logout   = { summary = "remove the saved tokens from this machine" },
  whoami   = { summary = "show the credential in use and its user, application and tenant" },
  completion = { summary = "print a completion script for bash, zsh or fish", is_group = true },
  config   = { summary = "show and set defaults, such as the workspace", is_group = true },
  run      = { summary = "run a workflow by name" },
  ssh      = { summary = "open a shell on a compute instance, or run a command there" },
  terminal = { summary = "open a shell on a compute instance without SSH, by its Jupyter" },
  exec     = { summary = "run a command on one compute instance, or on many side by side" },
  top      = { summary = "show load, memory, disks and GPUs of compute instances" },
  logs     = { summary = "print the output of an instance's setup scripts" },
  open     = { summary = "print the link of an application of an instance, and open it" },
  python   = { summary = "run a Python script of this machine on a compute instance" },
  pip      = { summary = "install Python packages on a compute instance", is_group = true },
  r        = { summary = "install R packages on a compute instance", is_group = true },
  env      = { summary = "create, list and delete environments of a compute instance",
    is_group = true },
  kernel   = { summary = "list and remove the kernels that Jupyter can start", is_group = true },
  cp       = { summary = "copy files to a compute instance or from it" },
  ls       = { summary = "list the files of a compute instance" },
  rm       = { summary = "remove files of a compute instance, never the instance itself" },
  sessions = { summary = "list terminals, kernels and notebooks of a compute instance" },
  forward  = { summary = "forward ports of this machine to a compute instance" },
  ["ssh-config"] = { summary = "print or write blocks for OpenSSH's configuration" },
  help     = { summary = "print the help of a command, or about a topic" },
  version  = { summary = "print the versions of azureml, Lua and their libraries" },
}

-- Finding commands --------------------------------------------------------------------------------

local function load_command(name)
  return require("azureml.cli." .. name:gsub("-", "_"))
end

---@class azureml.Call            a command as the user named it
---@field name string             "stop", "operations wait"
---@field summary string
---@field command azureml.Command
---@field words string[]          what follows the name
---@field row table               of cli.commands

-- Find the subcommand that the first word names. Return a call of the group itself when the words
-- begin with --help, or name nothing and there is no default.
local function find_subcommand(call)
  local group, word = call.command, call.words[1]
  local name = word and not word:find "^%-" and word or nil
  if not name and word ~= "-h" and word ~= "--help" then name = group.default end
  if not name then return call end
  local subcommand = group.subcommands[name]
  if not subcommand then
    local known = tables.keys(group.subcommands)
    errors.raise { code = "Usage",
      message = ("there is no command '%s %s'%s (known: %s)"):format(call.name, name,
        suggest.text(name, known), table.concat(known, ", ")),
      hint = ("'azureml %s --help' lists its commands"):format(call.name) }
  end
  local first = name == word and 2 or 1
  return {
    name = call.name .. " " .. name, summary = subcommand.summary, command = subcommand,
    words = { table.unpack(call.words, first) }, row = call.row,
  }
end

--- Find the command that words name.
---@param words string[]       the command's name, its subcommand's if it is a group, and the rest
---@return azureml.Call
---@raise an error object `Usage` for an unknown subcommand
function cli.resolve(words)
  local name = words[1]
  local row = cli.commands[name]
  local command = load_command(name)
  local rest = { table.unpack(words, 2) }
  if command.rewrite then rest = command.rewrite(rest) end
  local call = { name = name, summary = row.summary, command = command, words = rest, row = row }
  return row.is_group and find_subcommand(call) or call
end

--- List the commands' names; those of a group stand with their subcommands: "operations wait".
---@return string[]      sorted
function cli.names()
  local names = {}
  for name, row in pairs(cli.commands) do
    if not row.is_group then names[#names + 1] = name end
    for subcommand in pairs(row.is_group and load_command(name).subcommands or {}) do
      names[#names + 1] = name .. " " .. subcommand
    end
  end
  table.sort(names)
  return names
end

-- Parsers -----------------------------------------------------------------------------------------

local function speed(text)
  local value = tonumber(text)
  if value and value > 0 and value < math.huge then return value end
  return nil, ("'--speed' needs a number above 0, such as 60, not '%s'"):format(text)
end

--- Add the options of a command, and those of every command.
---@param parser table       of argparse, or a lazy one
---@param call azureml.Call
function cli.configure(parser, call)
  parser:flag("-h --help", "show this help")
  call.command.configure(parser)
  if call.row.has_own_world then return end
  parser:flag("--emulator", "use the built-in emulator instead of Azure")
  parser:option("--speed", "run the emulator's clock N times as fast (default: 60)")
    :argname("N"):convert(speed)
end

--- Make the parser of a command, with all its options.
---@param name string         of the command, with its subcommand's: "operations wait"
---@param width integer?      of its help in columns; default 80
---@return table parser, azureml.Command command
function cli.parser(name, width)
  local words = {}
  for word in name:gmatch "%S+" do words[#words + 1] = word end
  local call = cli.resolve(words)
  return full_parser.new(call, width), call.command
end

--- Return a command's help.
---@param words string[]       the command's name, and its subcommand's
---@param width integer        in columns
---@return string
function cli.help(words, width)
  return full_parser.help(cli.resolve(words), width)
end

-- Running -----------------------------------------------------------------------------------------

local function wants_help(words)
  for _, word in ipairs(words) do
    if word == "--" then return false end
    if word == "-h" or word == "--help" then return true end
  end
  return false
end

local function parse(call)
  local parser = lazy_parser.new("azureml " .. call.name)
  cli.configure(parser, call)
  local ok, args = parser:pparse(call.words)
  if not ok then complaint.raise_usage(call, parser, args) end
  checks.run(parser, args)
  return args
end

-- Select the emulator when the user asks for it behind the command's name.
local function select_world(args)
  if args.emulator then require("azureml.config").use_emulator { speed = args.speed } end
  if args.speed and not args.emulator then
    errors.raise { code = "Usage",
      message = "'--speed' sets the emulator's clock: it needs '--emulator'" }
  end
end

local function run(call)
  if call.command.refuse then call.command.refuse() end
  local args = parse(call)
  if not call.row.has_own_world then select_world(args) end
  return call.command.run(args) or 0
end

local STANDARD_OUTPUT = 1

--- Run a command.
---@param argv string[]       the command's name, then its arguments
---@return integer code       see exit_codes.lua
function cli.main(argv)
  local call, err = errors.try(cli.resolve, argv)
  if not call then return complaint.report(err, argv) end
  if wants_help(call.words) or call.command.subcommands then
    print(full_parser.help(call, require("azureml.console.help").width(STANDARD_OUTPUT)))
    return 0
  end
  local code
  code, err = errors.try(run, call)
  return code or complaint.report(err, call.words, call)
end

return cli
