--- azureml stop: its hours end.
return require("azureml.cli.fleet").command "stop"
