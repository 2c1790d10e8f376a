--- Show objects and lists at the prompt: a list of instances as a table, an instance, an operation
--- or an error as a card of a few lines. `full(x)` at the prompt shows all that a value has.
local age = require "azureml.console.age"
local errors = require "azureml.error"
local help = require "azureml.console.help"
local screen = require "azureml.console.screen"
local tables = require "azureml.tool.tables"

local cards = {}

local RED, GREEN, GREY, YELLOW = 31, 32, 90, 33
local MOST_ROWS = 200        -- of a table
local MOST_COLUMNS = 8       -- of a table of plain records
local TEXT_COLUMNS = 20      -- the least room for a card's texts

local function class_of(value)
  local meta = type(value) == "table" and debug.getmetatable(value)
  return type(meta) == "table" and rawget(meta, "__name") or nil
end

-- Cards -------------------------------------------------------------------------------------------

local function coloured(text, colour, look)
  return look.colour and colour and ("\27[%dm%s\27[0m"):format(colour, text) or text
end

-- Lay out a card: a title, then labels with their texts. Rows without a text are left out.
local function card(title, rows, look)
  local width, labels = look.width or 80, {}
  for _, row in ipairs(rows) do labels[#labels + 1] = row[2] and row[1] or nil end
  local margin = help.margin(labels)
  local room = math.max(TEXT_COLUMNS, width - margin - 1)
  local lines = help.wrap(screen.one_line(title), width - 1)
  for i, line in ipairs(lines) do lines[i] = coloured(line, look.title_colour, look) end
  for _, row in ipairs(rows) do
    local label = "  " .. row[1]
    for _, line in ipairs(row[2] and help.wrap(screen.one_line(row[2]), room) or {}) do
      lines[#lines + 1] = label .. (" "):rep(margin - #label) .. line
      label = ""
    end
  end
  return table.concat(lines, "\n")
end

local function with_title_colour(look, colour)
  return setmetatable({ title_colour = colour }, { __index = look })
end

local STATE_COLOURS = { Running = GREEN, Stopped = GREY, Failed = RED, Unusable = RED }

local function state_colour(row)
  return STATE_COLOURS[row.state] or YELLOW
end

local function tags_of(vm)
  local texts = tables.texts(vm.tags, function(name, value) return name .. "=" .. value end)
  return #texts > 0 and table.concat(texts, " ") or nil
end

local function names_of_applications(vm)
  local names = tables.keys(vm.applications)
  return #names > 0 and table.concat(names, ", ") or nil
end

local function last_operation_of(vm)
  local last = vm.last_operation
  if not last.name then return nil end
  local when = last.time and (age.of(last.time) or "") or ""
  return ("%s: %s%s"):format(last.name, tostring(last.status), when ~= "" and ", " .. when or "")
end

local function error_of(vm)
  local fault = vm.errors[1] and errors.read(vm.errors)
  return fault and (fault.message or fault.code)
end

local show = {}

show["azureml.Instance"] = function(vm, look)
  return card(("%s: %s, %s"):format(vm.name, tostring(vm.state), tostring(vm.vm_size)), {
    { "owner", vm.created_by_name or vm.owner },
    { "age", vm.created_on and age.of(vm.created_on) },
    { "tags", tags_of(vm) },
    { "idle stop", vm.idle_time_before_shutdown },
    { "next start", vm.next_start },
    { "next stop", vm.next_stop },
    { "ssh", vm.ssh.command },
    { "applications", names_of_applications(vm) },
    { "last", last_operation_of(vm) },
    { "error", error_of(vm) },
  }, with_title_colour(look, state_colour(vm)))
end

--- Return the error with which an operation has ended.
---@param op table         an operation or a deployment
---@return azureml.Error?  nil: it goes on, or it has succeeded
function cards.failure_of(op)
  if op.outcome then return not op.outcome.ok and op.outcome.result or nil end
  if not op.followed or op.closed or not op:done() then return nil end
  local _, err = errors.try(op.followed.result, op.followed)
  return err
end

local function operation_card(op, look)
  local is_over, failure = op:done(), cards.failure_of(op)
  return card(("%s %s: %s"):format(op.verb or "deploy", op.name, op:status()), {
    { "why", failure and failure.message },
    { "then", not is_over and "wait() waits until it is done, ticket() leaves it to another process"
      or nil },
  }, look)
end

show["azureml.Operation"] = function(op, look)
  if op.closed then return tostring(op) end
  local warnings = op.warnings and op.warnings[1] and table.concat(op.warnings, "; ")
  local text = operation_card(op, look)
  return warnings and text .. "\n" .. card("warnings:", { { "-", warnings } }, look) or text
end

show["azureml.Error"] = function(err, look)
  local details = {}
  for _, group in ipairs(errors.gather(err.details)) do
    local detail = group.detail
    if type(detail) == "table" and type(detail.message) == "string" then
      details[#details + 1] = { "-", detail.message }
      details[#details + 1] = { "", errors.same_line(group) }
    end
  end
  return card(err.message, tables.append({
    { "code", err.code },
    -- The status of an operation that failed is that of the reply that told so: 200.
    { "status", err.status and err.status >= 300 and "HTTP " .. err.status or nil },
    { "request", err.request_id },
    { "where", err.where and not err.where:find "^stdin:" and err.where:gsub(":$", "") or nil },
    { "hint", err.hint },
  }, details), with_title_colour(look, RED))
end

-- Tables ------------------------------------------------------------------------------------------

local INSTANCE_COLUMNS = {
  { title = "Name", key = "name" },
  { title = "State", key = "state", colour = state_colour },
  { title = "Size", key = "vm_size" },
  { title = "Age", key = function(vm) return age.of(vm.created_on) end },
  { title = "Tags", key = tags_of },
}

local JOB_COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Status", key = "status" },
  { title = "Compute", key = "compute" },
  { title = "Command", key = "command" },
}

local OUTCOME_COLOURS = { failed = RED, done = GREEN, skipped = GREY }

local RESULT_COLUMNS = {
  { title = "Name", key = "name" },
  { title = "Outcome", key = "outcome",
    colour = function(row) return OUTCOME_COLOURS[row.outcome] end },
  { title = "Why", key = function(row) return row.reason or row.error and row.error.message end },
}

-- Leave out the last columns where the names of the rows would be shortened.
local function fitted(rows, columns, look)
  local fitting = table.move(columns, 1, #columns, 1, {})
  local names = screen.table(rows, { columns[1] })
  while #fitting > 2 do
    local text = screen.table(rows, fitting, { width = look.width })
    local is_whole = true
    for name in names:gmatch "[^\n]+" do
      is_whole = is_whole and text:find(name, 1, true) ~= nil
    end
    if is_whole then break end
    fitting[#fitting] = nil
  end
  return fitting
end

-- Lay out the first rows of a table, and say what is left out.
local function table_of(rows, columns, look)
  local shown = table.move(rows, 1, math.min(#rows, MOST_ROWS), 1, {})
  local fitting = fitted(shown, columns, look)
  local lines, left = { screen.table(shown, fitting, look) }, #rows - #shown
  if left > 0 then lines[#lines + 1] = ("... %d more"):format(left) end
  if #fitting < #columns then
    lines[#lines + 1] = ("full(_) shows %d more columns"):format(#columns - #fitting)
  end
  return table.concat(lines, "\n")
end

show["azureml.FleetResults"] = function(results, look)
  if #results == 0 then return tostring(results) end
  return table_of(results, RESULT_COLUMNS, look) .. "\n" .. tostring(results)
end

local function is_every(list, test)
  for _, item in ipairs(list) do
    if not test(item) then return false end
  end
  return true
end

local function is_sequence(value)
  local count = 0
  for key in next, value do
    if math.type(key) ~= "integer" then return false end
    count = count + 1
  end
  return count > 0 and count == #value
end

-- The columns of lists that this package returns, by a field that only these rows have.
local COLUMNS_BY_FIELD = {
  vcpus = { "name", "vcpus", "gpus", "memory_gb", "price", "cores_left" },
  used = { "title", "used", "limit", "left" },
  nodes = { "name", "type", "state", "vm_size", "nodes" },
  advice = { "about", "state", "text", "advice" },
}

-- Return the keys of a list of plain records whose values are no tables. Return nil for other
-- lists.
local function keys_of_records(list)
  local seen = {}
  for _, row in ipairs(list) do
    if type(row) ~= "table" or debug.getmetatable(row) then return nil end
    for key, value in next, row do
      if type(key) ~= "string" then return nil end
      seen[key] = type(value) ~= "table" and seen[key] ~= false
    end
  end
  for key, is_plain in next, seen do
    if not is_plain then seen[key] = nil end
  end
  return seen
end

local function having_values(columns, seen)
  local list = {}
  for _, column in ipairs(columns) do
    if seen[column] then list[#list + 1] = column end
  end
  return list
end

-- Return the columns of records: `name` first.
local function columns_of(seen)
  for field, columns in pairs(COLUMNS_BY_FIELD) do
    if seen[field] then return having_values(columns, seen) end
  end
  local keys = tables.keys(seen, function(a, b)
    if a == "name" or b == "name" then return a == "name" and b ~= "name" end
    return a < b
  end)
  return #keys <= MOST_COLUMNS and keys or nil
end

local function table_of_records(list, look)
  local seen = #list > 1 and keys_of_records(list)
  local keys = seen and columns_of(seen)
  if not keys or #keys < 2 then return nil end
  local columns = {}
  for i, key in ipairs(keys) do columns[i] = { title = key, key = key } end
  return table_of(list, columns, look)
end

-- The columns of a list of objects, by their class.
local COLUMNS_BY_CLASS = { ["azureml.Instance"] = INSTANCE_COLUMNS, ["azureml.Job"] = JOB_COLUMNS }

-- Return the columns for a sequence whose items are all of one class; nil for another sequence.
local function columns_for_objects(list)
  local class = class_of(list[1])
  local function is_same(value) return class_of(value) == class end
  return class and is_every(list, is_same) and COLUMNS_BY_CLASS[class] or nil
end

--- Return the text of a value that has a table or a card.
---@param value any
---@param look { width: integer?, colour: boolean? }
---@return string?      nil: the value is shown as Lua shows it
function cards.text(value, look)
  local class = class_of(value)
  if show[class] then return show[class](value, look) end
  if type(value) ~= "table" or not is_sequence(value) then return nil end
  local columns = class == nil and columns_for_objects(value)
  if columns then return table_of(value, columns, look) end
  return debug.getmetatable(value) == nil and table_of_records(value, look) or nil
end

local LISTS = { ["azureml.List"] = true, ["azureml.JobList"] = true }

--- Read a list that the service gives page by page, so that it can be shown and used again.
---@param value any
---@return any       the items of a list; any other value itself
function cards.read(value)
  return LISTS[class_of(value)] and value:all() or value
end

return cards
