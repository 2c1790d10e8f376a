--- azureml login: sign in, for all that runs later on this machine.
local azureml = require "azureml"
local command = require "azureml.cli.command"

local login = {}

function login.configure(parser)
  parser:mutex(
    parser:flag("--device-code", "by a code that is entered elsewhere; the default where there is no display"),
    parser:flag("--browser", "by a browser on this machine"))
  parser:option("--tenant", "which tenant's: its id or its domain"):argname "T"
  parser:option("--client-id", "as which application; the Azure CLI's unless told otherwise"):argname "ID"
  parser:option("--user", "who is expected: ann@example.org"):argname "NAME"
  command.output_option(parser)
end

function login.run(args)
  local method = args.device_code and "device_code" or args.browser and "browser" or nil
  command.print_object(args, azureml.login { method = method, tenant_id = args.tenant, client_id = args.client_id, login_hint = args.user })
end

return login
