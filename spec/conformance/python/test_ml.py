"""azure-ai-ml: every compute, quota and usage call of MLClient."""
import contextlib
import io

import world
from azure.ai.ml import command
from azure.ai.ml.entities import (
    AmlCompute, AssignedUserConfiguration, ComputeInstance, ComputeInstanceSshSettings,
    ComputeSchedules, ComputeStartStopSchedule, CronTrigger, CustomApplications, EndpointsSettings,
    Environment,
    IdentityConfiguration, ImageSettings, ManagedIdentityConfiguration, NetworkSettings,
    RecurrencePattern, RecurrenceTrigger, ScriptReference, SetupScripts, VolumeSettings,
)
from azure.ai.ml.exceptions import JobException
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

ml = world.made("Python (azure-ai-ml)")["ml"]

# This version keeps the members of rows under the names that the service sends: its entities'
# own attributes stay None. That is a limit of the client.
def sent(entity, name):
    return vars(entity)[name]


SUBNET = ("/subscriptions/%s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v"
          "/subnets/default" % world.SUBSCRIPTION)
DAILY = "2026-01-01T00:00:00"


def create(name, **options):
    options.setdefault("size", "STANDARD_DS3_V2")
    return ml.compute.begin_create_or_update(ComputeInstance(name=name, **options)).result()


def refused(test, code, call):
    with test.assertRaises(HttpResponseError) as raised:
        call()
    test.assertEqual(code, raised.exception.error.code)


class Workspaces(world.Ordered):
    def test_get(self):
        found = ml.workspaces.get(world.WORKSPACE)
        self.check(name=(found.name, world.WORKSPACE), location=(found.location, world.LOCATION),
                   discovery=(found.discovery_url, world.URL + "/discovery"))
        for member in ("storage_account", "key_vault", "application_insights",
                       "container_registry"):
            with self.subTest(member):
                self.assertIn("/providers/Microsoft.", getattr(found, member))
        with self.subTest("tracking"):
            self.assertTrue(found.mlflow_tracking_uri.startswith("azureml://127.0.0.1:"))

    def test_list(self):
        self.assertEqual([world.WORKSPACE], [each.name for each in ml.workspaces.list()])


class Instances(world.Ordered):
    def test_hardly_an_option(self):
        made = create("ci-plain")
        self.check(state=(made.state, "Running"), size=(made.size, "STANDARD_DS3_V2"),
                   provisioning=(made.provisioning_state, "Succeeded"),
                   operation=(made.last_operation["operationName"], "Create"),
                   services=([each["displayName"] for each in made.services],
                             ["Jupyter", "Jupyter Lab"]),
                   sso=(made.enable_sso, True), public_ip=(made.enable_node_public_ip, True))

    def test_all_options(self):
        schedules = ComputeSchedules(compute_start_stop=[
            ComputeStartStopSchedule(action="stop", trigger=CronTrigger(
                expression="0 18 * * 1-5", start_time=DAILY, time_zone="W. Europe Standard Time")),
            ComputeStartStopSchedule(action="start", trigger=RecurrenceTrigger(
                frequency="week", interval=1, start_time=DAILY, time_zone="UTC",
                schedule=RecurrencePattern(hours=8, minutes=0, week_days=["monday"]))),
        ])
        application = CustomApplications(
            name="rstudio", image=ImageSettings(reference="rocker/rstudio"),
            endpoints=[EndpointsSettings(target=8787, published=8788)],
            environment_variables={"A": "b"},
            bind_mounts=[VolumeSettings(source="/home/azureuser", target="/home/rstudio")])
        made = create(
            "ci-all", description="all options", tags={"team": "vision"},
            ssh_public_access_enabled=True,
            ssh_settings=ComputeInstanceSshSettings(ssh_key_value=world.KEY),
            network_settings=NetworkSettings(subnet=SUBNET), enable_node_public_ip=False,
            identity=IdentityConfiguration(type="system_assigned"), schedules=schedules,
            idle_time_before_shutdown_minutes=60,
            setup_scripts=SetupScripts(
                creation_script=ScriptReference(path="Users/me/a.sh", timeout_minutes=5)),
            custom_applications=[application], enable_sso=False, enable_root_access=False,
            release_quota_on_stop=True, enable_os_patching=True)
        stop, start = made.schedules.compute_start_stop
        script = made.setup_scripts.creation_script
        found = made.custom_applications[0]
        self.check(
            description=(made.description, "all options"), tags=(made.tags, {"team": "vision"}),
            ssh=(made.ssh_public_access_enabled, True),
            key=(made.ssh_settings.ssh_key_value, world.KEY),
            port=(made.ssh_settings.ssh_port, 50000),
            user=(made.ssh_settings.admin_username, "azureuser"),
            subnet=(made.network_settings.subnet, SUBNET),
            public_ip=(made.enable_node_public_ip, False),
            identity=(made.identity.type, "system_assigned"),
            idle=(made.idle_time_before_shutdown, "PT60M"),
            stop=((stop.action.lower(), stop.trigger.expression), ("stop", "0 18 * * 1-5")),
            zone=(stop.trigger.time_zone, "W. Europe Standard Time"),
            start=((start.action.lower(), start.trigger.frequency.lower()), ("start", "week")),
            script=(script.path, "Users/me/a.sh"), timeout=(script.timeout_minutes, "5"),
            application=((found.name, found.image.reference), ("rstudio", "rocker/rstudio")),
            endpoint=(found.endpoints[0].published, 8788), sso=(made.enable_sso, False),
            root=(made.enable_root_access, False), quota=(made.release_quota_on_stop, True),
            patching=(made.enable_os_patching, True))

    def test_on_behalf(self):
        tenant = world.settings["tenant_id"]
        made = create("ci-behalf", create_on_behalf_of=AssignedUserConfiguration(
            user_object_id=world.USER, user_tenant_id=tenant))
        self.check(user=(made.create_on_behalf_of.user_object_id, world.USER),
                   tenant=(made.create_on_behalf_of.user_tenant_id, tenant))

    def test_script_without_a_timeout(self):
        made = create("ci-script", setup_scripts=SetupScripts(
            startup_script=ScriptReference(path="Users/me/start.sh", command="-v")))
        script = made.setup_scripts.startup_script
        self.check(timeout=(script.timeout_minutes, "15"), arguments=(script.command, "-v"))

    def test_verbs(self):
        create("ci-verbs")
        for verb, state in (("stop", "Stopped"), ("start", "Running"), ("restart", "Running")):
            with self.subTest(verb):
                getattr(ml.compute, "begin_" + verb)("ci-verbs").result()
                self.assertEqual(state, ml.compute.get("ci-verbs").state)
        ml.compute.begin_delete("ci-verbs").result()
        with self.assertRaises(ResourceNotFoundError):
            ml.compute.get("ci-verbs")
        with self.subTest("deletes nothing"):
            ml.compute.begin_delete("ci-verbs").result()

    def test_replaced(self):
        create("ci-again", tags={"a": "1"})
        again = create("ci-again", tags={"a": "2"})
        self.check(tags=(again.tags, {"a": "2"}), state=(again.state, "Running"))
        # A limit of the client: begin_update is for clusters, and leaves the location out.
        refused(self, "InvalidRequestContent",
                lambda: ml.compute.begin_update(ComputeInstance(name="ci-again")))

    def test_list(self):
        create("ci-listed")
        cluster = AmlCompute(name="listed", size="STANDARD_DS3_V2")
        ml.compute.begin_create_or_update(cluster).result()
        def names(**how):
            return [each.name for each in ml.compute.list(**how)]
        for kind, name, other in (("ComputeInstance", "ci-listed", "listed"),
                                  ("AmlCompute", "listed", "ci-listed")):
            with self.subTest(kind):
                self.assertIn(name, names())
                self.assertIn(name, names(compute_type=kind))
                self.assertNotIn(other, names(compute_type=kind))

    def test_single_sign_on(self):
        create("ci-sso")
        ml.compute.enable_sso(name="ci-sso", enable_sso=False)
        off = ml.compute.get("ci-sso").enable_sso
        ml.compute.enable_sso(name="ci-sso")
        self.check(off=(off, False), on=(ml.compute.get("ci-sso").enable_sso, True))

    def test_identities(self):
        identity = "/subscriptions/%s/resourceGroups/g/providers/Microsoft.ManagedIdentity" \
            "/userAssignedIdentities/one" % world.SUBSCRIPTION
        made = create("ci-identity", identity=IdentityConfiguration(
            type="user_assigned",
            user_assigned_identities=[ManagedIdentityConfiguration(resource_id=identity)]))
        found = made.identity.user_assigned_identities[0]
        self.check(identity=(found.resource_id, identity),
                   type=(made.identity.type, "user_assigned"))

    def test_refusals(self):
        create("ci-refused")
        for case, code, call in (
            ("size", "InvalidPropertyValue", lambda: create("ci-size", size="STANDARD_NOTHING")),
            ("name", "BadRequest", lambda: create("1ci")),
            ("start", "StartComputeInstanceOnlyAllowedInStoppedState",
             lambda: ml.compute.begin_start("ci-refused").result()),
            ("nodes", "UserError", lambda: list(ml.compute.list_nodes("ci-refused"))),
            ("none", "ResourceNotFound", lambda: ml.compute.get("ci-none")),
            ("detach", "BadRequest",
             lambda: ml.compute.begin_delete("ci-refused", action="Detach").result()),
        ):
            with self.subTest(case):
                refused(self, code, call)


class Clusters(world.Ordered):
    def test_life(self):
        made = ml.compute.begin_create_or_update(AmlCompute(
            name="cpu", size="STANDARD_DS3_V2", min_instances=1, max_instances=3,
            idle_time_before_scale_down=120)).result()
        nodes = list(ml.compute.list_nodes("cpu"))
        self.check(most=(made.max_instances, 3), least=(made.min_instances, 1),
                   idle=(made.idle_time_before_scale_down, 120), tier=(made.tier, "dedicated"),
                   nodes=(len(nodes), 1), node=(sent(nodes[0], "nodeState"), "idle"))
        made.max_instances, made.min_instances = 2, 0
        changed = ml.compute.begin_update(made).result()
        self.check(now=(changed.max_instances, 2), fewer=(list(ml.compute.list_nodes("cpu")), []))
        ml.compute.begin_delete("cpu").result()
        self.assertNotIn("cpu", [each.name for each in ml.compute.list()])


class Region(world.Ordered):
    def test_usage(self):
        def usage(**where):
            return {each.name["value"]: each for each in ml.compute.list_usage(**where)}
        def cores():
            rows = usage()
            used = sent(rows["standardDSv2Family"], "currentValue")
            return used, rows["TotalDedicatedCores"].limit
        before = cores()
        create("ci-usage")
        self.check(used=(cores()[0] - before[0], 4), limit=(before[1], 500))
        with self.subTest("elsewhere"):
            row = usage(location="westeurope")["standardDSv2Family"]
            self.assertEqual(0, sent(row, "currentValue"))

    def test_sizes(self):
        sizes = {each.name.upper(): each for each in ml.compute.list_sizes()}
        found = sizes["STANDARD_DS3_V2"]
        self.check(cores=(sent(found, "vCPUs"), 4), memory=(sent(found, "memoryGB"), 14),
                   family=(found.family, "standardDSv2Family"))
        for kind in ("ComputeInstance", "AmlCompute"):
            with self.subTest(kind):
                listed = list(ml.compute.list_sizes(compute_type=kind))
                self.assertTrue(all(kind in sent(each, "supportedComputeTypes") for each in listed))
                self.assertTrue(0 < len(listed) <= len(sizes))
        with self.subTest("elsewhere"):
            self.assertTrue(list(ml.compute.list_sizes(location="westeurope")))

    def test_quota(self):
        refused(self, "BadRequest", lambda: create("ci-gpu", size="STANDARD_NC6S_V3"))


INLINE = Environment(image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04",
                     conda_file={"name": "train", "dependencies": ["python=3.10"]})


def submit(text, **options):
    options.setdefault("environment", INLINE)
    return ml.jobs.create_or_update(command(command=text, compute="ci-jobs", **options))


def streamed(name):
    """What the client prints while it streams a job, and the error that it raises at its end."""
    printed, raised = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        try:
            ml.jobs.stream(name)
        except JobException as error:
            raised = str(error)
    return printed.getvalue(), raised


class Jobs(world.Ordered):
    def test_life(self):
        create("ci-jobs")
        job = ml.jobs.create_or_update(command(
            command="exit 0", compute="ci-jobs", environment="azureml:AzureML-x@latest"))
        found = ml.jobs.get(job.name)
        self.check(services=(sorted(job.services), ["Studio", "Tracking"]), listed=(job.name in [
            each.name for each in ml.jobs.list()], True), compute=(found.compute, "ci-jobs"),
            studio=(("runs/%s?wsid=/subscriptions/%s" % (job.name, world.SUBSCRIPTION))
                    in job.studio_url, True))
        ml.jobs.begin_cancel(job.name).result()
        self.assertIn(ml.jobs.get(job.name).status, ("Canceled", "Completed"))

    def test_stream(self):
        create("ci-jobs")
        job = submit("echo begun ${{inputs.n}}; sleep 600; echo done", inputs={"n": 3},
                     display_name="Train", tags={"team": "vision"}, experiment_name="nights",
                     environment_variables={"A": "b"})
        self.check(name=(job.display_name, "Train"), tags=(job.tags, {"team": "vision"}),
                   experiment=(job.experiment_name, "nights"),
                   environment=(job.environment.split(":")[0], "CliV2AnonymousEnvironment"),
                   variables=(job.environment_variables, {"A": "b"}))
        printed, raised = streamed(job.name)
        self.check(begun=("begun 3\n" in printed, True), done=("\ndone\n" in printed, True),
                   log=("Streaming user_logs/std_log.txt" in printed, True), raised=(raised, None),
                   status=(ml.jobs.get(job.name).status, "Completed"))

    def test_failure(self):
        create("ci-jobs")
        job = submit("echo so far; exit 3")
        _, raised = streamed(job.name)
        self.assertIn("User process exited with status code 3", raised)
        self.assertEqual("Failed", ml.jobs.get(job.name).status)

    def test_cancelled(self):
        create("ci-jobs")
        job = submit("sleep 1000000")
        ml.jobs.begin_cancel(job.name).result()
        self.assertEqual("Canceled", ml.jobs.get(job.name).status)

    def test_archived(self):
        create("ci-jobs")
        job = submit("exit 0", environment="azureml:AzureML-x@latest")
        ml.jobs.archive(job.name)
        self.assertNotIn(job.name, [each.name for each in ml.jobs.list()])
        ml.jobs.restore(job.name)
        self.assertIn(job.name, [each.name for each in ml.jobs.list()])

    def test_environments(self):
        create("ci-jobs")
        made = ml.environments.create_or_update(Environment(name="sklearn", image="a/b"))
        job = submit("exit 0", environment="sklearn@latest")
        self.check(version=(made.version, "1"), environment=(job.environment, "sklearn:1"),
                   listed=([each.name for each in ml.environments.list()], ["sklearn"]))

    def test_refusals(self):
        create("ci-jobs")
        for case, code, call in (
            ("environment", "BadRequest", lambda: submit("exit 0", environment="none:1")),
            ("compute", "BadRequest", lambda: ml.jobs.create_or_update(
                command(command="exit 0", compute="ci-none", environment=INLINE))),
            ("none", "ResourceNotFound", lambda: ml.jobs.get("none")),
        ):
            with self.subTest(case):
                refused(self, code, call)
