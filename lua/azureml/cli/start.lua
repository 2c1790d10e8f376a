--- azureml start: a stopped instance runs again.
return require("azureml.command.fleet").command "start"
