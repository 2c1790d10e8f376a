--- azureml delete: for good, so it asks.
return require("azureml.command.fleet").command("delete", true)
