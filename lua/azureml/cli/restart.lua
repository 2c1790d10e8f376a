--- azureml restart: also the cure for an unusable one.
return require("azureml.cli.fleet").command "restart"
