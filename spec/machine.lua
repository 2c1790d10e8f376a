--- Make a machine for a spec: a directory with fake programs, a cache and a home; and run processes
--- there.
local asking = require "spec.asking"
local process = require "spec.process"

local Machine = {}
Machine.__index = Machine

--- Add a program to its PATH; each run appends a line with its arguments in the file "NAME.runs".
---@param name string
---@param body string          of a shell script; $DIR is the machine's directory
function Machine:program(name, body)
  process.write(self.directory .. "/bin/" .. name,
    ("#!/bin/sh\nDIR='%s'\necho \"$*\" >>\"$DIR/%s.runs\"\n%s\n"):format(self.directory, name,
      body), "755")
end

--- Return the lines of a program's runs.
function Machine:runs(name)
  local lines, file = {}, io.open(self.directory .. "/" .. name .. ".runs")
  if not file then return lines end
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  return lines
end

--- Return its environment; home and cache are in its directory.
function Machine:environment(more)
  local all = {
    PATH = self.directory .. "/bin:/usr/bin:/bin", HOME = self.directory .. "/home",
    XDG_CACHE_HOME = self.directory .. "/cache",
    LUA_PATH = process.root .. "/?.lua;" .. process.root .. "/lua/?.lua;" .. process.root
      .. "/lua/?/init.lua;;",
  }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

--- Run a script with `credential`, `use(credential, scope)` and `ask()`; it must succeed.
---@return string output, string errors
function Machine:lua(script, environment)
  local output, errors, code = process.executable({ "-e", asking .. script },
    self:environment(environment), self.directory)
  assert(code == 0, errors)
  return (output:gsub("\n$", "")), errors
end

--- Run the executable with a command.
---@return string output, string errors, integer code
function Machine:command(argv, environment, input)
  return process.executable(argv, self:environment(environment), self.directory, input)
end

--- Run a shell command; return its output.
function Machine:shell(script)
  local file <close> = assert(io.popen(("cd '%s' && %s"):format(self.directory, script)))
  return (file:read("a"):gsub("\n$", ""))
end

function Machine:close()
  process.remove(self.directory)
end

Machine.__close = Machine.close

--- Make a machine with an empty bin, home and cache.
return function()
  local self = setmetatable({ directory = process.directory() }, Machine)
  self:shell "mkdir bin home"
  return self
end
