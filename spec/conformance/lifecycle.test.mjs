// What goes well, as Microsoft's own clients see it: sign-in aside, all that one does with compute instances.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { advance, clients, connect, finish, group, instance, name, often, running, settings, url, workspace } from "./world.mjs";

const KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7";
const NETWORKS = `/subscriptions/${settings.subscription_id}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks`;
const SUBNET = `${NETWORKS}/v/subnets/default`;

async function all(pages) {
  const list = [];
  for await (const one of pages) list.push(one);
  return list;
}

for (const each of clients) {
  describe(each.name, () => {
    const client = connect(each);
    const computes = client.computeOperations;

    it("creates an instance with hardly an option, and says how it gets on", async () => {
      const called = name();
      const poller = await computes.beginCreateOrUpdate(group, workspace, called, instance(), often);
      await poller.poll();
      assert.equal(poller.getOperationState().isStarted, true);
      assert.equal(poller.isDone(), false);
      const young = await computes.get(group, workspace, called);
      assert.equal(young.properties.provisioningState, "Creating");
      await advance("10m");
      const made = await poller.pollUntilDone();
      assert.equal(made.name, called);
      assert.equal(made.type, "Microsoft.MachineLearningServices/workspaces/computes");
      assert.equal(made.location, settings.location);
      assert.equal(made.properties.computeType, "ComputeInstance");
      assert.equal(made.properties.provisioningState, "Succeeded");
      assert.equal(made.properties.isAttachedCompute, false);
      const inner = made.properties.properties;
      assert.equal(inner.state, "Running");
      assert.equal(inner.vmSize.toUpperCase(), "STANDARD_DS3_V2");
      assert.deepEqual(inner.applications.map((one) => one.displayName), ["Jupyter", "Jupyter Lab"]);
      assert.equal(inner.lastOperation.operationName, "Create");
      assert.equal(inner.lastOperation.operationStatus, "Succeeded");
      assert.ok(inner.lastOperation.operationTime instanceof Date);
      assert.equal(inner.createdBy.userOrgId, settings.tenant_id);
    });

    it("creates one with all the options that the package knows", async () => {
      const called = name();
      const wanted = instance({
        subnet: { id: SUBNET }, applicationSharingPolicy: "Personal", enableNodePublicIp: false,
        sshSettings: { sshPublicAccess: "Enabled", adminPublicKey: KEY },
        setupScripts: { scripts: {
          creationScript: { scriptSource: "inline", scriptData: "ZWNobyBoZWxsbw==", scriptArguments: "a b", timeout: "5m" },
          startupScript: { scriptSource: "workspaceStorage", scriptData: "Users/me/start.sh" },
        } },
      });
      wanted.tags = { team: "vision", keep: "on" };
      wanted.identity = { type: "SystemAssigned" };
      wanted.properties.description = "all options";
      wanted.properties.disableLocalAuth = true;
      const made = await finish(computes.beginCreateOrUpdate(group, workspace, called, wanted, often));
      const inner = made.properties.properties;
      assert.deepEqual(made.tags, wanted.tags);
      assert.equal(made.identity.type, "SystemAssigned");
      assert.match(made.identity.principalId, /^[0-9a-f-]{36}$/);
      assert.equal(made.properties.description, "all options");
      assert.equal(inner.subnet.id, SUBNET);
      assert.equal(inner.applicationSharingPolicy, "Personal");
      assert.equal(inner.sshSettings.sshPublicAccess, "Enabled");
      assert.equal(inner.sshSettings.adminPublicKey, KEY);
      assert.equal(inner.sshSettings.adminUserName, "azureuser");
      const knowsPublicIp = each.apiVersion !== "2021-01-01";      // what a version does not know it passes over
      assert.equal(Boolean(inner.connectivityEndpoints.publicIpAddress), !knowsPublicIp);
      assert.equal(inner.setupScripts.scripts.creationScript.scriptArguments, "a b");
      assert.equal(inner.setupScripts.scripts.startupScript.scriptSource, "workspaceStorage");
    });

    it("creates one on behalf of somebody", async () => {
      const assignedUser = { objectId: "12345678-0000-0000-0000-000000000000", tenantId: settings.tenant_id };
      const called = await running(client, {
        computeInstanceAuthorizationType: "personal", personalComputeInstanceSettings: { assignedUser },
      });
      const made = await computes.get(group, workspace, called);
      assert.deepEqual(made.properties.properties.personalComputeInstanceSettings.assignedUser, assignedUser);
      assert.equal(made.properties.properties.computeInstanceAuthorizationType, "personal");
    });

    it("stops, starts, restarts and deletes one", async () => {
      const called = await running(client);
      const state = async () => (await computes.get(group, workspace, called)).properties.properties.state;
      for (const [verb, during, after] of [["Stop", "Stopping", "Stopped"], ["Start", "Starting", "Running"],
        ["Restart", "Restarting", "Running"]]) {
        const poller = await computes[`begin${verb}`](group, workspace, called, often);
        assert.equal(await state(), during);
        await advance("10m");
        await poller.pollUntilDone();
        assert.equal(await state(), after);
        assert.equal((await computes.get(group, workspace, called)).properties.properties.lastOperation.operationName, verb);
      }
      const poller = await computes.beginDelete(group, workspace, called, "Delete", often);
      assert.equal(await state(), "Deleting");
      await advance("10m");
      await poller.pollUntilDone();
      await assert.rejects(computes.get(group, workspace, called), { statusCode: 404 });
      await computes.beginDeleteAndWait(group, workspace, called, "Delete", often);      // nothing there is no error
    });

    it("goes on with an operation by what its poller left behind", async () => {
      const called = await running(client);
      const left = await computes.beginStop(group, workspace, called, often);
      const resumed = await computes.beginStop(group, workspace, called, { ...often, resumeFrom: left.toString() });
      await advance("10m");
      await resumed.pollUntilDone();
      assert.equal((await computes.get(group, workspace, called)).properties.properties.state, "Stopped");
    });

    it("takes tags and a description over where it is put again", async () => {
      const called = await running(client);
      const wanted = instance();
      wanted.tags = { again: "yes" };
      const made = await finish(computes.beginCreateOrUpdate(group, workspace, called, wanted, often));
      assert.deepEqual(made.tags, { again: "yes" });
      assert.equal(made.properties.properties.state, "Running");
    });

    it("lists by pages", async () => {
      const pages = [];
      for await (const page of computes.list(group, "many").byPage()) pages.push(page.length);
      assert.deepEqual(pages, [100, 100, 5]);
      const names = (await all(computes.list(group, "many"))).map((one) => one.name);
      assert.equal(new Set(names).size, 205);
      const [first] = await all(computes.list(group, "many"));
      assert.equal(first.properties.properties.state, "Stopped");
      assert.deepEqual(await all(computes.list(group, "neighbour")), []);
    });

    it("finds names whatever their case", async () => {
      const called = await running(client);
      const found = await computes.get(group.toUpperCase(), workspace.toUpperCase(), called.toUpperCase());
      assert.equal(found.name, called);
    });

    it("sees workspaces", async () => {
      const one = await client.workspaces.get(group, workspace);
      assert.equal(one.name, workspace);
      assert.equal(one.provisioningState, "Succeeded");
      assert.equal(one.discoveryUrl, `${url}/discovery`);
      const here = (await all(client.workspaces.listByResourceGroup(group))).map((each) => each.name).sort();
      assert.deepEqual(here, [workspace, "many", "neighbour"].sort());
      assert.equal((await all(client.workspaces.listBySubscription())).length, 3);
    });

    it("sees sizes", { skip: each.apiVersion === "2021-01-01" && "this package reads the member of later versions" }, async () => {
      const { value } = await client.virtualMachineSizes.list(settings.location);
      const one = value.find((size) => size.name.toUpperCase() === "STANDARD_DS3_V2");
      assert.equal(one.vCPUs, 4);
      assert.equal(one.gpus, 0);
      assert.equal(one.family, "standardDSv2Family");
      assert.ok(one.supportedComputeTypes.includes("ComputeInstance"));
      const price = one.estimatedVMPrices.values.find((row) => row.osType === "Linux" && row.vmTier === "Standard");
      assert.ok(price.retailPrice > 0);
    });

    it("sees usages grow", async () => {
      const used = async (what) => (await all(client.usages.list(settings.location))).find((row) => row.name.value === what);
      const before = await used("standardDSv2Family");
      await running(client);
      const after = await used("standardDSv2Family");
      assert.equal(after.currentValue, before.currentValue + 4);
      assert.equal(after.limit, 10000);
      assert.equal(after.unit, "Count");
      assert.ok((await used("TotalClusters")).currentValue > 200);
    });

    it("sees quotas, and updates that of a workspace", async () => {
      const rows = await all(client.quotas.list(settings.location));
      const family = rows.find((row) => row.name.value === "standardDSv2Family");
      assert.equal(family.limit, 10000);
      const id = rows.find((row) => row.name.value === "standardDSv2Family" && row.id.includes("/workspaces/")).id;
      const type = "Microsoft.MachineLearningServices/workspaces/quotas";
      const { value } = await client.quotas.update(settings.location, { value: [{ id, type, limit: 9000, unit: "Count" }] });
      assert.deepEqual(value.map((row) => [row.limit, row.status]), [[9000, "Success"]]);
    });
  });
}
