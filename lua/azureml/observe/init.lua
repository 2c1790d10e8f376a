--- Report on a run of the executable: `--prometheus FILE` and `--summary FILE`. The files are
--- checked before anything runs, and written whole when the run ends, however it ends: also when it
--- is refused. A process that is killed leaves the files of the run before.
local core = require "azureml.core"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local notice = require "azureml.tool.notice"
local prometheus = later "azureml.observe.prometheus"
local run_module = require "azureml.observe.run"
local summary = later "azureml.observe.summary"
local tables = require "azureml.tool.tables"
local words = later "azureml.observe.words"

local observe = {}

---@class azureml.RunEnding       what is known when a run ends
---@field exit_code integer?      nil: the process becomes another program
---@field ended number            seconds since 1970
---@field seconds number          that the run took
---@field command string[]        without secrets
---@field version string          of azureml
---@field requests { purpose: string, method: string, status: string, count: integer }[]
---@field throttled integer       replies of status 429
---@field held number             seconds in which throttling held requests back

---@class azureml.Observed
---@field files { option: string, path: string }[]
---@field argv string[]
---@field first integer?          the index of the command or script
---@field is_script boolean?      the word there is a script's name, though a command has it too
---@field is_refused boolean?     the executable's options are wrong

-- option -> function that returns the file's text.
local WRITERS = {
  prometheus = function(run, ending, path) return prometheus.text(run, ending, path) end,
  summary = function(run, ending) return summary.text(run, ending) end,
}

local observed, run      -- of this process; nil: it is not observed

local function fault_of(file, reason)
  return ("the file of --%s, '%s', cannot be written: %s"):format(file.option, file.path, reason)
end

--- Begin to observe the run. If a file cannot be written, the run is observed for the others.
---@param given azureml.Observed
---@raise an error object `OutputFailed` if a file cannot be written
function observe.start(given)
  local files, fault = {}, nil
  for _, file in ipairs(given.files) do
    local reason = core.publish_fault(file.path)
    if reason then fault = fault or fault_of(file, reason)
    else files[#files + 1] = file end
  end
  observed, run = tables.merge(given, { files = files }), run_module.new()
  run.on_leaving = observe.write
  notice.observe(run)
  if fault then errors.raise { code = "OutputFailed", message = fault } end
end

local function commands()
  local cli = package.loaded["azureml.cli"]
  return cli and not observed.is_script and cli.commands or {}
end

local function words_shown()
  if observed.is_refused then return words.options(observed.argv) end
  return words.shown(observed.argv, observed.first, commands())
end

local function ending_of(exit_code)
  local requests, throttled, held = core.traffic()
  return {
    exit_code = exit_code, ended = math.floor(core.time() * 1000) / 1000, seconds = run:seconds(),
    version = core.version,
    command = words_shown(),
    requests = requests, throttled = throttled, held = math.floor(held * 1000 + 0.5) / 1000,
  }
end

--- Write the files. Does nothing where nothing is observed.
---@param exit_code integer?     nil: it is not known, because the process becomes another program
---@return string? fault         what could not be written, and why
function observe.write(exit_code)
  if not observed then return nil end
  local faults, ending = {}, ending_of(exit_code)
  for _, file in ipairs(observed.files) do
    local text = WRITERS[file.option](run, ending, file.path)
    local ok, reason = core.publish(file.path, text)
    if not ok then faults[#faults + 1] = fault_of(file, reason) end
  end
  return #faults > 0 and table.concat(faults, "; ") or nil
end

--- End the observation: write the files, for the last time.
---@param exit_code integer
---@return string? fault         what could not be written, and why
function observe.finish(exit_code)
  if not observed then return nil end
  run:close()
  local fault = observe.write(exit_code)
  notice.observe(nil)
  observed, run = nil, nil
  return fault
end

return observe
