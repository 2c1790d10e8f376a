--- What code in a kernel has made: its value, its output, what it displayed, its error.
local errors = require "azureml.error"
local json = require "azureml.json"
local message = require "azureml.jupyter.message"
local screen = require "azureml.console.screen"

--- What code in a kernel has made.
---@class azureml.Result
---@field text string?       the value of the last expression as the kernel writes it; of a kernel
---  that displays values instead, such as R's: what it displayed last
---@field data table<string, any>?       the value by MIME type: ["image/png"] is in base64
---@field output string      what the code printed; empty if a function took it
---@field errors string      what it printed to standard error; likewise
---@field displays table<string, any>[]      what it displayed, each by MIME type
---@field count integer?     the kernel's number of the execution
local Result = {}

local metatable = { __name = "azureml.Result", __index = Result }

local result = {}

-- What Jupyter's server prints in place of output that it drops. Both limits are on by default.
local LOST = { "^IOPub data rate exceeded%.\n", "^IOPub message rate exceeded%.\n" }

local function is_loss(text)
  for _, pattern in ipairs(LOST) do
    if text:find(pattern) then return true end
  end
  return false
end

local readers = {}

function readers.stream(self, content)
  local text = message.text(content, "text")
  local name = content.name == "stderr" and "errors" or "output"
  if name == "errors" and is_loss(text) then self.is_lost = true end
  local handler = self["on_" .. name]
  if handler then return handler(text) end
  table.insert(self.streams[name], text)
end

function readers.execute_result(self, content)
  local data = type(content.data) == "table" and content.data or {}
  self.data, self.text = data, message.text(data, "text/plain")
end

local function display_id(content) return json.get(content, "transient", "display_id") end

function readers.display_data(self, content)
  local data = type(content.data) == "table" and content.data or {}
  table.insert(self.displays, data)
  local id = display_id(content)
  if id then self.places[id] = #self.displays end
  if self.on_display then self.on_display(data) end
end

function readers.update_display_data(self, content)
  local place = self.places[display_id(content) or {}]
  if place and type(content.data) == "table" then self.displays[place] = content.data end
end

function readers.error(self, content) self.fault = content end

function readers.execute_reply(self, content)
  self.count = math.tointeger(content.execution_count)
  if content.status == "error" and not self.fault then self.fault = content end
  self.is_aborted = content.status == "aborted" or content.status == "abort"
end

-- The error of code ------------------------------------------------------------------------------

-- Make a traceback safe to print: no colours, no other control characters.
local function plain(text)
  text = text:gsub("\27%[[%d;]*m", ""):gsub("\r\n", "\n")
  return screen.replace_unsafe(text, function(char)
    return (char == "\n" or char == "\t") and char or "\u{FFFD}"
  end)
end

local HINTS = {
  StdinNotImplementedError = "the code asks for input: give the option on_input, a function of the "
    .. "prompt that returns the line",
  ModuleNotFoundError = "vm:pip_install installs packages; the kernel must be one of the same "
    .. "environment",
}

local function error_of(fault, kernel)
  local name = screen.one_line(message.text(fault, "ename"))
  local value = plain(message.text(fault, "evalue"))
  local lines = {}
  for _, line in ipairs(type(fault.traceback) == "table" and fault.traceback or {}) do
    lines[#lines + 1] = plain(tostring(line))
  end
  local what = screen.one_line(value):sub(1, 500)
  return errors.new {
    code = "CodeFailed", hint = HINTS[name],
    message = ("the code raised %s in the kernel '%s'%s"):format(
      name ~= "" and name or "an error", kernel, what ~= "" and ": " .. what or ""),
    exception = { name = name, value = value, traceback = table.concat(lines, "\n") },
    log = table.concat(lines, "\n"),
  }
end

-- Public ------------------------------------------------------------------------------------------

--- Begin a result.
---@param settings { on_output: function?, on_errors: function?, on_display: function? }
---@return azureml.Result
function result.new(settings)
  return setmetatable({
    displays = {}, streams = { output = {}, errors = {} }, places = {},
    on_output = settings.on_output, on_errors = settings.on_errors,
    on_display = settings.on_display,
  }, metatable)
end

--- Take a message of the kernel that answers the request.
---@param received azureml.jupyter.Message
function Result:take(received)
  local reader = readers[received.kind]
  if reader then reader(self, received.content) end
end

--- Finish the result once the kernel is idle.
---@param kernel string      its name, for errors
---@return azureml.Result
---@raise an error object: `CodeFailed` with exception { name, value, traceback } and result;
---  `CodeSkipped`; `OutputLost` with result
function Result:finish(kernel)
  self.output = table.concat(self.streams.output)
  self.errors = table.concat(self.streams.errors)
  local last = self.displays[#self.displays]
  if not self.text and last then self.text = message.text(last, "text/plain") end
  local fault, is_lost, is_aborted = self.fault, self.is_lost, self.is_aborted
  for _, name in ipairs { "streams", "places", "fault", "is_lost", "is_aborted", "on_output",
    "on_errors", "on_display" } do self[name] = nil end
  local err = fault and error_of(fault, kernel)
  if is_aborted and not err then
    err = errors.new { code = "CodeSkipped",
      message = ("the kernel '%s' skipped the code: it was interrupted, or other code failed")
        :format(kernel) }
  elseif is_lost and not err then
    err = errors.new { code = "OutputLost",
      message = ("a part of the output is lost: Jupyter's server limits how fast the kernel '%s' "
        .. "may print. The code ran to its end"):format(kernel),
      hint = "print less at once, write to a file, or run it as a program: 'azureml python'" }
  end
  if not err then return self end
  err.result = self
  errors.raise(err)
end

--- Show what a person would see in a notebook.
function metatable:__tostring()
  local shown = (self.output or "") .. (self.errors or "")
  if self.text then shown = shown .. self.text end
  return (plain(shown):gsub("\n$", ""))
end

return result
