--- azureml restart: restart instances; this also repairs an unusable instance.
return require("azureml.cli.fleet").command "restart"
