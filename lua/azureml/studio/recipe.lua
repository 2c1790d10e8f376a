--- Write an instance as other tools have it: as Lua, as a command, as YAML of az, as a template of
--- Azure Resource Manager. What the page does can be done again without it.
local definition_words = require "azureml.cli.definition"
local errors = require "azureml.error"
local exporting = require "azureml.cli.az.exporting"
local formats = require "azureml.cli.formats"
local lua_text = require "azureml.cli.lua_text"
local tables = require "azureml.tool.tables"
local template = require "azureml.template"
local yaml = require "azureml.cli.yaml"

local recipe = {}

-- Quote a word for a POSIX shell, where it needs that.
local function quoted(word)
  if word:find "^[%w_./:=@%%+,-]+$" then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

-- Break a command behind 80 columns.
local function wrapped(words)
  local lines, line = {}, ""
  for _, word in ipairs(words) do
    local text = quoted(word)
    if #line + #text > 78 and line ~= "" then
      lines[#lines + 1] = line .. " \\"
      line = "  " .. text
    else
      line = line == "" and text or line .. " " .. text
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

local function command_of(workspace, name, settings)
  local words = { "azureml", "create", name, "-w", workspace.name, "-g", workspace.resource_group }
  return wrapped(tables.append(words, definition_words.words(settings)))
end

local function lua_of(workspace, name, settings)
  return ('local azureml = require "azureml"\nlocal ws = azureml.workspace { name = %s }\n'
    .. "ws.instances:create(%s, %s):wait()"):format(lua_text.encode(workspace.name),
    lua_text.encode(name), lua_text.encode(settings))
end

local function template_of(workspace, name, settings)
  local made, parameters = template.new(settings, { name = name, workspace = workspace })
  return formats.indented(made, ""), formats.indented(template.parameters_file(parameters), "")
end

-- Call a writer. What it cannot write is told in place of the text.
local function written(f, ...)
  local text, more = errors.try(f, ...)
  if text then return text, more end
  return ("-- %s"):format(more.message)
end

--- Write what creates an instance that a user describes.
---@param workspace azureml.Workspace
---@param name string
---@param settings table       as for ws.instances:create
---@return { lua: string, command: string, template: string, parameters: string? }
function recipe.of_settings(workspace, name, settings)
  local made, parameters = written(template_of, workspace, name, settings)
  return {
    lua = written(lua_of, workspace, name, settings),
    command = written(command_of, workspace, name, settings), template = made,
    parameters = parameters,
  }
end

--- Write what creates an instance like one that exists.
---@param vm azureml.Instance
---@return { lua: string, yaml: string, template: string, parameters: string? }
function recipe.of_instance(vm)
  local settings = vm:export()
  local made, parameters = written(template_of, vm.workspace, vm.name, settings)
  return {
    lua = written(lua_of, vm.workspace, vm.name, settings),
    yaml = yaml.encode(tables.merge(exporting.az(settings), { name = vm.name })),
    template = made, parameters = parameters,
  }
end

return recipe
