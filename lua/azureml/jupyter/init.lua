--- The Jupyter of an instance: files, terminals, kernels and sessions, without SSH.
local later = require "azureml.tool.later"
local contents = later "azureml.jupyter.contents"
local errors = require "azureml.error"
local kernel = later "azureml.jupyter.kernel"
local kernelspecs = later "azureml.jupyter.kernelspecs"
local options = require "azureml.options"
local paths = later "azureml.jupyter.paths"
local removing = later "azureml.jupyter.removing"
local server = require "azureml.jupyter.server"
local registered = later "azureml.packages.kernels"
local sessions = later "azureml.jupyter.sessions"
local task = require "azureml.task"

--- The Jupyter of an instance: files, terminals, kernels and sessions.
---@class azureml.Jupyter
---@field server azureml.jupyter.Server  the server that it asks
local Jupyter = {}
local metatable = { __name = "azureml.Jupyter", __index = Jupyter }

local jupyter = {}

local STOPS = 8      -- at the same time

-- Return a path below Jupyter's root.
local function check_path(method, path, index)
  if type(path) == "string" then return paths.check(path) end
  errors.mistake("bad argument #%d to '%s' (path expected, got %s)", index or 1, method, type(path))
end

-- Return the path of a file or a directory that a method makes.
local function check_new(method, path, index)
  check_path(method, path, index)
  local checked = paths.check_new(path)
  if checked ~= "" then return checked end
  options.refuse("%s: name a file or a directory: '%s' is the root of the files", method, path)
end

--- Look at a file, or list a directory. Paths are relative to Jupyter's root, the workspace's files
--- that the instance mounts at ~/cloudfiles/code. Hidden files are not among them.
---@param path? string      default: the root
---@return azureml.jupyter.Entry      name, path, kind, size, modified, read(), remove(); of a
---  directory also items
---@raise an error object, also `FileNotFound`
---@usage for _, file in ipairs(vm.jupyter:contents("Users/ann").items) do print(file.name) end
function Jupyter:contents(path)
  return contents.open(self.server, check_path("contents", path == nil and "" or path))
end

--- Return the bytes of a file of at most 8 MiB. vm:copy copies larger ones.
---@param path string
---@return string
function Jupyter:read(path)
  return contents.read_whole(self.server, check_path("read", path))
end

--- Write a file of at most 8 MiB. vm:copy copies larger ones.
---@param path string
---@param bytes string
---@return azureml.jupyter.Entry
---@usage vm.jupyter:write("Users/ann/note.txt", "done\n")
function Jupyter:write(path, bytes)
  if type(bytes) ~= "string" then
    errors.mistake("bad argument #2 to 'write' (string expected, got %s)", type(bytes))
  end
  return contents.write(self.server, check_new("write", path), bytes)
end

--- Make a directory. One that is there is no failure; the one above it must be there.
---@param path string
function Jupyter:make_directory(path)
  contents.make_directory(self.server, check_new("make_directory", path))
end

--- Rename a file or a directory. A file of the new name is replaced, a directory is not.
---@param path string
---@param new string         the whole new path
---@raise an error object: `FileNotFound`; `FileExists` if the new name is a directory's
function Jupyter:rename(path, new)
  contents.rename(self.server, check_new("rename", path), check_new("rename", new, 2))
end

--- What to remove.
---@class azureml.RemoveOptions
---@field recursive? boolean  also a directory with all that is in it; a link to a directory counts
---  as that directory

--- Remove a file, or an empty directory.
---@param path string
---@param settings? azureml.RemoveOptions
---@raise an error object: `FileNotFound`, `DirectoryNotEmpty`
function Jupyter:remove(path, settings)
  settings = options.check("remove", settings, { recursive = "boolean" })
  removing.remove(self.server, check_path("remove", path), settings.recursive)
end

--- List the terminals that are open.
---@return azureml.jupyter.Open[]      with last_activity, idle and stop()
---@usage for _, terminal in ipairs(vm.jupyter:terminals()) do print(terminal) end
function Jupyter:terminals()
  return sessions.terminals(self.server)
end

--- List the kernels that run, also those that no notebook uses.
---@return azureml.jupyter.Open[]      with state, last_activity, idle, is_busy() and stop()
function Jupyter:kernels()
  return sessions.kernels(self.server)
end

--- List the notebooks and consoles that have a kernel.
---@return azureml.jupyter.Open[]      with path, kernel, last_activity, idle and stop()
---@usage for _, open in ipairs(vm.jupyter:sessions()) do
---    if open.idle > 7200 and not open:is_busy() then open:stop() end
---  end
function Jupyter:sessions()
  return sessions.list(self.server)
end

--- Stop the notebooks, kernels and terminals that were idle for some time and do not compute. What
--- a kernel holds in memory is lost.
---@param seconds number
---@return azureml.jupyter.Open[]      what was stopped
---@raise an error object; `SomeFailed` names what could not be stopped, after all were tried
---@usage vm.jupyter:stop_idle(2 * 3600)
function Jupyter:stop_idle(seconds)
  options.check_seconds("stop_idle: its first argument", seconds)
  local forgotten = sessions.forgotten(sessions.all(self.server), seconds)
  task.each(forgotten, function(open) open:stop() end, { limit = STOPS })
  return forgotten
end

--- List the kernels that can be started.
---@return { name: string, display_name: string, language: string, is_default: boolean, argv:
---  string[] }[]      sorted by name
function Jupyter:kernelspecs()
  return kernelspecs.list(self.server)
end

--- Remove a kernel of the user from the list of those that can be started. Kernels that run go on.
---@param name string
---@param settings? azureml.StepOptions
---@return boolean removed    false: there was none of this name
---@raise an error object `KernelNotRemoved` if it is the system's
function Jupyter:remove_kernel(name, settings)
  return registered.remove(self.server.vm, name, settings)
end

--- Start a kernel, to run code in it with `kernel:execute`. It is shut down when it is closed.
---@param name? string       of a kernelspec; default: the server's own default
---@return azureml.Kernel
---@raise an error object `KernelUnknown` that names those that exist
---@usage local kernel <close> = vm.jupyter:start_kernel "python3"
function Jupyter:start_kernel(name)
  return kernel.start(self.server, name)
end

--- Run code in a kernel: one that runs, or one that is started for it and shut down afterwards.
---@param code string
---@param settings? azureml.ExecuteInOptions
---@return azureml.Result
---@raise an error object: `CodeFailed` with exception { name, value, traceback } and result;
---  `KernelUnknown`, `Timeout`, `OutputLost`, `KernelDied`, `KernelGone`
---@usage print(vm.jupyter:execute("1 + 1").text)
function Jupyter:execute(code, settings)
  return kernel.execute(self.server, code, settings)
end

--- Close the connection to the server. It opens again when it is needed.
function Jupyter:close()
  self.server:close()
end

options.check_colon(Jupyter, metatable, "vm.jupyter")
metatable.__close = Jupyter.close
metatable.__methods = Jupyter      -- for completion at the prompt

function metatable:__tostring()
  return ("the Jupyter of %s"):format(self.server.vm.name)
end

--- Make the Jupyter of an instance: scripts write `vm.jupyter`.
---@param vm azureml.Instance
---@return azureml.Jupyter
function jupyter.new(vm)
  return setmetatable({ server = server.new(vm) }, metatable)
end

return jupyter
