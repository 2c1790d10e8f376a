--- azureml open: print the link of an application of an instance, and open it in the browser.
local applications = require "azureml.look.applications"
local browser = require "azureml.tool.browser"
local command = require "azureml.cli.command"
local screen = require "azureml.console.screen"
local selection = require "azureml.cli.selection"

local open = {}

function open.configure(parser)
  local name = parser:argument("name", "the compute instance's name"):argname "NAME"
  name:convert(selection.name)
  name.azureml_values = "names"
  local application = parser:argument("application", "jupyter, lab, vscode, rstudio, terminal, "
    .. "studio (its page there), or the name of a custom application (default: lab)")
  application:args "?":argname "APP"
  application.azureml_values = applications.NAMES
  parser:flag("--no-open", "print the link alone, and open no browser")
  command.workspace_options(parser)
  parser:epilog("Without a display on this machine the link is printed alone. The browser is the "
    .. "first program of BROWSER, or else xdg-open.")
end

-- Return why no browser is opened; nil if one may be.
local function obstacle(link)
  local reason = applications.obstacle(link)
  if reason then return reason end
  if not browser.is_possible() then
    return "this machine has no display: open the link where you have a browser"
  end
  return nil
end

function open.run(args)
  local vm = command.workspace(args).instances:get(args.name)
  local link = applications.link(vm, args.application)
  print(screen.one_line(link.url))
  if link.note then command.say(link.note) end
  if args.no_open then return end
  local reason = obstacle(link)
  if not reason and not browser.open(link.url) then
    reason = "the browser cannot be started: open the link yourself, or set BROWSER"
  end
  command.say(reason or "a browser is opened; if none appears, open the link yourself")
end

return open
