--- azureml login: sign in and save the login for later runs on this machine.
local azureml = require "azureml"
local command = require "azureml.cli.command"

local login = {}

function login.configure(parser)
  parser:mutex(
    parser:flag("--device-code", "sign in with a code that you enter in a browser on any machine; "
      .. "the default without a display"),
    parser:flag("--browser", "sign in with a browser on this machine"))
  parser:option("--tenant", "the tenant: its id or its domain"):argname "TENANT"
  parser:option("--client-id", "the id of the application to sign in to (default: the Azure CLI's)")
    :argname "ID"
  parser:option("--user", "the user name to suggest, such as ann@example.org"):argname "NAME"
  command.cloud_options(parser)
  command.output_option(parser, "object")
end

function login.run(args)
  command.print_object(args, azureml.login {
    method = args.device_code and "device_code" or args.browser and "browser" or nil,
    tenant_id = args.tenant,
    client_id = args.client_id,
    login_hint = args.user,
    cloud = args.cloud,
    ca_file = args.ca_file,
  })
end

return login
