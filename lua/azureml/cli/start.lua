--- azureml start: a stopped instance runs again.
return require("azureml.command").of_verb "start"
