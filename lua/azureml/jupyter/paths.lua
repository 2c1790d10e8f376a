--- Check the paths of files on an instance, those that the user names and those that the machine
--- names, and write them in URLs. Jupyter shows the files below its root, the workspace's file
--- share that the instance mounts at ~/cloudfiles/code; it shows no hidden files.
--- Source: spec/contract/neighbours.md, sections 5 and 6.
local core = require "azureml.core"
local options = require "azureml.options"
local screen = require "azureml.console.screen"

local paths = {}

local LONGEST, LONGEST_NAME = 4096, 255

-- How the root is called by a user who thinks of the instance's own file system.
local ROOTS = {
  "^~/cloudfiles/code$", "^~/cloudfiles/code/", "^cloudfiles/code$", "^cloudfiles/code/",
  "^/home/[^/]+/cloudfiles/code$", "^/home/[^/]+/cloudfiles/code/",
  "^/mnt/batch/tasks/shared/LS_root/mounts/clusters/[^/]+/code$",
  "^/mnt/batch/tasks/shared/LS_root/mounts/clusters/[^/]+/code/",
}

local function below_root(path)
  for _, root in ipairs(ROOTS) do
    local _, last = path:find(root)
    if last then return path:sub(last + 1) end
  end
  return path
end

-- Return what is wrong with a name within a path; nil: it is usable.
local function fault_of_name(name)
  if name == "." or name == ".." then return "must not contain '.' or '..'" end
  if name:sub(1, 1) == "." then return "names a hidden file, which Jupyter does not show" end
  if name:find "%z" then return "must not contain NUL" end
  if not utf8.len(name) then return "is not valid UTF-8" end
end

--- Tell whether what the machine sends as a name is the name of one file in a directory. It may
--- hold escape sequences: whatever prints it makes it safe.
---@param name any
---@return boolean
function paths.is_name(name)
  if type(name) ~= "string" or name == "" or #name > LONGEST_NAME then return false end
  return name ~= "." and name ~= ".." and not name:find "[%z/]"
end

--- Tell whether a name can be that of a copy, on either side: it is not hidden, and nothing in it
--- moves a cursor.
---@param name string
---@return boolean
function paths.can_copy(name)
  return paths.is_name(name) and fault_of_name(name) == nil and screen.one_line(name) == name
end

--- Return a path below Jupyter's root, without a slash at its ends; "" is the root.
---@param path string       relative to the root; ~/cloudfiles/code is the root too
---@return string
---@raise an error object `InvalidArgument` for a path outside, or of a hidden file
function paths.check(path)
  local function refuse(fault)
    options.refuse("the path '%s' on the instance %s", screen.one_line(path):sub(1, 100), fault)
  end
  if #path > LONGEST then refuse "is too long" end
  local rest = below_root(path)
  if rest:sub(1, 1) == "/" and rest ~= "/" and rest == path or rest:sub(1, 1) == "~" then
    refuse "is not below ~/cloudfiles/code: Jupyter reaches only the workspace's files there"
  end
  local names = {}
  for name in rest:gmatch "[^/]+" do
    local fault = fault_of_name(name)
    if fault then refuse(fault) end
    names[#names + 1] = name
  end
  return table.concat(names, "/")
end

--- Return a path as `paths.check` does, for a file or a directory that is to be made.
---@param path string
---@return string
---@raise an error object `InvalidArgument`, also for a name that would disturb a screen
function paths.check_new(path)
  local checked = paths.check(path)
  if screen.one_line(checked) ~= checked then
    options.refuse("the path '%s' on the instance has control characters: choose another name",
      screen.one_line(checked):sub(1, 100))
  end
  return checked
end

--- Join a directory and a name in it.
---@param directory string      "" is the root
---@param name string
---@return string
function paths.join(directory, name)
  return directory == "" and name or directory .. "/" .. name
end

--- Return the directory and the name of a path.
---@param path string
---@return string directory, string name
function paths.split(path)
  local directory, name = path:match "^(.*)/([^/]*)$"
  return directory or "", name or path
end

--- Write a path in a URL: each name escaped.
---@param path string
---@return string
function paths.escape(path)
  return (path:gsub("[^/]+", core.escape))
end

return paths
