--- azureml why: explain the state of an instance, with what to do next.
local command = require "azureml.cli.command"
local json = require "azureml.json"
local screen = require "azureml.console.screen"

local why = {}

function why.configure(parser)
  command.name_option(parser)
  command.workspace_options(parser)
  command.output_option(parser, "object")
end

local function print_lines(text)
  for line in text:gmatch "[^\n]+" do print(screen.one_line(line)) end
end

function why.run(args)
  local answer = command.workspace(args).instances:get(args.name):why()
  if args.output == "table" and not args.columns and not args.query then
    return print_lines(tostring(answer))
  end
  local causes = json.array {}
  for i, cause in ipairs(answer.causes) do
    causes[i] = { about = cause.about, text = cause.text, next = json.array(cause.next) }
  end
  command.print_object(args, {
    name = answer.vm.name, state = answer.vm.state, causes = causes,
    unseen = json.array(answer.unseen),
  })
end

return why
