# What the starting article does with a compute instance, call by call. `ws` is made by the lines of
# the emulator's banner.
from azureml.core.compute import ComputeTarget, ComputeInstance
from azureml.core.compute_target import ComputeTargetException

# The name is unique in the region.
compute_name = "ci{}".format(ws._workspace_id)[:10]

try:
    instance = ComputeInstance(workspace=ws, name=compute_name)
    print('Found existing instance, use it.')
except ComputeTargetException:
    compute_config = ComputeInstance.provisioning_configuration(
        vm_size='STANDARD_D3_V2',
        ssh_public_access=False,
    )
    instance = ComputeInstance.create(ws, compute_name, compute_config)
    instance.wait_for_completion(show_output=True)

print(instance.get_status())
instance.stop(wait_for_completion=True, show_output=True)
instance.start(wait_for_completion=True, show_output=True)
instance.restart(wait_for_completion=True, show_output=True)
instance.delete(wait_for_completion=True, show_output=True)
