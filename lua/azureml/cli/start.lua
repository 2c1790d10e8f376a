--- azureml start: a stopped instance runs again.
return require("azureml.cli.fleet").command "start"
