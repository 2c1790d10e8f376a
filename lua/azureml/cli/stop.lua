--- azureml stop: its hours end.
return require("azureml.command.fleet").command "stop"
