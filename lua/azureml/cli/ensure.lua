--- azureml ensure: create instances, or take those that are there if they fit, and start them.
return require("azureml.cli.making").command "ensure"
