--- The studio: a page on this machine that shows a workspace's instances and works on them. Its
--- parts:
---
---     server.lua    the socket: who is let in, the files of the page, actions, events
---     actions.lua   what the page can ask for, by name; plain functions
---     board.lua     the list, read once for all open pages
---     operations.lua  what the pages began
---     page/         what runs in the browser
---
--- Source: spec/contract/studio.md.
local actions = require "azureml.studio.actions"
local board = require "azureml.studio.board"
local operations = require "azureml.studio.operations"
local options = require "azureml.options"
local server = require "azureml.studio.server"
local task = require "azureml.task"

---@class azureml.Studio
---@field workspace azureml.Workspace
---@field is_read_only boolean
---@field server azureml.StudioServer
---@field board azureml.StudioBoard
---@field operations azureml.StudioOperations
---@field url string
local Studio = {}
Studio.__index = Studio

local studio = {}

local OPTIONS = { port = "integer", read_only = "boolean" }

--- Open the studio of a workspace in a crew of tasks.
---@param workspace azureml.Workspace
---@param settings { port: integer?, read_only: boolean? }
---@param start fun(f: function)      runs a task: see azureml.task's crew
---@return azureml.Studio
---@raise an error object when the port is in use
function studio.open(workspace, settings, start)
  settings = options.check("studio", settings, OPTIONS)
  local self = setmetatable({
    workspace = workspace, is_read_only = settings.read_only == true,
  }, Studio)
  self.server = server.start { port = settings.port, is_read_only = self.is_read_only,
    start = start }
  local function publish(kind, data) return self.server:publish(kind, data) end
  self.board = board.new(workspace, publish)
  self.operations = operations.new(start, publish)
  self.board.is_busy = function() return self.operations:is_busy() end
  self.server.on_viewers = function(count) self.board:set_viewers(count) end
  self.server.actions = actions.of(self)
  self.url = self.server.url
  start(function() self.board:run() end)
  return self
end

--- Return a link that opens the studio in a browser.
---@param is_for_one_use boolean?     the link works once: for a program that shows its arguments
---@return string
function Studio:link(is_for_one_use)
  return self.server:link(is_for_one_use == true)
end

--- Close the studio. Operations that its pages began go on at the service.
function Studio:close()
  self.board:close()
  self.server:close()
end

--- Serve the studio of a workspace until the script is interrupted.
---@param workspace azureml.Workspace
---@param settings { port: integer?, read_only: boolean? }
---@param on_open fun(opened: azureml.Studio)?      called once it listens
---@raise an error object when the port is in use; what interrupts the script
function studio.serve(workspace, settings, on_open)
  task.crew(function(start)
    local opened = studio.open(workspace, settings, start)
    local guard <close> = setmetatable({}, { __close = function() opened:close() end })
    if on_open then on_open(opened) end
    task.wait_until(guard, function() return false end)
  end)
end

return studio
