--- Look, before a command ends what runs on instances, at what that is, and ask the user: busy
--- kernels of an instance, running jobs of one or many. A check that fails is a note: it does not
--- hold up the command.
local active = require "azureml.tool.later" "azureml.jobs.active"
local activity = require "azureml.tool.later" "azureml.jupyter.activity"
local command = require "azureml.cli.command"
local counts = require "azureml.tool.count"
local errors = require "azureml.error"
local once = require "azureml.tool.once"
local question = require "azureml.cli.question"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"

-- look_timeout: seconds of each request of a check
local ending = { look_timeout = 5 }

local SHOWN = 5      -- names listed in a sentence

-- What would end ----------------------------------------------------------------------------------

-- Without a machine behind an instance, or without Jupyter on it, no kernel can run.
local NOTHING_RUNS = { NoMachine = true, NoAddress = true, NotRunning = true }

-- Write what would end: "2 busy kernels of 'ci-ann' (train.ipynb, x.ipynb)".
local function phrase(names, noun, instance)
  return ("%s of '%s' (%s)"):format(counts.of(#names, noun), instance,
    screen.one_line(tables.excerpt(names, SHOWN)))
end

local function busy_kernels(look)
  local vm = look.instance()
  local busy, err = errors.try(activity.names_of_busy, vm.jupyter.server, {
    timeout = ending.look_timeout,
  })
  if err and not NOTHING_RUNS[err.code] then errors.raise(err) end
  if not busy or #busy == 0 then return {} end
  return { phrase(busy, "busy kernel", vm.name) }
end

-- Verbs that also end the jobs that wait.
local ENDS_WAITING = { delete = true, recreate = true }

local OLDER = "a running job of '%s', older than the newest jobs of the workspace"

-- Add what a verb would end of the jobs of a compute.
local function add_jobs(phrases, found, verb, name, shown_name)
  local jobs = found[name:lower()]
  if not jobs then return end
  if #jobs.running > 0 then
    phrases[#phrases + 1] = phrase(jobs.running, "running job", shown_name or name)
  elseif jobs.has_older then
    phrases[#phrases + 1] = OLDER:format(shown_name or name)
  end
  if #jobs.waiting > 0 and ENDS_WAITING[verb] then
    phrases[#phrases + 1] = phrase(jobs.waiting, "waiting job", shown_name or name)
  end
end

local function running_jobs(look)
  local workspace, phrases = look.instances.workspace, {}
  local asked <close> = active.ask(workspace, ending.look_timeout)
  local found, has_older = active.read(workspace, asked)
  add_jobs(phrases, found, look.verb, look.name)
  if #phrases == 0 and has_older and look.instance().state == "JobRunning" then
    phrases[1] = OLDER:format(look.name)
  end
  return phrases
end

---@class azureml.cli.Look           at one instance
---@field instances azureml.Instances
---@field name string
---@field verb string                "stop"
---@field instance fun(): azureml.Instance      gets the instance, once for all checks

---@class azureml.cli.EndingCheck
---@field about string           what it looks at, for the note of a failure: "busy kernels"
---@field off_terminal boolean?  it also looks where no question can be asked: the command is then
---  refused unless the user gives --yes
---@field find fun(look: azureml.cli.Look): string[]      what would end, each as a phrase:
---  "2 busy kernels of 'ci-ann' (train.ipynb, x.ipynb)"

---@type azureml.cli.EndingCheck[]
local CHECKS = {
  { about = "busy kernels", find = busy_kernels },
  { about = "running jobs", find = running_jobs, off_terminal = true },
}

-- Looking at one instance -------------------------------------------------------------------------

local function note(about, place, err)
  command.say(("azureml: note: cannot look for %s of %s: %s"):format(about, place, err.message))
end

local function look_at(verb, instances, name)
  local seen = {}
  return {
    verb = verb, instances = instances, name = name,
    instance = function()
      return once.get(seen, "instance", function() return instances:get(name) end)
    end,
  }
end

--- Look, side by side, at the instance and at what a command would end on it. What cannot be seen
--- is noted on standard error.
---@param verb string            "stop"
---@param instances azureml.Instances
---@param name string
---@return string[] phrases
---@return azureml.Instance? vm  nil: it cannot be looked at, as the verb will tell
function ending.find(verb, instances, name)
  local is_terminal, found, vm = question.is_terminal(), {}, nil
  local look = look_at(verb, instances, name)
  local looks = { function() vm = errors.try(look.instance) end }
  for i, check in ipairs(CHECKS) do
    found[i] = {}
    if is_terminal or check.off_terminal then
      looks[#looks + 1] = function()
        local phrases, err = errors.try(check.find, look)
        if err then note(check.about, name, err) end
        found[i] = phrases or {}
      end
    end
  end
  task.parallel(table.unpack(looks))
  local all = {}
  for _, phrases in ipairs(found) do tables.append(all, phrases) end
  return all, vm
end

-- Looking at many ---------------------------------------------------------------------------------

-- Read the jobs of a workspace. Where it has more than were read, the states of its instances tell
-- which of them run an older job.
local function read_jobs(workspace, asked)
  local found, has_older = active.read(workspace, asked)
  if not has_older then return found end
  for vm in workspace.instances:list { state = "JobRunning" } do
    local key = vm.name:lower()
    found[key] = found[key] or { running = {}, waiting = {} }
    found[key].has_older = true
  end
  return found
end

-- Return the jobs of a workspace; what cannot be read is noted.
local function jobs_of(workspace, asked)
  local found, err = errors.try(read_jobs, workspace, asked)
  if err then note("running jobs", "the workspace " .. workspace.name, err) end
  return found or {}
end

-- A workspace has its group in `resource_group` and its name in `name`; a result has the name in
-- `workspace`.
local function place_of(group, name)
  return ("%s/%s"):format(group, name):lower()
end

-- Read the jobs of workspaces side by side, each once. Return them by place; nil where no job of
-- any is active.
local function jobs_of_all(workspaces)
  local found, is_any = {}, false
  task.each(workspaces, function(workspace)
    local asked <close> = active.ask(workspace, ending.look_timeout)
    local jobs = jobs_of(workspace, asked)
    found[place_of(workspace.resource_group, workspace.name)] = jobs
    is_any = is_any or next(jobs) ~= nil
  end)
  return is_any and found or nil
end

-- Return what a verb would end of the instances that a dry run found.
local function phrases_of(verb, instances, found, results)
  local phrases, own = {}, instances.workspace
  for _, result in ipairs(results) do
    if result.outcome == "planned" then
      local place = own and place_of(own.resource_group, own.name)
        or place_of(result.resource_group, result.workspace)
      local shown = result.workspace and result.workspace .. "/" .. result.name
      add_jobs(phrases, found[place] or {}, verb, result.name, shown)
    end
  end
  return phrases
end

--- Return what a verb would end, by the jobs of each workspace.
---@param verb string
---@param instances azureml.Instances|azureml.AllInstances
---@param dry_run fun(): { name: string, outcome: string }[]      finds the instances; called only
---  if there are jobs
---@return string[] phrases
function ending.find_many(verb, instances, dry_run)
  local own = instances.workspace
  local found = jobs_of_all(own and { own } or instances:workspaces())
  return found and phrases_of(verb, instances, found, dry_run()) or {}
end

-- Asking ------------------------------------------------------------------------------------------

--- Say what a command would end.
---@param verb string          "stop"
---@param phrases string[]
function ending.say(verb, phrases)
  for _, text in ipairs(phrases) do
    command.say(("azureml: this %s would end %s"):format(verb, text))
  end
end

--- Add the option --yes to a command that asks for nothing else.
function ending.option(parser)
  parser:flag("-y --yes", "do not ask before it ends running jobs and busy kernels")
end

local function raise_would_end(verb, phrases)
  errors.raise { code = "WouldEnd",
    message = ("this %s would end %s"):format(verb, table.concat(phrases, "; ")),
    hint = "add --yes to end them" }
end

--- Refuse a command that asks in any case where it cannot be answered: by what it would end, or
--- else for the lack of --yes.
---@param verb string
---@param find fun(): string[]     finds what the verb would end; called only for a refusal
---@raise an error object `WouldEnd`; wrong usage
function ending.check_terminal(verb, find)
  if question.can_be_answered() then return end
  local phrases = find()
  if #phrases > 0 then raise_would_end(verb, phrases) end
  question.check_terminal()
end

-- Tell whether the user agrees that a command ends what phrases say. Where no question can be
-- asked, the command is refused.
local function is_agreed(verb, phrases)
  if #phrases == 0 then return true end
  if not question.is_terminal() then raise_would_end(verb, phrases) end
  ending.say(verb, phrases)
  return question.is_confirmed(("%s nevertheless?"):format(verb:gsub("^%l", string.upper)))
end

--- Tell whether a command for one instance may go on: it would end nothing, or the user agrees.
--- Where no question can be asked, it is refused.
---@param args table           with yes
---@param verb string          "stop"
---@param instances azureml.Instances
---@param name string
---@return boolean
---@return azureml.Instance? vm      as it was seen just now; nil: it was not looked at, or the user
---  took time to answer
---@raise an error object `WouldEnd` off a terminal
function ending.is_allowed(args, verb, instances, name)
  if args.yes then return true end
  local phrases, vm = ending.find(verb, instances, name)
  return is_agreed(verb, phrases), #phrases == 0 and vm or nil
end

--- Tell whether a command for instances that a dry run finds may go on.
---@param args table           with yes
---@param verb string
---@param instances azureml.Instances|azureml.AllInstances
---@param dry_run fun(): azureml.FleetResults      see `ending.find_many`
---@return boolean
---@raise an error object `WouldEnd` off a terminal
function ending.is_allowed_in_all(args, verb, instances, dry_run)
  return args.yes or is_agreed(verb, ending.find_many(verb, instances, dry_run))
end

local function has_size(vm, size)
  return vm ~= nil and vm.vm_size ~= nil and vm.vm_size:lower() == size:lower()
end

-- Return what becomes of instances if those that have another size than is wanted are stopped, as a
-- dry run would.
local function plan_resizes(instances, names, sizes)
  local results = {}
  task.each(names, function(name)
    local vm = instances:find(name)
    local outcome = has_size(vm, sizes[name]) and "skipped" or "planned"
    results[#results + 1] = { name = name, outcome = outcome }
  end)
  table.sort(results, function(a, b) return a.name < b.name end)
  return results
end

--- Tell whether a command may stop instances to give them other sizes. One that has its size is not
--- stopped.
---@param args table           with yes
---@param verb string
---@param instances azureml.Instances
---@param sizes table<string, string>      the wanted sizes by the instances' names
---@return boolean
---@raise an error object `WouldEnd` off a terminal
function ending.may_resize(args, verb, instances, sizes)
  local names = tables.keys(sizes)
  if args.yes or #names == 0 then return true end
  if #names > 1 then
    return ending.is_allowed_in_all(args, verb, instances, function()
      return plan_resizes(instances, names, sizes)
    end)
  end
  local phrases, vm = ending.find(verb, instances, names[1])
  return has_size(vm, sizes[names[1]]) or is_agreed(verb, phrases)
end

--- Begin to look at the jobs of a workspace, beside what the caller does meanwhile.
---@param verb string
---@param instances azureml.Instances
---@return azureml.Asked asked       the caller closes it
---@return fun(names: string[]) approve      for `instances:stop_all`: raises `Declined` when the
---  user does not agree, `WouldEnd` off a terminal
function ending.begin(verb, instances)
  local workspace = instances.workspace
  local asked = active.ask(workspace, ending.look_timeout)
  return asked, function(names)
    local found, phrases = jobs_of(workspace, asked), {}
    for _, name in ipairs(names) do add_jobs(phrases, found, verb, name) end
    if is_agreed(verb, phrases) then return end
    errors.raise { code = "Declined", message = ("nothing was done: no %s"):format(verb) }
  end
end

return ending
