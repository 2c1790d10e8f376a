// Trouble by name, of the service, of who signs in, and of the wire: what Microsoft's own clients see of each. And jobs, and roles.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClientSecretCredential } from "@azure/identity";
import { SCIENTIST } from "./seed.mjs";
import {
  at, authority, clients, connect, counted, credential, fault, finish, group, instance, name, often, refused, running, SCOPE, settings,
  workspace,
} from "./world.mjs";

const trouble = (called, what) => fault({ match: { name: called }, trouble: what });

for (const each of clients) {
  describe(each.name, () => {
    const client = connect(each);
    const computes = client.computeOperations;
    const create = (called, more) => computes.beginCreateOrUpdate(group, workspace, called, instance(more), often);
    const look = async (called) => (await computes.get(group, workspace, called)).properties;

    it("is told of each kind of quota", async () => {
      const kinds = { quota_family: /family vCPU quota/, quota_total: /total vCPU quota/, quota_count: /limit of/ };
      for (const [what, message] of Object.entries(kinds)) {
        const called = name();
        await trouble(called, what);
        await refused(create(called), 400, "BadRequest", message);
      }
    });

    it("is told that the region has no machine left, of the creation and in the resource", async () => {
      const called = name();
      await trouble(called, "capacity");
      await assert.rejects(finish(create(called)), /AllocationFailed|capacity/i);
      const left = await look(called);
      assert.equal(left.provisioningState, "Failed");
      assert.equal(left.properties.state, "CreateFailed");
      assert.equal(left.properties.errors[0].error.code, "AllocationFailed");
    });

    it("is told of an unusable node, which a restart mends", async () => {
      const called = name();
      await trouble(called, "unusable_node");
      await assert.rejects(finish(create(called)), /unusable node/);
      assert.equal((await look(called)).properties.state, "Unusable");
      await finish(computes.beginRestart(group, workspace, called, often));
      assert.equal((await look(called)).properties.state, "Running");
    });

    it("is told that a setup script failed", async () => {
      const called = name();
      await trouble(called, "setup_script");
      const creationScript = { scriptSource: "inline", scriptData: "ZXhpdCAx" };
      await assert.rejects(finish(create(called, { setupScripts: { scripts: { creationScript } } })), /SetupScript|setup script/i);
      assert.equal((await look(called)).properties.state, "UserSetupFailed");
    });

    it("is told of a full disk and of a conflict", async () => {
      const called = await running(client);
      await trouble(called, "disk_full");
      await refused(computes.beginStop(group, workspace, called, often), 400, "BadRequest", /disk is full/);
      await trouble(called, "conflict");
      await refused(computes.beginRestart(group, workspace, called, often), 409, "Conflict", /./);
    });

    it("fetches a token with the claims that are asked for, and is served", async () => {
      const as = new ClientSecretCredential(settings.tenant_id, SCIENTIST.client_id, SCIENTIST.client_secret, authority);
      const asked = [];
      const watching = { getToken: (scopes, options) => { asked.push(options?.claims); return as.getToken(scopes, options); } };
      const [mine, tries] = counted({ ...each, as: watching });
      const called = await running(client);
      const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
      await fault({ match: at(called), trouble: { name: "claims_challenge", claims } });
      const [, served] = await tries(mine.computeOperations.get(group, workspace, called));
      assert.equal(served.name, called, served.stack);
      assert.equal(asked.at(-1), claims);
    });

    it("is served on the second try, whatever came instead of an answer", async () => {
      const [mine, tries] = counted(each);
      const called = await running(mine);
      for (const what of ["throttle", "close", "reset"]) {
        await fault({ match: at(called), trouble: what });
        const [count, served] = await tries(mine.computeOperations.get(group, workspace, called));
        assert.deepEqual([what, count, served.name], [what, 2, called]);
      }
    });

    it("sees that an answer is none, or only half of one", async () => {
      for (const what of ["garbage", "truncate"]) {
        const called = name();
        await fault({ match: at(called), trouble: what, times: 10 });      // whatever the number of tries
        await assert.rejects(computes.get(group, workspace, called), { name: "RestError" });
      }
    });

    it("does not wait longer than it was told to", async () => {
      await fault({ match: at("ci-slow"), trouble: { name: "slow", seconds: 3 } });
      const begun = Date.now();
      await assert.rejects(computes.get(group, workspace, "ci-slow", { requestOptions: { timeout: 100 } }), { name: "AbortError" });
      assert.ok(Date.now() - begun < 2900);
    });

    it("may do what its role lets it, and no more", async () => {
      const scientist = new ClientSecretCredential(settings.tenant_id, SCIENTIST.client_id, SCIENTIST.client_secret, authority);
      const theirs = connect({ ...each, as: scientist }).computeOperations;
      const called = await running(client);
      await finish(theirs.beginStop(group, workspace, called, often));
      await finish(theirs.beginStart(group, workspace, called, often));
      await refused(theirs.beginDelete(group, workspace, called, "Delete", often), 403, "AuthorizationFailed", /computes\/delete/);
      await refused(theirs.beginCreateOrUpdate(group, workspace, name(), instance(), often), 403, "AuthorizationFailed", /computes\/write/);
    });

    it("runs a job on an instance, lists it, and cancels another", { skip: each.noJobs }, async () => {
      const called = await running(client);
      const { id: computeId } = await computes.get(group, workspace, called);
      const properties = (command) => ({ jobType: "Command", command, computeId, displayName: "of a test",
        environmentId: "azureml:AzureML-minimal@latest", tags: { a: "b" },
        limits: { jobLimitsType: "Command", timeout: "PT1H" } });
      const [job, other] = [name(), name()];
      const made = await client.jobs.createOrUpdate(group, workspace, job, { properties: properties("echo hello") });
      assert.deepEqual([made.name, made.properties.jobType, made.properties.command], [job, "Command", "echo hello"]);
      await client.jobs.createOrUpdate(group, workspace, other, { properties: properties("sleep 3000") });
      const names = [];
      for await (const one of client.jobs.list(group, workspace)) names.push(one.name);
      assert.ok(names.includes(job) && names.includes(other));
      await finish(client.jobs.beginCancel(group, workspace, other, often));
      assert.equal((await client.jobs.get(group, workspace, other)).properties.status, "Canceled");
      assert.equal((await client.jobs.get(group, workspace, job)).properties.status, "Completed");
    });
  });
}

describe("signing in", () => {
  it("sees by what number Entra refuses", async () => {
    await fault({ match: { path: "/oauth2/v2%.0/token$" }, trouble: { name: "entra", code: 7000222 } });
    await assert.rejects(credential().getToken(SCOPE), /AADSTS7000222/);
  });
});
