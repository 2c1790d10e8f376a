--- azureml operations: list the operations that other processes left at the service, and wait for
--- them. A process leaves an operation with --no-wait, or when it is interrupted or killed.
local azureml = require "azureml"
local age = require "azureml.console.age"
local command = require "azureml.cli.command"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local power_state = require "azureml.definition.power_state"
local recreating = later "azureml.change.recreating"
local report = require "azureml.cli.report"
local tables = require "azureml.tool.tables"
local tickets = require "azureml.cli.tickets"

local operations = { default = "list" }

-- Entries -----------------------------------------------------------------------------------------

-- Return the entries of the journal, the newest first: all, or those of some instances.
local function read_entries(names)
  local entries, warnings = azureml.pending()
  for _, warning in ipairs(warnings) do command.say("azureml: " .. warning) end
  local wanted, found, list = {}, {}, {}
  for _, name in ipairs(names) do wanted[name] = true end
  for i = #entries, 1, -1 do
    local entry = entries[i]
    if #names == 0 or wanted[entry.name] then list[#list + 1] = entry end
    found[entry.name] = true
  end
  for _, name in ipairs(names) do
    if not found[name] then
      errors.raise { code = "NotFound", message = ("no operation is left for '%s'"):format(name),
        hint = "'azureml operations' lists what is left" }
    end
  end
  return list
end

-- Return a function that opens the workspace of an entry; nil where another endpoint is in use.
local function workspace_opener()
  local opened = {}
  return function(entry)
    local key = ("%s/%s/%s"):format(entry.subscription_id, entry.resource_group,
      entry.workspace_name)
    opened[key] = opened[key] or azureml.workspace {
      subscription_id = entry.subscription_id, resource_group = entry.resource_group,
      name = entry.workspace_name,
    }
    return opened[key]:client():endpoint() == entry.endpoint and opened[key] or nil
  end
end

-- Tell whether an operation has ended, by the state of its instance. An operation that the service
-- may not have accepted has ended only when the instance is where the verb leads.
local function has_ended(entry, vm)
  -- A recreation, and a creation with data mounts, end by the wait of a process alone.
  if entry.verb == "recreate" or entry.then_mount then return false end
  if not vm then return entry.verb == "delete" or entry.is_accepted == true end
  if power_state.is_transitional(vm.state) then return false end
  if entry.then_stop then return vm.state == "Stopped" end
  return entry.is_accepted == true or power_state.is_aim(entry.verb, vm.state)
end

local SHOWN = 5      -- names in a line about several operations

-- Say which operations have ended, those of one verb and one state in one line.
local function say_ended(entries)
  local names, lines = {}, {}
  for _, entry in ipairs(entries) do
    local key = ("%s\n%s"):format(entry.verb, entry.state)
    if not names[key] then names[key], lines[#lines + 1] = {}, { key = key, entry = entry } end
    table.insert(names[key], entry.name)
  end
  for _, line in ipairs(lines) do
    local entry, list = line.entry, names[line.key]
    local subject = #list == 1 and ("%s %s has"):format(entry.verb, list[1])
      or ("%s of %d instances (%s) has"):format(entry.verb, #list, tables.excerpt(list, SHOWN))
    command.say(("%s ended: %s"):format(subject, entry.state))
  end
end

-- Look at the instance of each entry. Take the entries out whose operation has ended, and say so.
local function drop_ended(entries)
  local open, kept, is_warned = workspace_opener(), {}, false
  local ended = {}
  local function look(entry)
    local ws = open(entry)
    if not ws then return end
    local vm = ws.instances:find(entry.name)
    entry.state = vm and vm.state or "Deleted"
    ended[entry] = has_ended(entry, vm)
  end
  azureml.each(entries, function(entry)
    local _, err = errors.try(look, entry)
    if err and not is_warned then
      command.say("azureml: the states are not known: " .. err.message)
      is_warned = true
    end
  end)
  local gone = {}
  for _, entry in ipairs(entries) do
    table.insert(ended[entry] and gone or kept, entry)
  end
  say_ended(gone)
  for _, entry in ipairs(gone) do entry:ended() end
  return kept
end

-- list --------------------------------------------------------------------------------------------

local COLUMNS = {
  { title = "Verb", key = "verb" },
  { title = "Name", key = "name" },
  { title = "Workspace", key = "workspace_name" },
  { title = "Age", key = function(entry) return age.of(entry.began) end, field = "began" },
  {
    title = "Accepted", field = "accepted",
    key = function(entry) return entry.is_accepted and "yes" or "not known" end,
  },
  { title = "State", key = "state", colour = command.state_colour },
  { title = "Endpoint", key = "endpoint" },
}

-- Return the members of an entry's JSON object.
local function as_fields(entry)
  return {
    verb = entry.verb, name = entry.name, workspace_name = entry.workspace_name,
    resource_group = entry.resource_group, subscription_id = entry.subscription_id,
    endpoint = entry.endpoint, began = entry.began, accepted = entry.is_accepted == true,
    state = entry.state,
  }
end

local list = { summary = "list the operations that go on at the service, the newest first" }

function list.configure(parser)
  parser:flag("--all", "list also those that have ended, and do not ask the service")
  command.output_option(parser)
end

function list.run(args)
  local entries = read_entries {}
  if not args.all then entries = drop_ended(entries) end
  command.print_list(args, entries, COLUMNS, as_fields)
end

-- wait --------------------------------------------------------------------------------------------

local wait = { summary = "wait for all of these operations, or for those of some instances" }

function wait.configure(parser)
  command.optional_names_option(parser)
  command.timeout_option(parser)
  command.verbose_option(parser)
  command.progress_option(parser)
  command.output_option(parser)
end

function wait.run(args)
  return report.run(args, "wait", read_entries(args.names), azureml.resume)
end

-- resume ------------------------------------------------------------------------------------------

local resume = { summary = "go on with one operation, of an instance or of a ticket" }

function resume.configure(parser)
  command.optional_names_option(parser)
  tickets.option(parser)
  command.timeout_option(parser)
  command.progress_option(parser)
  command.output_option(parser)
end

local function subjects_of(args)
  if args.ticket and #args.names > 0 then command.misused "give either a name or --ticket" end
  if args.ticket then return tickets.read(args.ticket) end
  if #args.names == 0 then command.misused "which operation? Give a name or --ticket" end
  return read_entries(args.names)
end

function resume.run(args)
  for _, subject in ipairs(subjects_of(args)) do command.finish(args, azureml.resume(subject)) end
end

-- forget ------------------------------------------------------------------------------------------

local forget = { summary = "remove operations from the list; they go on at the service" }

function forget.configure(parser)
  command.optional_names_option(parser)
  parser:flag("--all", "all operations")
end

-- Remove an entry. The rest of a recreation is done by this machine alone, so that it ends here.
local function drop(entry)
  if entry.verb ~= "recreate" then return entry:ended() end
  recreating.discard(entry)
  command.say(("azureml: warning: the recreation of '%s' does not go on, and its definition is "
    .. "removed"):format(entry.name))
end

function forget.run(args)
  if (#args.names == 0) == (args.all == nil) then
    command.misused "which operations? Give names, or --all"
  end
  local entries = read_entries(args.names)
  local labels = {}
  for i, entry in ipairs(entries) do
    labels[i] = entry.verb .. " " .. entry.name
    drop(entry)
  end
  command.say(#labels == 0 and "there is nothing to forget"
    or "forgotten: " .. tables.excerpt(labels, 20))
end

operations.subcommands = { list = list, wait = wait, resume = resume, forget = forget }

return operations
