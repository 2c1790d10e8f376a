--- azureml start: start stopped instances.
return require("azureml.cli.fleet").command "start"
