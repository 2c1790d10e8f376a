--- Remove files and directories of an instance. Jupyter does not tell links from what they lead to:
--- a link to a directory counts as that directory.
--- Source: spec/contract/neighbours.md, section 5.
local contents = require "azureml.jupyter.contents"
local count = require "azureml.tool.count"
local errors = require "azureml.error"
local task = require "azureml.task"

local removing = {}

local DELETIONS = 4        -- at the same time
local MOST_DEPTH = 64      -- a link to a directory above would never end

local remove_all

-- Remove a directory. Some servers remove only empty ones: there its items are removed before.
local function remove_directory(server, path, depth)
  local _, err = errors.try(contents.send, server, "DELETE", path, "remove")
  if not err then return end
  if err.status ~= 400 then errors.raise(err) end
  remove_all(server, contents.list(server, path).items, depth + 1)
  contents.send(server, "DELETE", path, "remove")
end

function remove_all(server, items, depth)
  if depth > MOST_DEPTH then
    errors.raise { code = "TooDeep", message = ("%s is nested deeper than %d directories"):format(
      contents.shown(server, items[1] and items[1].path or ""), MOST_DEPTH) }
  end
  task.each(items, function(item)
    if item.kind == "directory" then return remove_directory(server, item.path, depth) end
    contents.send(server, "DELETE", item.path, "remove")
  end, { limit = DELETIONS })
end

--- Remove a file, or a directory.
---@param server azureml.jupyter.Server
---@param path string
---@param is_recursive boolean?      also a directory with files in it
---@raise an error object: `FileNotFound`, `DirectoryNotEmpty`
function removing.remove(server, path, is_recursive)
  if path == "" then
    errors.raise { code = "InvalidArgument",
      message = ("the root of the files of '%s' cannot be removed: name what is in it"):format(
        server.vm.name) }
  end
  if contents.look(server, path).kind ~= "directory" then
    contents.send(server, "DELETE", path, "remove")
    return
  end
  local items = contents.list(server, path).items
  if #items > 0 and not is_recursive then
    errors.raise { code = "DirectoryNotEmpty",
      message = ("%s is a directory with %s"):format(contents.shown(server, path),
        count.of(#items, "item")),
      hint = "remove it with all that is in it: -r (recursive = true in Lua)" }
  end
  remove_directory(server, path, 0)
end

return removing
