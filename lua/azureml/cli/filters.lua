--- Filter instances: the options --state, --tags, --like, --mine, --where and so on.
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local duration = later "azureml.definition.duration"
local power_state = require "azureml.definition.power_state"
local suggest = later "azureml.cli.suggest"
local tables = require "azureml.tool.tables"
local where = later "azureml.cli.where"

local filters = {}

--- Convert a "NAME=VALUE" to a tag; nil and a message when it is not one.
function filters.tag(text)
  local name, value = text:match "^([^=]+)=(.*)$"
  if name then return { name = name, value = value } end
  return nil, ("'%s' is not a tag: write NAME=VALUE"):format(text)
end

--- Make a table of tags from a list of them; nil from nil. Refuse a tag with two values.
function filters.tags(list)
  if not list then return nil end
  local tags = {}
  for _, tag in ipairs(list) do
    local earlier = tags[tag.name]
    if earlier and earlier ~= tag.value then
      errors.raise { code = "Usage",
        message = ("--tags: '%s' is given twice, as '%s' and as '%s'"):format(tag.name, earlier,
          tag.value) }
    end
    tags[tag.name] = tag.value
  end
  return tags
end

-- Compile an expression of --where; nil and a message when it is not one.
local function condition(text)
  local holds, err = errors.try(where.compile, text)
  return holds, err and err.message
end

--- Convert a list of states with commas; nil and a message when a word is not a state.
function filters.states(text)
  local list = {}
  for word in text:gmatch "[^,]+" do
    local state = power_state.canonical(word)
    if not state then return nil, suggest.unknown("there is no state", word, power_state.names) end
    list[#list + 1] = state
  end
  if #list == 0 then return nil, "--state needs a state, such as Running" end
  return list
end

-- Convert a pattern; nil and a message when it is empty, as "$PATTERN" of a shell may be.
local function pattern(text)
  if text ~= "" then return text end
  return nil, "the pattern is empty, and fits no name: give one such as 'ci-*'"
end

--- Convert a duration such as "8h"; nil and a message when it is not one.
function filters.duration(text)
  if duration.minutes(text) then return text end
  return nil, ("'%s' is not a duration such as 30m, 8h or 2d"):format(text)
end

--- Add the options that filter instances: --state, --tags, --like, --mine, --where and so on.
function filters.options(parser)
  local state = parser:option("--state", "only instances in one of these states, with commas or "
    .. "in several options; one that runs a job is JobRunning, not Running: "
    .. table.concat(power_state.names, ", "))
  state:argname("Running|Stopped|..."):convert(filters.states):count "*"
  state.azureml_values = power_state.names
  parser:option("--tags", "only instances with all of these tags")
    :argname("NAME=VALUE"):args("+"):convert(filters.tag)
  parser:option("--like", "only instances whose name fits this pattern: 'ci-*'")
    :argname "PATTERN":convert(pattern)
  parser:option("--older-than", "only instances created at least so long ago: 8h, 2d")
    :argname "DURATION":convert(filters.duration)
  parser:option("--running-for", "only instances that have run at least so long: 8h, 2d")
    :argname "DURATION":convert(filters.duration)
  parser:flag("--no-idle-stop", "only instances that do not stop when they are idle")
  parser:flag("--created-by-me", "only instances that you created, also for others")
  parser:flag("--mine", "only your instances: assigned to you, or created by you and unassigned")
  parser:option("--where", "only instances for which this Lua expression over their fields is "
    .. "true: tags.keep ~= \"on\""):argname("EXPRESSION"):convert(condition)
end

-- Return false for the filter that the flag selects; nil without the flag.
local function off(flag)
  if flag then return false end
end

--- Return the filters of the options, in the form of `instances:list`.
---@return table
function filters.of(args)
  local wanted
  for _, list in ipairs(args.state or {}) do wanted = tables.append(wanted or {}, list) end
  return {
    state = wanted, tags = filters.tags(args.tags), mine = args.mine, where = args.where,
    like = args.like, older_than = args.older_than, running_for = args.running_for,
    idle_stop = off(args.no_idle_stop), created_by_me = args.created_by_me,
  }
end

return filters
