--- Checks that run after a command's words are parsed, before the command runs. They look at
--- several options together, merge them, and raise `Usage`.
local check = {}

--- Add a check to a parser.
---@param parser table
---@param examine fun(args: table)      may change args; raises an error object `Usage`
function check.add(parser, examine)
  parser.azureml_checks = parser.azureml_checks or {}
  table.insert(parser.azureml_checks, examine)
end

--- Run a parser's checks, in the order in which they were added.
---@param parser table
---@param args table      the parsed options
function check.run(parser, args)
  for _, examine in ipairs(parser.azureml_checks or {}) do examine(args) end
end

return check
