--- What the prompt begins with: a greeting, the workspace of the settings as `ws`, and the
--- functions help, full, exit and quit. Waits show their progress.
local errors = require "azureml.error"
local help = require "azureml.console.help"
local later = require "azureml.tool.later"
local explain = later "azureml.console.explain"
local screen = require "azureml.console.screen"
local values = require "azureml.console.values"

local greeting = {}

local EXAMPLES = {
  { "ws = azureml.workspace()", "open the workspace of your settings, if ws is not there" },
  { "ws.instances:list()", "list the instances of the workspace" },
  { "vm = ws.instances:get \"ci-ann\"", "look at one: vm.state, vm.tags" },
  { "vm:start():wait()", "start it and wait; without wait() it goes on while you type" },
  { "ws.instances:stop_all { all = true }", "stop many at once" },
  { "help(vm.start)", "explain a function, an object, or a name such as \"vm_size\"" },
  { "full(x)", "show a value whole; print(x) prints it" },
  { "exit", "leave; quit and Ctrl-D do, too" },
}
local KEYS = "The prompt shows the values of an expression and keeps the first in _. Tab completes "
  .. "names, options and texts, Up recalls a line, Ctrl-C ends a wait or drops a line."

local function width_of(session)
  return session.terminal.look().width or 80
end

local function examples(width)
  local keys = table.concat(help.wrap(KEYS, width - 1), "\n")
  return help.narrow_list(EXAMPLES, width) .. "\n\n" .. keys
end

-- Functions ---------------------------------------------------------------------------------------

-- What the names of the prompt itself do.
local OWN = {
  help = "help() shows examples. help(x) explains a function, an object or a field such as "
    .. "vm.state; help \"vm_size\" explains a name or the code of an error.",
  full = "full(x) shows a value whole, also what a card or a long table leaves out.",
  exit = "exit leaves the prompt; quit and Ctrl-D do, too.",
}
OWN.quit = OWN.exit

-- Explain a name of the prompt itself, such as `exit`, or what it stands for.
local function own_help(session, subject, width)
  for name, text in pairs(OWN) do
    if subject == name or subject ~= nil and subject == rawget(session.env, name) then
      return table.concat(help.wrap(text, width - 1), "\n")
    end
  end
end

-- Explain a field by what the user typed, as in help(vm.state): its value alone does not tell.
local function field_help(session, width)
  local path = (session.typed or ""):match "^%s*help%s*%(%s*([%a_][%w_.]*)%s*%)%s*$"
  local container, name = nil, nil
  for word in (path or ""):gmatch "[%w_]+" do
    if name then container = container[name] else container = session.scope.env end
    if type(container) ~= "table" then return nil end
    name = word
  end
  return name and container ~= session.scope.env and explain.field(container, name, width) or nil
end

local function explained_text(session, subject, width)
  local text = own_help(session, subject, width)
  -- A text may be the value of a field, or a name that the user asks for.
  if not text and type(subject) == "string" then text = field_help(session, width) end
  text = text or explain.text(subject, width) or field_help(session, width)
  if text then return text end
  return table.concat(help.wrap("there is no help on this: try help(azureml), or a name such as "
    .. "help \"vm_size\"", width - 1), "\n")
end

-- Make help: help() shows examples, help(x) explains x. The name alone shows the examples.
local function help_for(session)
  local function explained(_, ...)
    local width = width_of(session)
    if select("#", ...) == 0 then return session.terminal.write(examples(width)) end
    session.terminal.write(explained_text(session, (...), width))
  end
  local function shown() return examples(width_of(session)) end
  return setmetatable({}, { __call = explained, __tostring = shown })
end

-- Make full: show values whole, also what a card or a long table leaves out.
local function full_for(session)
  return function(...)
    local look = session.terminal.look()
    for i = 1, select("#", ...) do
      session.terminal.write(values.text((select(i, ...)), {
        width = look.width, colour = look.colour, depth = math.huge, is_whole = true,
      }))
    end
  end
end

--- The value of `exit` and `quit`: the prompt ends when a chunk returns it.
greeting.exit = setmetatable({}, {
  __call = function(self) return self end,
  __tostring = function() return "type exit to leave the prompt" end,
})

-- The workspace -----------------------------------------------------------------------------------

-- Open the workspace of the settings. Keep the error, which tells the sources that were tried.
local function open_workspace(session)
  if session.env.ws ~= nil then return end
  local ws, err = errors.try(session.env.azureml.workspace)
  session.env.ws, session.no_workspace = ws, err
end

local function offer(env, name, value)
  if env[name] == nil then env[name] = value end
end

--- Put the names of the prompt into the globals. A script's own stay.
---@param session table      of the prompt
function greeting.offer(session)
  local env = session.env
  offer(env, "azureml", require "azureml")
  offer(env, "help", help_for(session))
  offer(env, "full", full_for(session))
  offer(env, "exit", greeting.exit)
  offer(env, "quit", greeting.exit)
  if not session.opens_workspace then return end
  require("azureml.console.progress").usual = "auto"
  open_workspace(session)
end

--- Return what to add to the text of an error: why there is no workspace.
---@param session table
---@param caught any      from traceback.catch
---@return string
function greeting.note_on_error(session, caught)
  local text = type(caught) == "table" and tostring(caught.text or caught.value) or ""
  if not (session.no_workspace and text:find("global 'ws'", 1, true)) then return "" end
  return "\nthere is no ws: " .. session.no_workspace.message
end

-- List the ways to say where the user is, the longest first.
local function places(session)
  local product = "azureml " .. session.version
  local language, world = ("%s, %s"):format(product, _VERSION), session.world or "Azure"
  if not session.opens_workspace then
    return { session.world and ("%s (%s)"):format(language, world) or language, world }
  end
  local ws = session.env.ws
  local short = ws and "ws is " .. tostring(ws.name) or "no workspace yet"
  local long = ws and ("%s in %s"):format(short, tostring(ws.resource_group)) or short
  return {
    ("%s (%s); %s"):format(language, world, long), ("%s (%s); %s"):format(product, world, long),
    ("%s; %s"):format(world, long), ("%s; %s"):format(world, short), short,
  }
end

--- Greet the user in two lines: the world and the workspace, then where to find help.
---@param session table
function greeting.greet(session)
  local width, chosen = width_of(session), nil
  for _, place in ipairs(places(session)) do
    chosen = screen.one_line(place)
    if screen.columns(chosen) < width then break end
  end
  session.terminal.write(screen.cut(chosen, width - 1))
  session.terminal.write "help() shows examples, Tab completes"
end

return greeting
