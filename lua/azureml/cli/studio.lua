--- azureml studio: serve a page that shows the instances of a workspace and works on them, for this
--- machine's browser, until interrupted.
local browser = require "azureml.tool.browser"
local command = require "azureml.cli.command"
local studio = require "azureml.studio"

local serve = {}

local function port(text)
  local value = math.tointeger(tonumber(text))
  if value and value >= 0 and value <= 65535 then return value end
  return nil, ("'%s' is not a port from 0 to 65535"):format(text)
end

function serve.configure(parser)
  parser:option("--port", "the TCP port on this machine; 0 selects a free port (default: 0)")
    :argname("N"):convert(port)
  parser:flag("--no-open", "open no browser; print the link only")
  parser:flag("--read-only", "show everything, and refuse what would change something")
  command.workspace_options(parser)
end

-- Open the page in the user's browser. Other users of this machine can see the arguments of a
-- program, so the link works once.
local function open_browser(opened)
  return browser.is_possible() and browser.open(opened:link(true))
end

function serve.run(args)
  local ws = command.workspace(args)
  ws:get_once()      -- a wrong name or a missing sign-in is told here, not on the page
  studio.serve(ws, { port = args.port or 0, read_only = args.read_only }, function(opened)
    local is_opened = not args.no_open and open_browser(opened)
    command.say(("azureml: the studio of %s%s. %s; Ctrl-C ends it."):format(tostring(ws),
      args.read_only and ", read-only" or "", is_opened
      and "A browser is opened; if none appears, open this link on this machine"
      or "Open this link in a browser on this machine"))
    print(opened:link())
    io.stdout:flush()
  end)
end

return serve
