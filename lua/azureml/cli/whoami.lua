--- azureml whoami: print the identity of the credential in use.
local azureml = require "azureml"
local command = require "azureml.cli.command"

local whoami = {}

function whoami.configure(parser)
  command.output_option(parser, "object")
end

function whoami.run(args)
  command.print_object(args, azureml.whoami())
end

return whoami
