--- Copy files and directories to an instance or from it, by SSH where that is on, else by Jupyter's
--- contents API. All that is to be copied is known before the first byte is sent.
local contents = require "azureml.jupyter.contents"
local core = require "azureml.core"
local download = require "azureml.jupyter.download"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local options = require "azureml.options"
local paths = require "azureml.jupyter.paths"
local screen = require "azureml.console.screen"
local ssh = later "azureml.ssh"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"
local upload = require "azureml.jupyter.upload"
local within = require "azureml.within"

local copying = {}

--- What was copied.
---@class azureml.Copied
---@field files integer          how many were copied
---@field bytes integer  of all of them
---@field skipped string[]       local paths that were left out: hidden files, devices

local FILES = 4              -- at the same time
local MOST_DEPTH = 64        -- a link to a directory above would never end

-- Both sides --------------------------------------------------------------------------------------

---@class azureml.jupyter.Plan
---@field directories string[]   to make, each after the one above it
---@field files { source: string|azureml.jupyter.Entry, target: string, size: integer }[]
---@field skipped string[]

local function new_plan() return { directories = {}, files = {}, skipped = {} } end

local function check_depth(path, depth)
  if depth <= MOST_DEPTH then return end
  errors.raise { code = "TooDeep", message = ("%s is nested deeper than %d directories"):format(
    screen.one_line(path), MOST_DEPTH) }
end

local function failed(code, message, ...)
  errors.raise { code = code, message = message:format(...) }
end

local function name_in(path)
  return path:match "([^/]+)/*$" or ""
end

-- Return a function that counts the bytes that are there and tells the caller of the copy.
local function counter(plan, on_progress)
  local total, done, of_file = 0, 0, {}
  for _, file in ipairs(plan.files) do total = total + file.size end
  return function(file, bytes)
    done, of_file[file] = done + bytes - (of_file[file] or 0), bytes
    if on_progress then
      on_progress { name = name_in(file.target), bytes = done, total = total,
        files = #plan.files }
    end
  end, function() return done end
end

-- Carry out a plan. An error of several files lists each by its name.
local function carry_out(plan, make_directory, copy_file, on_progress)
  for _, path in ipairs(plan.directories) do make_directory(path) end
  local count, bytes = counter(plan, on_progress)
  local function copy(file)
    copy_file(file, function(there) count(file, there) end)
  end
  if #plan.files == 1 then copy(plan.files[1])
  else
    for _, file in ipairs(plan.files) do file.name = file.target end
    task.each(plan.files, copy, { limit = FILES })
  end
  return { files = #plan.files, bytes = bytes(), skipped = plan.skipped }
end

-- To the instance ---------------------------------------------------------------------------------

local function add_local(plan, source, target, depth)
  check_depth(source, depth)
  local kind, size = core.status(source)
  if kind == "file" then
    table.insert(plan.files, { source = source, target = target, size = size })
  elseif kind == "directory" then
    table.insert(plan.directories, target)
    local names = core.entries(source)
    table.sort(names)
    for _, name in ipairs(names) do
      local path = source .. "/" .. name
      if paths.can_copy(name) then add_local(plan, path, paths.join(target, name), depth + 1)
      else table.insert(plan.skipped, path) end
    end
  else
    table.insert(plan.skipped, source)
  end
end

-- Return the path of the copy on the instance: within a directory that is there, else the name.
local function remote_target(server, source, to, is_directory)
  local target = paths.check(to)
  local entry = target ~= "" and contents.find(server, target)
  if target == "" or entry and entry.kind == "directory" then
    local name = name_in(source)
    if name == "." or name == ".." or name == "" then return target end
    if not paths.can_copy(name) then paths.check(name) end
    return paths.join(target, name)
  end
  if entry and is_directory then
    failed("CopyFailed", "%s is a file, and '%s' is a directory", contents.shown(server, target),
      source)
  end
  if to:sub(-1) == "/" and not is_directory then
    failed("FileNotFound", "there is no directory %s", contents.shown(server, target))
  end
  return target
end

local function copy_up(server, source, to, on_progress)
  local kind, why = core.status(source)
  if not kind then
    failed("CopyFailed", "%s: %s", screen.one_line(source), why or "there is no such file")
  end
  if kind == "other" then failed("CopyFailed", "%s is no file", screen.one_line(source)) end
  local target = remote_target(server, source, to, kind == "directory")
  local plan = new_plan()
  add_local(plan, (source:gsub("(.)/+$", "%1")), target, 0)
  if plan.directories[1] == "" then table.remove(plan.directories, 1) end      -- the root is there
  return carry_out(plan,
    function(path) contents.make_directory(server, path) end,
    function(file, report) upload.file(server, file.source, file.target, report) end, on_progress)
end

-- From the instance -------------------------------------------------------------------------------

-- Names that the machine sends become names of local files.
local function check_name(server, entry)
  if paths.can_copy(entry.name) then return end
  failed("CopyFailed", "%s cannot be copied: its name is hidden or has unsafe characters",
    contents.shown(server, entry.path))
end

local function add_remote(server, plan, entry, target, depth)
  check_depth(entry.path, depth)
  if entry.kind ~= "directory" then
    table.insert(plan.files, { source = entry, target = target, size = entry.size or 0 })
    return
  end
  table.insert(plan.directories, target)
  for _, item in ipairs(contents.list(server, entry.path).items) do
    check_name(server, item)
    add_remote(server, plan, item, target .. "/" .. item.name, depth + 1)
  end
end

-- Return the local path of the copy: within a directory that is there, else the name.
local function local_target(server, entry, to)
  local kind = core.status(to)
  local bare = to:gsub("(.)/+$", "%1")
  if kind == "directory" then
    local name = entry.name ~= "" and entry.name or server.vm.name
    return (bare == "/" and "" or bare) .. "/" .. name
  end
  local is_directory = entry.kind == "directory"
  if kind and is_directory then
    failed("CopyFailed", "%s is a file, and %s is a directory", to,
      contents.shown(server, entry.path))
  end
  if to:sub(-1) == "/" and not is_directory then
    failed("CopyFailed", "%s: there is no such directory", screen.one_line(to))
  end
  local parent = bare:match "^(.*)/[^/]*$" or "."
  if core.status(parent == "" and "/" or parent) ~= "directory" then
    failed("CopyFailed", "%s: there is no such directory", screen.one_line(parent))
  end
  return bare
end

local function copy_down(server, from, to, on_progress)
  local entry = contents.look(server, paths.check(from))
  if entry.path ~= "" then check_name(server, entry) end
  local plan = new_plan()
  add_remote(server, plan, entry, local_target(server, entry, to), 0)
  return carry_out(plan, function(path)
    local made, why = core.make_directory(path)
    if not made then failed("CopyFailed", "%s: %s", path, why) end
  end, function(file, report) download.file(server, file.source, file.target, report) end,
    on_progress)
end

-- Public ------------------------------------------------------------------------------------------

--- How to copy.
---@class azureml.CopyOptions
---@field over? "ssh"|"jupyter"  the way; default: SSH where it is on, else Jupyter
---@field timeout? number  seconds
---@field start? boolean  start a stopped instance first
---@field key? string  over SSH: the path of a private key
---@field preserve? boolean  over SSH: keep times and modes
---@field on_progress? fun(progress: table)  over Jupyter: called with name, bytes, total, files

local COPY = {
  timeout = "number", key = "string", start = "boolean", preserve = "boolean", over = "string",
  on_progress = "callable",
}
local ONLY_SSH = { "key", "preserve" }

local function is_remote(path) return path:sub(1, 1) == ":" end

local function check_paths(from, to)
  for index, path in ipairs { from, to } do
    if type(path) ~= "string" or path == "" or path:find "[%z\n]" then
      errors.mistake("bad argument #%d to 'copy' (a path expected)", index)
    end
  end
  if is_remote(from) == is_remote(to) then
    options.refuse "copy: one of the two paths is on the instance: begin that one with ':'"
  end
end

local function over_jupyter(vm, from, to, settings)
  for _, name in ipairs(ONLY_SSH) do
    if settings[name] then
      options.refuse("copy: option '%s' needs SSH, and this copy goes over Jupyter", name)
    end
  end
  local server = vm.jupyter.server
  server:prepare { start = settings.start }
  if is_remote(to) then return copy_up(server, from, to:sub(2), settings.on_progress) end
  return copy_down(server, from:sub(2), to, settings.on_progress)
end

--- Return how files are copied: as the caller says, else by SSH where it is on.
---@param vm azureml.Instance
---@param over string?        "ssh" or "jupyter"
---@return string
function copying.way(vm, over)
  if over == nil then return vm.ssh.enabled and "ssh" or "jupyter" end
  if over ~= "ssh" and over ~= "jupyter" then
    options.refuse("copy: over is 'ssh' or 'jupyter', not '%s'", over:sub(1, 60))
  end
  return over
end

--- Copy a file or a directory: see azureml.Instance.copy.
---@param vm azureml.Instance
---@param from string
---@param to string
---@param settings? azureml.CopyOptions
---@return azureml.Copied?      over Jupyter
function copying.copy(vm, from, to, settings)
  settings = options.check("copy", settings, COPY)
  check_paths(from, to)
  if copying.way(vm, settings.over) == "ssh" then
    if settings.on_progress then
      options.refuse "copy: option 'on_progress' needs Jupyter: add over = 'jupyter'"
    end
    local rest = tables.copy(settings)
    rest.over = nil
    return ssh.copy(vm, from, to, rest)
  end
  if settings.timeout then
    return within.run(settings.timeout, over_jupyter, vm, from, to, settings)
  end
  return over_jupyter(vm, from, to, settings)
end

return copying
