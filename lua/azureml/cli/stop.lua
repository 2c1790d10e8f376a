--- azureml stop: its hours end.
return require("azureml.command").of_verb "stop"
