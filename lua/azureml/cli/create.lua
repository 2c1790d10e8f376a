--- azureml create: create an instance, or several that are alike.
return require("azureml.cli.making").command "create"
