--- Write what a run did as metrics of Prometheus: the text that node_exporter's textfile collector
--- reads. All are gauges of the last run, because the next run begins at 0 again; the label `run`
--- keeps the files of several jobs apart.
local run_module = require "azureml.observe.run"
local tables = require "azureml.tool.tables"

local prometheus = {}

local MOST_CODES = 50      -- error codes; the service may send any
local OTHER = "other"

-- Texts -------------------------------------------------------------------------------------------

local ESCAPES = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

-- Return the value of a label. The format is UTF-8; other bytes become "?".
local function quoted(value)
  local text = tostring(value)
  if not utf8.len(text) then text = text:gsub("[\x80-\xFF]", "?") end
  return '"' .. text:gsub('[\\"\n]', ESCAPES) .. '"'
end

local function number_text(number)
  return (math.type(number) == "integer" and "%d" or "%.14g"):format(number)
end

-- Return the line of a sample; labels: by name.
local function sample(name, labels, value)
  local pairs_of = tables.texts(labels, function(label, text)
    return label .. "=" .. quoted(text)
  end)
  return ("%s{%s} %s\n"):format(name, table.concat(pairs_of, ","), number_text(value))
end

-- Rows --------------------------------------------------------------------------------------------

-- Make the only row of a family; none for nil, which is not known.
local function value_of(value)
  return value and { { labels = {}, value = value } } or {}
end

-- Count things by their labels.
local function counted(list, describe)
  local rows = run_module.sort_out(list, describe)
  for _, row in ipairs(rows) do row.value = #row end
  return rows
end

-- Add up a field of things by their labels.
local function summed(list, describe, field)
  local rows = run_module.sort_out(list, describe)
  for _, row in ipairs(rows) do
    row.value = 0
    for _, item in ipairs(row) do row.value = row.value + item[field] end
  end
  return rows
end

local function verbs(run)
  return counted(run.verbs, function(entry)
    return { verb = entry.verb, outcome = entry.outcome }
  end)
end

local function waited_verb(entry)
  return entry.seconds and { verb = entry.verb } or nil
end

local function waits(run)
  return counted(run.verbs, waited_verb)
end

local function wait_seconds(run)
  return summed(run.verbs, waited_verb, "seconds")
end

-- Count the errors by code. The rarest share the label "other" where there are many codes.
local function failures(run)
  local rows = counted(run:failures(), function(err) return { code = tostring(err.code) } end)
  table.sort(rows, function(a, b)
    if a.value ~= b.value then return a.value > b.value end
    return a.key < b.key
  end)
  for i = #rows, MOST_CODES + 1, -1 do
    local rare = table.remove(rows)
    local last = rows[MOST_CODES]
    if i == MOST_CODES + 1 then last.labels = { code = OTHER } end
    last.value = last.value + rare.value
  end
  return rows
end

local function requests(_, ending)
  local rows = {}
  for i, row in ipairs(ending.requests) do
    local labels = { purpose = row.purpose, method = row.method, status = row.status }
    rows[i] = { labels = labels, value = row.count }
  end
  return rows
end

local function instances(run)
  return counted(run:instances(), function(seen)
    return { workspace = seen.workspace.name, resource_group = seen.workspace.resource_group,
      state = seen.state or "", size = seen.vm_size or "" }
  end)
end

-- Make the rows of a figure of the costs.
local function of_costs(field)
  return function(run)
    return summed(run:costs(), function(cost)
      return { workspace = cost.workspace, resource_group = cost.resource_group,
        currency = cost.currency }
    end, field)
  end
end

-- Make the only row of a figure of the ending.
local function of_ending(field)
  return function(_, ending) return value_of(ending[field]) end
end

-- The families ------------------------------------------------------------------------------------

-- The metrics: name, help, and a function that returns the rows, { labels, value }. A family
-- without rows is left out: what the run has not seen is not 0.
local FAMILIES = {
  { "azureml_last_run_timestamp_seconds", "When the last run ended, in seconds since 1970.",
    of_ending "ended" },
  { "azureml_last_run_duration_seconds", "How long the last run took.", of_ending "seconds" },
  { "azureml_last_run_success", "Whether the last run ended with the exit code 0.",
    function(_, ending)
      return value_of(ending.exit_code and (ending.exit_code == 0 and 1 or 0))
    end },
  { "azureml_last_run_exit_code", "The exit code of the last run.", of_ending "exit_code" },
  { "azureml_verbs", "Verbs of the last run for instances, by outcome.", verbs },
  { "azureml_waits", "Operations whose end the last run waited for.", waits },
  { "azureml_wait_seconds", "Seconds from the request of such an operation to its end, added up.",
    wait_seconds },
  { "azureml_failures", "Errors of the last run by their code.", failures },
  { "azureml_running_operations",
    "Operations that go on, or may go on, at the service after the last run.",
    function(run) return value_of(#run:running()) end },
  { "azureml_requests", "Requests of the last run, each try of them, by class of the HTTP status.",
    requests },
  { "azureml_throttled_replies", "Replies of the last run with the HTTP status 429.",
    of_ending "throttled" },
  { "azureml_throttled_seconds",
    "Seconds of the last run in which throttling held requests back.", of_ending "held" },
  { "azureml_instances", "Compute instances as the last run saw them last.", instances },
  { "azureml_cost_per_hour",
    "Estimated price of an hour of the instances that the last run saw and that are billed.",
    of_costs "amount" },
  { "azureml_unpriced_instances",
    "Billed instances that are not in the estimate: their price is not known.",
    of_costs "unpriced" },
}

--- Return the name that the label `run` gets: the file's name without its ending.
---@param path string
---@return string
function prometheus.name_of(path)
  local name = path:match "[^/]+$" or path
  return name:match "^(.+)%.prom$" or name
end

--- Write the metrics of a run.
---@param run azureml.Run
---@param ending azureml.RunEnding
---@param path string        of the file, which names the run
---@return string
function prometheus.text(run, ending, path)
  local parts, name = {}, prometheus.name_of(path)
  for _, family in ipairs(FAMILIES) do
    local metric, help, rows_of = table.unpack(family)
    local rows = rows_of(run, ending)
    if #rows > 0 then
      parts[#parts + 1] = ("# HELP %s %s\n# TYPE %s gauge\n"):format(metric, help, metric)
    end
    for _, row in ipairs(rows) do
      row.labels.run = name
      parts[#parts + 1] = sample(metric, row.labels, row.value)
    end
  end
  return table.concat(parts)
end

return prometheus
