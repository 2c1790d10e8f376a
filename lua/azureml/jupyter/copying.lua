--- Copy files and directories to an instance or from it, by SSH where that is on, else by Jupyter's
--- contents API. All that is to be copied is known before the first byte is sent.
local contents = require "azureml.jupyter.contents"
local core = require "azureml.core"
local download = require "azureml.jupyter.download"
local errors = require "azureml.error"
local later = require "azureml.tool.later"
local options = require "azureml.options"
local pace = require "azureml.pace"
local paths = require "azureml.jupyter.paths"
local screen = require "azureml.console.screen"
local ssh = later "azureml.ssh"
local tables = require "azureml.tool.tables"
local task = require "azureml.task"
local upload = require "azureml.jupyter.upload"

local copying = {}

--- What was copied.
---@class azureml.Copied
---@field files integer          how many were copied
---@field bytes integer         of all of them
---@field skipped string[]       paths that were left out: hidden files, devices, links that lead
---  nowhere or to a directory above, names that would disturb a screen

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

-- Return a function that counts the bytes that are there and tells the caller of the copy. What is
-- there at the first call for a file comes from an earlier copy.
local function counter(plan, on_progress)
  local total, done, resumed, of_file = 0, 0, 0, {}
  for _, file in ipairs(plan.files) do total = total + file.size end
  return function(file, bytes, size)
    if not of_file[file] then resumed = resumed + bytes end
    done, of_file[file] = done + bytes - (of_file[file] or 0), bytes
    total, file.size = total + (size or file.size) - file.size, size or file.size
    if on_progress then
      on_progress { name = name_in(file.target), bytes = done, total = total,
        files = #plan.files, resumed = resumed > 0 and resumed or nil }
    end
  end, function() return done end
end

-- The codes of errors that all other files would meet too.
local ENDS_ALL = {
  NotRunning = true, NotYours = true, InstanceTokenRefused = true, InstanceForbidden = true,
  NotJupyter = true, NoSpace = true,
}

-- Copy files side by side. An error that all would meet ends the copy; other errors are listed with
-- the names of their files.
local function copy_files(files, copy)
  local copied, ending = 0, nil
  local _, several = errors.try(task.each, files, function(file)
    if ending then return end
    local _, err = errors.try(copy, file)
    if err and (ENDS_ALL[err.code] or err.kind == "transport") then
      ending = ending or err
    elseif err then
      errors.raise(err)
    else
      copied = copied + 1
    end
  end, { limit = FILES })
  if not ending then return several and errors.raise(several) end
  ending.message = ("%s (%d of %d files were copied)"):format(ending.message, copied, #files)
  errors.raise(ending)
end

-- Carry out a plan.
local function carry_out(plan, make_directory, copy_file, on_progress)
  for _, path in ipairs(plan.directories) do make_directory(path) end
  local count, bytes = counter(plan, on_progress)
  local function copy(file)
    copy_file(file, function(there, length) count(file, there, length) end)
  end
  if #plan.files == 1 then copy(plan.files[1])
  else
    for _, file in ipairs(plan.files) do file.name = file.target end
    copy_files(plan.files, copy)
  end
  return { files = #plan.files, bytes = bytes(), skipped = plan.skipped }
end

-- To the instance ---------------------------------------------------------------------------------

-- Return the names in a local directory.
local function names_in(directory)
  local names, why = core.entries(directory)
  if why then failed("CopyFailed", "%s: %s", screen.one_line(directory), why) end
  table.sort(names)
  return names
end

local add_local

-- Add a directory; above: the directories that it is in, by their identity.
local function add_local_directory(plan, source, target, above)
  table.insert(plan.directories, target)
  for _, name in ipairs(names_in(source)) do
    local path = source .. "/" .. name
    if paths.can_copy(name) then add_local(plan, path, paths.join(target, name), above)
    else table.insert(plan.skipped, path) end
  end
end

-- Add what is at a local path. A link to a directory above would never end: it is left out.
function add_local(plan, source, target, above)
  local kind, size, _, identity = core.status(source)
  if kind == "file" then
    table.insert(plan.files, { source = source, target = target, size = size })
  elseif kind == "directory" and not above[identity] then
    above[identity] = true
    add_local_directory(plan, source, target, above)
    above[identity] = nil
  else
    table.insert(plan.skipped, source)
  end
end

-- Refuse a file in place of a directory, and a directory in place of a file.
local function check_kind(server, entry, source, is_directory)
  if not entry or (entry.kind == "directory") == is_directory then return end
  failed("CopyFailed", is_directory and "%s is a file, and '%s' is a directory"
    or "%s is a directory, and '%s' is a file", contents.shown(server, entry.path),
    screen.one_line(source))
end

-- Return the path of the copy on the instance: within a directory that is there, else the name.
local function remote_target(server, source, to, is_directory)
  local target = paths.check_new(to)
  local entry = target ~= "" and contents.find(server, target)
  if target == "" or entry and entry.kind == "directory" then
    local name = name_in(source)
    if name == "." or name == ".." or name == "" then return target end
    local inner = paths.join(target, paths.check_new(name))
    check_kind(server, contents.find(server, inner), source, is_directory)
    return inner
  end
  check_kind(server, entry, source, is_directory)
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
  add_local(plan, (source:gsub("(.)/+$", "%1")), target, {})
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

-- Describe what is in a directory. Two directories of the same description are one, with what is
-- in it: the times have parts of a second.
local function description_of(items)
  local parts = {}
  for i, item in ipairs(items) do
    parts[i] = ("%s %s %s %s"):format(item.name, item.kind, item.size or "", item.modified or "")
  end
  return table.concat(parts, "\n")
end

-- List a directory. Refuse one that is the same as one above it: its copy would never end.
local function list_below(server, entry, above)
  local items = contents.list(server, entry.path).items
  local description = description_of(items)
  if #items > 0 and above[description] then
    failed("TooDeep", "%s leads back to a directory above it", contents.shown(server, entry.path))
  end
  return items, description
end

local function add_remote(server, plan, entry, target, above, depth)
  check_depth(entry.path, depth)
  if entry.kind ~= "directory" then
    table.insert(plan.files, { source = entry, target = target, size = entry.size or 0 })
    return
  end
  table.insert(plan.directories, target)
  local items, description = list_below(server, entry, above)
  above[description] = true
  for _, item in ipairs(items) do
    if paths.can_copy(item.name) then
      add_remote(server, plan, item, target .. "/" .. item.name, above, depth + 1)
    else
      table.insert(plan.skipped, contents.shown(server, item.path))
    end
  end
  above[description] = nil
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
    failed("CopyFailed", "%s is a file, and %s is a directory", screen.one_line(to),
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
  add_remote(server, plan, entry, local_target(server, entry, to), {}, 0)
  return carry_out(plan, function(path)
    local made, why = core.make_directory(path)
    if not made then failed("CopyFailed", "%s: %s", screen.one_line(path), why) end
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
---@field on_progress? fun(progress: table)  over Jupyter: called with name, bytes,
---  total, files; resumed: bytes of an earlier copy that broke off

local COPY = {
  timeout = "number", key = "string", start = "boolean", preserve = "boolean", over = "string",
  on_progress = "callable",
}
local ONLY_SSH = { "key", "preserve" }

local function is_remote(path) return path:sub(1, 1) == ":" end

local function check_paths(from, to)
  for index, path in pairs { from or false, to or false } do
    if type(path) ~= "string" or path == "" then
      errors.mistake("bad argument #%d to 'copy' (a path expected)", index)
    elseif path:find "[%z\n]" then
      options.refuse("copy: the path '%s' has a line break or NUL in it", screen.one_line(path))
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

local function within_limit(vm, from, to, settings)
  options.check_seconds("copy: timeout", settings.timeout)
  return task.limited(settings.timeout, function(err)
    err.message = ("the copy was not done within %s s"):format(pace.text(settings.timeout))
    err.hint = "copy again: it goes on where it broke off"
  end, over_jupyter, vm, from, to, settings)
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
  if settings.timeout then return within_limit(vm, from, to, settings) end
  return over_jupyter(vm, from, to, settings)
end

return copying
