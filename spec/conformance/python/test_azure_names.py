"""Both SDKs without a setting but a proxy and the certificate: Azure's own names lead to the
emulator."""
import os

import tunnel
import world

os.environ["HTTPS_PROXY"], hosts = tunnel.begin(world.URL)

from azure.ai.ml import MLClient
from azure.identity import ClientSecretCredential
from azureml.core import Workspace
from azureml.core.authentication import ServicePrincipalAuthentication
from azureml.core.compute import ComputeInstance

IDS = (world.settings["tenant_id"], world.settings["client_id"], world.settings["client_secret"])


class AzureNames(world.Ordered):
    def test_core(self):
        auth = ServicePrincipalAuthentication(*IDS)
        ws = Workspace.get(world.WORKSPACE, auth, world.SUBSCRIPTION, world.GROUP)
        configuration = ComputeInstance.provisioning_configuration(vm_size="STANDARD_D3_V2")
        instance = ComputeInstance.create(ws, "ci-azure", configuration)
        instance.wait_for_completion(show_output=True)
        self.check(
            state=(instance.get_status().state, "Running"),
            discovery=(ws.discovery_url, "https://eastus.api.azureml.ms/discovery"))
        instance.delete(wait_for_completion=True)
        for host in ("management.azure.com", "login.microsoftonline.com", "graph.windows.net",
                     "eastus.api.azureml.ms"):
            with self.subTest(host):
                self.assertIn(host + ":443", hosts)

    def test_ml(self):
        credential = ClientSecretCredential(*IDS)
        ml = MLClient(credential, world.SUBSCRIPTION, world.GROUP, world.WORKSPACE)
        self.assertEqual([], [each.name for each in ml.compute.list()])
        self.assertEqual(world.LOCATION, ml.workspaces.get(world.WORKSPACE).location)
