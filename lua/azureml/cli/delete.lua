--- azureml delete: for good, so it asks.
return require("azureml.cli.fleet").command("delete", true)
