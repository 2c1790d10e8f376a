--- azureml stop: stop instances, which ends the charges for their hours.
return require("azureml.cli.fleet").command "stop"
