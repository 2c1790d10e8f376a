--- Checks that run after a command's words are parsed, before the command runs. They look at
--- several options together, merge them, and raise `Usage`.
local checks = {}

--- Add a check to a parser.
---@param parser table
---@param examine fun(args: table)      may change args; raises an error object `Usage`
function checks.add(parser, examine)
  parser.azureml_checks = parser.azureml_checks or {}
  table.insert(parser.azureml_checks, examine)
end

--- Run a parser's checks, in the order in which they were added.
---@param parser table
---@param args table      the parsed options
function checks.run(parser, args)
  for _, examine in ipairs(parser.azureml_checks or {}) do examine(args) end
end

return checks
