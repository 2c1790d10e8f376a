--- azureml restart: also the cure for an unusable one.
return require("azureml.command.fleet").command "restart"
