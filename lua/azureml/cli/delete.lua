--- azureml delete: delete instances and their disks, after a question.
return require("azureml.cli.fleet").command("delete", true)
