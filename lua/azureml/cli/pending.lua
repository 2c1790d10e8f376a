--- azureml pending: list the operations left running by processes that have exited.
local azureml = require "azureml"
local command = require "azureml.cli.command"

local pending = {}

function pending.configure(parser)
  parser:mutex(
    parser:flag("--wait", "wait for all of these operations"),
    parser:flag("--forget", "remove them from the list; the operations go on at the service"))
  command.timeout_option(parser)
  command.output_option(parser)
end

local COLUMNS = {
  { title = "Verb", key = "verb" },
  { title = "Name", key = "name" },
  { title = "Workspace", key = "workspace_name" },
  { title = "Began", key = "began" },
  {
    title = "Accepted",
    key = function(entry) return entry.is_accepted and "yes" or "not known" end,
  },
}

-- Return the members of an entry's JSON object.
local function as_fields(entry)
  return {
    verb = entry.verb,
    name = entry.name,
    workspace_name = entry.workspace_name,
    resource_group = entry.resource_group,
    subscription_id = entry.subscription_id,
    endpoint = entry.endpoint,
    began = entry.began,
    accepted = entry.is_accepted == true,
  }
end

local function wait(entries, args)
  azureml.each(entries, function(entry)
    azureml.resume(entry):wait { timeout = args.timeout, show_output = true }
  end)
end

function pending.run(args)
  local entries, warnings = azureml.pending()
  for _, warning in ipairs(warnings) do io.stderr:write("azureml: ", warning, "\n") end
  if args.wait then return wait(entries, args) end
  command.print_list(args, entries, COLUMNS, as_fields)
  if not args.forget then return end
  for _, entry in ipairs(entries) do entry:ended() end
end

return pending
