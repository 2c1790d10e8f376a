"""azureml-core: what else the SDK v1 does with compute instances, and clusters beside them."""
import json
import os
import tempfile

import world
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeInstance, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.exceptions import UserErrorException

made = world.made("Python (azureml-core, the SDK v1)")
auth, ws = made["auth"], made["ws"]

SUBNET = ("/subscriptions/%s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v"
          "/subnets/default" % world.SUBSCRIPTION)


def create(name, **options):
    options.setdefault("vm_size", "STANDARD_D3_V2")
    configuration = ComputeInstance.provisioning_configuration(**options)
    return ComputeInstance.create(ws, name, configuration)


class Workspaces(world.Ordered):
    def test_get(self):
        self.check(
            name=(ws.name, world.WORKSPACE), location=(ws.location, world.LOCATION),
            discovery=(ws.discovery_url, world.URL + "/discovery"),
            id_length=(len(ws._workspace_id), 36))

    def test_details(self):
        details = ws.get_details()
        for name in ("storageAccount", "keyVault", "applicationInsights", "containerRegistry"):
            with self.subTest(name):
                self.assertTrue(details[name].startswith("/subscriptions/" + world.SUBSCRIPTION))

    def test_list(self):
        listed = Workspace.list(world.SUBSCRIPTION, auth=auth)
        self.assertEqual([world.WORKSPACE], list(listed))

    def test_from_config(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
                json.dump({"subscription_id": world.SUBSCRIPTION, "resource_group": world.GROUP,
                           "workspace_name": world.WORKSPACE}, file)
            found = Workspace.from_config(path=folder, auth=auth)
        self.assertEqual(ws._workspace_id, found._workspace_id)

    def test_written_config(self):
        with tempfile.TemporaryDirectory() as folder:
            ws.write_config(path=folder)
            found = Workspace.from_config(path=folder, auth=auth)
        self.assertEqual(ws._workspace_id, found._workspace_id)

    def test_none(self):
        with self.assertRaises(Exception) as raised:
            Workspace.get("nothing", auth, world.SUBSCRIPTION, world.GROUP, cloud="AzureEmulator")
        self.assertIn("Workspace not found", str(raised.exception))


class Instances(world.Ordered):
    def test_all_options(self):
        instance = create("ci-all", ssh_public_access=True, admin_user_ssh_public_key=world.KEY,
                          vnet_resourcegroup_name="net", vnet_name="v", subnet_name="default",
                          tags={"team": "vision"}, description="all options")
        instance.wait_for_completion(show_output=True)
        self.check(
            kind=(type(instance), ComputeInstance), state=(instance.get_status().state, "Running"),
            size=(instance.vm_size, "STANDARD_D3_V2"), tags=(instance.tags, {"team": "vision"}),
            description=(instance.description, "all options"), subnet=(instance.subnet_id, SUBNET),
            ssh=(instance.ssh_public_access, True), port=(instance.ssh_port, 50000),
            user=(instance.admin_username, "azureuser"),
            key=(instance.admin_user_ssh_public_key, world.KEY),
            applications=([each["displayName"] for each in instance.applications],
                          ["Jupyter", "Jupyter Lab"]))
        self.assertIn("azureuser@%s -p 50000" % instance.public_ip_address, str(instance))

    def test_on_behalf(self):
        instance = create("ci-behalf", assigned_user_object_id=world.USER,
                          assigned_user_tenant_id=world.settings["tenant_id"])
        self.check(user=(instance.assigned_user_object_id, world.USER),
                   tenant=(instance.assigned_user_tenant_id, world.settings["tenant_id"]))

    def test_single_sign_on(self):
        instance = create("ci-sso")
        instance.wait_for_completion()

        def enabled():
            return instance.get()["properties"]["properties"]["enableSSO"]
        before = enabled()
        self.check(done=(instance.update_sso_settings(False), True), before=(before, True),
                   after=(enabled(), False))

    def test_verbs(self):
        instance = create("ci-verbs")
        instance.wait_for_completion()
        for verb, state in (("stop", "Stopped"), ("start", "Running"), ("restart", "Running")):
            with self.subTest(verb):
                getattr(instance, verb)(wait_for_completion=True, show_output=True)
                self.assertEqual(state, instance.get_status().state)
        with self.subTest("start of a running one"):
            with self.assertRaisesRegex(ComputeTargetException, "does not support Start"):
                instance.start()
        instance.delete(wait_for_completion=True, show_output=True)
        with self.assertRaisesRegex(ComputeTargetException, "ComputeTargetNotFound"):
            ComputeInstance(ws, "ci-verbs")

    def test_list(self):
        create("ci-listed")
        listed = {each.name: each for each in ComputeInstance.list(ws)}
        self.assertIs(ComputeInstance, type(listed["ci-listed"]))
        self.assertIn("ci-listed", ws.compute_targets)
        again = ComputeTarget(ws, "ci-listed")
        self.assertEqual(again.serialize()["id"], listed["ci-listed"].serialize()["id"])

    def test_names(self):
        create("ci-taken")
        for name, reason in (("ci-taken", "AlreadyExists"), ("1ci", "Invalid"), ("c", "Invalid")):
            with self.subTest(name):
                with self.assertRaisesRegex(ComputeTargetException, "Reason: " + reason):
                    create(name)
        with self.subTest("reserved"):
            with self.assertRaises(UserErrorException):
                create("amlcompute")

    def test_sizes(self):
        sizes = ComputeInstance.supported_vmsizes(ws)
        found = next(each for each in sizes if each["name"].upper() == "STANDARD_D3_V2")
        self.check(cores=(found["vCPUs"], 4), memory=(found["memoryGB"], 14),
                   gpus=(found["gpus"], 0))
        with self.assertRaisesRegex(ComputeTargetException, "is not available in the specified"):
            create("ci-size", vm_size="STANDARD_NOTHING")

    def test_elsewhere(self):
        self.assertTrue(ComputeInstance.supported_vmsizes(ws, location="westeurope"))

    def test_runs_without_a_name_of_its_creator(self):
        created_by = create("ci-whose").get_status().serialize()["createdBy"]
        self.check(name=(created_by["userName"], None),
                   tenant=(created_by["userTenantId"], world.settings["tenant_id"]))


class Clusters(world.Ordered):
    def test_life(self):
        configuration = AmlCompute.provisioning_configuration(
            vm_size="STANDARD_D2_V2", min_nodes=1, max_nodes=4, idle_seconds_before_scaledown=120)
        cluster = AmlCompute.create(ws, "cpu", configuration)
        cluster.wait_for_completion(show_output=True)
        status = cluster.get_status()
        nodes = cluster.list_nodes()
        self.check(
            kind=(type(ComputeTarget(ws, "cpu")), AmlCompute), nodes=(status.current_node_count, 1),
            most=(status.scale_settings.maximum_node_count, 4),
            state=(status.allocation_state, "Steady"),
            listed=(len(nodes), 1), node=(nodes[0]["nodeState"], "idle"))
        cluster.update(min_nodes=0, max_nodes=2)
        cluster.wait_for_completion(show_output=True)
        status = cluster.get_status()
        self.check(fewer=(status.current_node_count, 0),
                   now=(status.scale_settings.maximum_node_count, 2))
        cluster.delete()
        cluster.wait_for_completion(show_output=True, is_delete_operation=True)
        self.assertNotIn("cpu", ws.compute_targets)

    def test_sizes(self):
        self.assertTrue(AmlCompute.supported_vmsizes(ws))
