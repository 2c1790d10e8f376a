--- Find the files of the page: embedded in the executable, or beside this file in an installation.
local errors = require "azureml.error"

local files = {}

local TYPES = {
  html = "text/html; charset=utf-8", css = "text/css; charset=utf-8",
  js = "text/javascript; charset=utf-8", svg = "image/svg+xml",
}

--- The files of the page by their names.
---@type string[]
files.names = {
  "activity.js", "api.js", "app.js", "bulk.js", "columns.js", "details.js", "dialog.js", "dom.js",
  "format.js", "forms.js", "icon.svg", "index.html", "list.js", "recipe.js", "runs.js",
  "schedules.js", "store.js", "style.css", "texts.js", "wizard.js", "worker.js",
}

-- Return a file that the executable has as a module. See csrc/embed.lua.
local function embedded(name)
  local is_found, text = pcall(require, "azureml.studio.page/" .. name)
  return is_found and type(text) == "string" and text or nil
end

-- Return a file that lies in the directory of this module.
local function installed(name)
  local directory = debug.getinfo(1, "S").source:match "^@(.*)files%.lua$"
  local file = directory and io.open(directory .. "page/" .. name, "rb")
  if not file then return nil end
  local open <close> = file
  return open:read "a"
end

--- Read a file of the page.
---@param name string          one of `files.names`
---@return { body: string, type: string }
---@raise an error object `PageMissing` when the installation lacks it
function files.read(name)
  local body = embedded(name) or installed(name)
  if body then return { body = body, type = TYPES[name:match "%.(%w+)$"] } end
  errors.raise { code = "PageMissing",
    message = ("the studio's file '%s' is missing in this installation"):format(name),
    hint = "install azureml again" }
end

--- Read all files of the page.
---@return table<string, { body: string, type: string }>     by name
function files.all()
  local all = {}
  for _, name in ipairs(files.names) do all[name] = files.read(name) end
  return all
end

return files
