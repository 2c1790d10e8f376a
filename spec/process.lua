--- Run programs for specs: to their end, or in the background. Each spec names the environment that
--- they need.
local process = {}

local BUILD = os.getenv "AZUREML_BUILD" or "build"

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

local function read_all(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function output_of(command)
  local file <close> = assert(io.popen(command))
  return file:read "a"
end

--- The repository's root, where the suite runs.
process.root = output_of("pwd"):gsub("\n$", "")

-- The build as an absolute path: a spec may run things elsewhere.
local build = BUILD:sub(1, 1) == "/" and BUILD or process.root .. "/" .. BUILD

local function assignments(environment)
  local words = {}
  for name, value in pairs(environment or {}) do words[#words + 1] = quote(name .. "=" .. value) end
  return table.concat(words, " ")
end

local function command_line(argv)
  local words = {}
  for i, word in ipairs(argv) do words[i] = quote(word) end
  return table.concat(words, " ")
end

--- Run a program to its end. Signals have their default effect in it, also when a job in the
--- background, which ignores SIGINT, runs the suite.
---@param argv string[]
---@param environment table<string, string>?      added to ours
---@param directory string?
---@param input string?                           its standard input; nothing
---@return string output, string errors, integer code
function process.run(argv, environment, directory, input)
  local out, err, given = os.tmpname(), os.tmpname(), os.tmpname()
  local file <close> = assert(io.open(given, "w"))
  file:write(input or "")
  file:close()
  local line = "cd %s && env --default-signal=INT,TERM %s %s <%s >%s 2>%s"
  local _, _, code = os.execute(line:format(
    quote(directory or process.root), assignments(environment), command_line(argv),
    quote(given), quote(out), quote(err)))
  local output, errors = read_all(out), read_all(err)
  for _, path in ipairs { out, err, given } do os.remove(path) end
  return output, errors, code
end

--- The path of the executable.
process.executable_path = build .. "/azureml"

--- Run the executable.
function process.executable(argv, environment, directory, input)
  return process.run({ process.executable_path, table.unpack(argv) }, environment, directory, input)
end

--- Run plain lua5.4 with the package beside it.
function process.plain_lua(argv, environment, directory, input)
  local settings = {
    LUA_PATH = ("%s/lua/?.lua;%s/lua/?/init.lua;;"):format(process.root, process.root),
    LUA_CPATH = build .. "/lib/?.so;;",
    LD_PRELOAD = os.getenv "AZUREML_PRELOAD",      -- a sanitized module in a plain interpreter
  }
  for name, value in pairs(environment or {}) do settings[name] = value end
  return process.run({ "lua5.4", table.unpack(argv) }, settings, directory, input)
end

--- Make a new, empty directory.
function process.directory()
  return (output_of("mktemp -d"):gsub("\n$", ""))
end

--- Remove a directory with its contents.
function process.remove(directory)
  assert(directory:find "^/tmp/" or directory:find "^/var/tmp/", "not a temporary directory")
  os.execute("rm -rf " .. quote(directory))
end

--- Write a file; return its path.
function process.write(path, text, mode)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  if mode then os.execute(("chmod %s %s"):format(mode, quote(path))) end
  return path
end

--- Read a whole file.
function process.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- Serving -----------------------------------------------------------------------------------------

local Served = {}
Served.__index = Served

function Served:close()
  if not self.pid then return end
  os.execute("kill " .. self.pid .. " 2>/dev/null")
  self.file:close()
  self.pid = nil
end

Served.__close = Served.close

--- Return a port that was free a moment ago.
---@return integer
function process.free_port()
  local taken <close> = assert(require("azureml.httpd").listen {})
  return taken:port()
end

--- Start a program in the background.
---@param argv string[]
---@param log string?        where its output goes; nowhere
---@return table served      ends with its scope
function process.background(argv, log)
  local file = assert(io.popen(("%s >%s 2>&1 & echo $!; wait"):format(command_line(argv),
    quote(log or "/dev/null"))))
  local pid = assert(file:read "n", "it did not start")
  return setmetatable({ file = file, pid = math.tointeger(pid) }, Served)
end

--- Start `azureml emulator` in its own process, on a free port.
---@param given { speed: number?, workspace: string?, options: string[]?, environment: table<string,
---  string>? }  options: more words
---@return table served      with url and pid; ends with its scope
function process.served_emulator(given)
  local argv = { process.executable_path, "emulator", "--quiet", "--speed", given.speed or 1 }
  if given.workspace then table.move({ "-w", given.workspace }, 1, 2, #argv + 1, argv) end
  table.move(given.options or {}, 1, #(given.options or {}), #argv + 1, argv)
  local command = ("env --default-signal=INT,TERM %s %s 2>/dev/null & echo $!; wait"):format(
    assignments(given.environment), command_line(argv))
  local file = assert(io.popen(command))
  local pid = assert(file:read "n", "the emulator did not start")
  file:read "l"
  return setmetatable({
    file = file, pid = math.tointeger(pid),
    url = assert(file:read "l", "the emulator did not start"),
  }, Served)
end

return process
