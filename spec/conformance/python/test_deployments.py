"""azure-mgmt-resource-deployments: every call for deployments of templates in a resource group."""
import world
from azure.core.exceptions import HttpResponseError
from azure.identity import EnvironmentCredential
from azure.mgmt.resource.deployments import DeploymentsMgmtClient

client = DeploymentsMgmtClient(
    EnvironmentCredential(disable_instance_discovery=True), world.SUBSCRIPTION,
    base_url=world.URL, credential_scopes=["https://management.azure.com/.default"],
    polling_interval=0)
deployments = client.deployments

TEXT = {"type": "string"}


def body(name, size="STANDARD_DS3_V2"):
    """Return a deployment of one instance."""
    return {"properties": {
        "mode": "Incremental",
        "parameters": {"workspaceName": {"value": world.WORKSPACE}, "computeName": {"value": name}},
        "template": {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/"
                       "deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "parameters": {"workspaceName": TEXT, "computeName": TEXT,
                           "vmSize": {"type": "string", "defaultValue": size}},
            "resources": [{
                "type": "Microsoft.MachineLearningServices/workspaces/computes",
                "apiVersion": "2025-12-01",
                "name": "[format('{0}/{1}', parameters('workspaceName'), "
                        "parameters('computeName'))]",
                "location": "[resourceGroup().location]",
                "properties": {"computeType": "ComputeInstance",
                               "properties": {"vmSize": "[parameters('vmSize')]"}},
            }],
            "outputs": {"name": {"type": "string", "value": "[parameters('computeName')]"}},
        },
    }}


def refused(test, status, code, call):
    with test.assertRaises(HttpResponseError) as raised:
        call()
    test.assertEqual((status, code), (raised.exception.status_code, raised.exception.error.code))


class Deployments(world.Ordered):
    def test_1_validate(self):
        found = deployments.begin_validate(world.GROUP, "d1", body("ci-a")).result().properties
        self.check(state=(found.provisioning_state, "Succeeded"),
                   resource=(found.validated_resources[0].id.split("/")[-1], "ci-a"),
                   provider=(found.providers[0].namespace, "Microsoft.MachineLearningServices"))
        broken = {"properties": {"mode": "Incremental", "template": {}}}
        refused(self, 400, "InvalidTemplate",
                lambda: deployments.begin_validate(world.GROUP, "d1", broken).result())

    def test_2_what_if(self):
        found = deployments.begin_what_if(world.GROUP, "d1", body("ci-a")).result()
        self.check(status=(found.status, "Succeeded"),
                   change=(found.changes[0].change_type, "Create"),
                   after=(found.changes[0].after["name"], "ci-a"))

    def test_3_create(self):
        self.assertFalse(deployments.check_existence(world.GROUP, "d1"))
        made = deployments.begin_create_or_update(world.GROUP, "d1", body("ci-a")).result()
        found = made.properties
        self.check(state=(found.provisioning_state, "Succeeded"), name=(made.name, "d1"),
                   mode=(found.mode, "Incremental"), duration=(found.duration, "PT5M0S"),
                   output=(found.outputs["name"]["value"], "ci-a"),
                   resource=(found.output_resources[0].id.split("/")[-1], "ci-a"))
        self.assertTrue(deployments.check_existence(world.GROUP, "d1"))

    def test_4_operations(self):
        found = list(client.deployment_operations.list(world.GROUP, "d1"))
        self.assertEqual(1, len(found))
        self.check(state=(found[0].properties.provisioning_state, "Succeeded"),
                   code=(found[0].properties.status_code, "OK"),
                   target=(found[0].properties.target_resource.resource_name,
                           world.WORKSPACE + "/ci-a"))

    def test_5_change(self):
        found = deployments.begin_what_if(
            world.GROUP, "d1", body("ci-a", "STANDARD_DS11_V2")).result().changes[0]
        self.check(change=(found.change_type, "Modify"),
                   path=(found.delta[0].path, "properties.properties.vmSize"),
                   kind=(found.delta[0].property_change_type, "Modify"),
                   before=(found.delta[0].before, "STANDARD_DS3_V2"))

    def test_6_failure(self):
        refused(self, 200, "DeploymentFailed", lambda: deployments.begin_create_or_update(
            world.GROUP, "d2", body("ci-b", "NO_SUCH")).result())
        found = deployments.get(world.GROUP, "d2").properties
        self.check(state=(found.provisioning_state, "Failed"), code=(found.error.code,
                   "DeploymentFailed"), detail=(found.error.details[0].code,
                   "InvalidPropertyValue"))
        [operation] = client.deployment_operations.list(world.GROUP, "d2")
        self.assertEqual("BadRequest", operation.properties.status_code)

    def test_7_list_and_delete(self):
        def names():
            return [each.name for each in deployments.list_by_resource_group(world.GROUP)]

        self.assertEqual(["d2", "d1"], names())
        deployments.begin_delete(world.GROUP, "d2").result()
        self.assertEqual(["d1"], names())
        refused(self, 404, "DeploymentNotFound", lambda: deployments.get(world.GROUP, "d2"))

    def test_8_cancel(self):
        begun = deployments.begin_create_or_update(world.GROUP, "d3", body("ci-c"), polling=False)
        deployments.cancel(world.GROUP, "d3")
        self.assertIsNotNone(begun)
        self.assertEqual("Canceled",
                         deployments.get(world.GROUP, "d3").properties.provisioning_state)
        refused(self, 409, "DeploymentCannotBeCancelled",
                lambda: deployments.cancel(world.GROUP, "d3"))
