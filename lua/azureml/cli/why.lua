--- azureml why: explain the state of an instance, or of several, with what to do next.
local command = require "azureml.cli.command"
local json = require "azureml.json"
local screen = require "azureml.console.screen"

local why = {}

function why.configure(parser)
  command.names_option(parser)
  command.workspace_options(parser)
  command.output_option(parser)
end

local function print_lines(text)
  for line in text:gmatch "[^\n]+" do print(screen.one_line(line)) end
end

-- Return an answer as the object that -o json prints.
local function fields_of(answer)
  local causes = json.array {}
  for i, cause in ipairs(answer.causes) do
    causes[i] = { about = cause.about, text = cause.text, next = json.array(cause.next) }
  end
  return {
    name = answer.vm.name, state = answer.vm.state, causes = causes,
    unseen = json.array(answer.unseen),
  }
end

local function answers_to(args)
  local instances, answers = command.workspace(args).instances, {}
  for i, name in ipairs(args.names) do answers[i] = instances:get(name):why() end
  return answers
end

function why.run(args)
  local answers = answers_to(args)
  if args.output == "table" and not args.columns and not args.query and not args.sort then
    for _, answer in ipairs(answers) do print_lines(tostring(answer)) end
    return
  end
  for i, answer in ipairs(answers) do answers[i] = fields_of(answer) end
  if #answers == 1 then return command.print_object(args, answers[1]) end
  command.print_list(args, answers)
end

return why
