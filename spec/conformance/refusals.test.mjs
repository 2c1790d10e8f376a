// What goes wrong, as Microsoft's own clients see it: code, statusCode, message and request id of each refusal, failure and fault.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClientSecretCredential } from "@azure/identity";
import { READER } from "./seed.mjs";
import {
  advance, at, authority, clients, connect, counted, credential, fault, finish, group, instance, name, often, refused, running, settings,
  url, workspace,
} from "./world.mjs";

const NOBODY = "00000000-1111-2222-3333-444444444444";

const failed = (code, message) => ({ answer: { operation: "Failed", code, message } });

for (const each of clients) {
  describe(each.name, () => {
    const client = connect(each);
    const computes = client.computeOperations;
    const create = (called, wanted) => computes.beginCreateOrUpdate(group, workspace, called, wanted, often);

    it("is told what is not there", async () => {
      await refused(computes.get(group, workspace, "ci-nobody"), 404, "ResourceNotFound", /ci-nobody/);
      await refused(computes.get(group, "nobody", "ci-nobody"), 404, "ParentResourceNotFound", /Parent resource '.*nobody' not found/);
      await refused(client.workspaces.get(group, "nobody"), 404, "ResourceNotFound", /workspaces\/nobody/);
      await refused(computes.get("nobody", workspace, "ci-nobody"), 404, "ResourceGroupNotFound", /'nobody' could not be found/);
      await refused(connect({ ...each, subscription: NOBODY }).computeOperations.get(group, workspace, "ci-x"), 404,
        "SubscriptionNotFound", new RegExp(NOBODY));
      for (const verb of ["Start", "Stop", "Restart"]) {
        await refused(computes[`begin${verb}`](group, workspace, "ci-nobody", often), 404, "ResourceNotFound", /ci-nobody/);
      }
    });

    it("is told that another command is at work", async () => {
      const called = name();
      const poller = await create(called, instance());
      await refused(computes.beginStop(group, workspace, called, often), 409, "Conflict", /active operation/);
      await advance("10m");
      await poller.pollUntilDone();
    });

    it("is told of quota, sizes, names and keys that cannot be", async () => {
      await refused(create(name(), instance({ vmSize: "STANDARD_NC6" })), 400, "BadRequest", /family vCPU quota of 0/);
      await refused(create(name(), instance({ vmSize: "STANDARD_TOASTER" })), 400, "InvalidPropertyValue", /STANDARD_TOASTER/);
      await refused(create("ci-1", instance()), 400, "BadRequest", /name 'ci-1' is invalid/);
      await refused(create(name(), { ...instance(), location: "westus" }), 400, "BadRequest", /location of its workspace/);
      await refused(create(name(), instance({ sshSettings: { sshPublicAccess: "Enabled", adminPublicKey: "hello" } })), 400, "BadRequest",
        /not a valid SSH Public Key/);
      const assignedUser = { objectId: NOBODY, tenantId: settings.tenant_id };
      await refused(create(name(), instance({
        personalComputeInstanceSettings: { assignedUser }, sshSettings: { adminPublicKey: "ssh-rsa AAAAB3Nz" },
      })), 400, "UserError", /on behalf of another user/);
      const called = await running(client);
      await refused(computes.beginCreateOrUpdate(group, "neighbour", called, instance(), often), 409, "Conflict", /already in use/);
      await refused(computes.listNodes(group, workspace, called).next(), 400, "UserError",
        /ComputeListNodes with computeType ComputeInstance is not supported/);
    });

    it("is told that it may not", async () => {
      const reader = new ClientSecretCredential(settings.tenant_id, READER.client_id, READER.client_secret, authority);
      const looking = connect({ ...each, as: reader }).computeOperations;
      assert.ok((await looking.list(group, workspace).next()) !== undefined);
      const error = await refused(looking.beginCreateOrUpdate(group, workspace, name(), instance(), often), 403, "AuthorizationFailed",
        /does not have authorization to perform action 'Microsoft.MachineLearningServices\/workspaces\/computes\/write'/);
      assert.ok(error.message.includes(READER.client_id));
    });

    it("is told that a token is none, or has expired", async () => {
      const fixed = (token) => connect({ ...each, as: { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3600000 }) } });
      await refused(fixed("nonsense").computeOperations.get(group, workspace, "ci-x"), 401, "InvalidAuthenticationToken", /token/);
      const old = await credential().getToken("https://management.azure.com/.default");
      await fault({ match: at("ci-expired"), answer: "expire_token" });
      await refused(fixed(old.token).computeOperations.get(group, workspace, "ci-expired"), 401, "ExpiredAuthenticationToken",
        /expiry UTC time '.*' is earlier than current UTC time/);
      await refused(connect(each).computeOperations.get(group, workspace, "ci-none"), 404, "ResourceNotFound", /ci-none/);
    });

    it("asks again when it is throttled, and is served", async () => {
      const [mine, tries] = counted(each);
      const called = await running(mine);
      const answer = { status: 429, headers: { "Retry-After": "1" }, json: { error: { code: "TooManyRequests", message: "Too many." } } };
      await fault({ match: at(called), times: 1, answer });
      const begun = Date.now();
      const [count, served] = await tries(mine.computeOperations.get(group, workspace, called));
      assert.deepEqual([count, served.name], [2, called]);
      assert.ok(Date.now() - begun >= 990, "Retry-After was not waited for");
    });

    it("asks again after a 5xx or a broken connection, and is served", async () => {
      const [mine, tries] = counted(each);
      const called = await running(mine);
      const unavailable = { status: 503, json: { error: { code: "ServiceUnavailable", message: "Later." } } };
      for (const answer of [unavailable, "reset", "close"]) {
        await fault({ match: at(called), times: 2, answer });
        const [count, served] = await tries(mine.computeOperations.get(group, workspace, called));
        assert.deepEqual([count, served.name], [3, called]);
      }
    });

    it("gives up on a connection that always breaks, and on a 5xx that never ends", async () => {
      const [mine, tries] = counted(each);
      await fault({ match: at("ci-broken"), times: 4, answer: "reset" });
      const [count, error] = await tries(mine.computeOperations.get(group, workspace, "ci-broken"));
      assert.deepEqual([count, error.name, error.code], [4, "RestError", "ECONNRESET"]);
      const always = { status: 500, json: { error: { code: "InternalServerError", message: "Always." } } };
      await fault({ match: at("ci-broken"), times: 4, answer: always });
      await refused(mine.computeOperations.get(group, workspace, "ci-broken"), 500, "InternalServerError", /Always/);
    });

    it("is told that an operation failed, of each verb", async () => {
      const mine = connect(each).computeOperations;
      const called = name();
      await fault({ match: { verb: "create" }, ...failed("CreateFailed", "No machine could be had.") });
      await assert.rejects(finish(mine.beginCreateOrUpdate(group, workspace, called, instance(), often)), /No machine could be had/);
      const left = await mine.get(group, workspace, called);
      assert.equal(left.properties.provisioningState, "Failed");
      assert.equal(left.properties.properties.state, "CreateFailed");
      const other = await running(connect(each));
      await fault({ match: { verb: "stop" }, ...failed("StopFailed", "The machine does not listen.") });
      await assert.rejects(finish(mine.beginStop(group, workspace, other, often)), /The machine does not listen/);
      assert.equal((await mine.get(group, workspace, other)).properties.properties.lastOperation.operationStatus, "StopFailed");
      await fault({ match: { verb: "delete" }, answer: { operation: "Canceled", code: "Canceled", message: "Somebody did." } });
      await assert.rejects(finish(mine.beginDelete(group, workspace, other, "Delete", often)), /[Cc]ancell?ed/);
    });

    it("leaves an operation that hangs when it is told to", async () => {
      const mine = connect(each).computeOperations;
      const called = await running(connect(each));
      const abort = new AbortController();
      const aborted = await mine.beginStop(group, workspace, called, { updateIntervalInMs: 20, abortSignal: abort.signal });
      const end = aborted.pollUntilDone();
      setTimeout(() => abort.abort(), 100);
      await assert.rejects(end, { name: "AbortError" });
      assert.equal((await mine.get(group, workspace, called)).properties.properties.state, "Stopping");
      const stopped = await mine.beginStop(group, workspace, called, { ...often, resumeFrom: aborted.toString() });
      const ended = stopped.pollUntilDone();
      stopped.stopPolling();
      await assert.rejects(ended, { name: "PollerStoppedError" });
      await advance("10m");
      await (await mine.beginStop(group, workspace, called, { ...often, resumeFrom: stopped.toString() })).pollUntilDone();
      assert.equal((await mine.get(group, workspace, called)).properties.properties.state, "Stopped");
    });

    it("polls on over faults of the status", async () => {
      const mine = connect(each).computeOperations;
      const called = await running(connect(each));
      const poller = await mine.beginStop(group, workspace, called, often);
      const path = "/computeOperationsStatus/";
      await fault({ match: { path }, times: 1, answer: "reset" });
      await fault({ match: { path }, times: 1, answer: { status: 500, json: { error: { code: "X", message: "y" } } } });
      await advance("10m");
      await poller.pollUntilDone();
      assert.equal((await mine.get(group, workspace, called)).properties.properties.state, "Stopped");
    });
  });
}

describe("the emulator's own budget of requests", () => {
  it("ends, says when to come again, and is filled again as time goes by", async () => {
    const { token } = await credential().getToken("https://management.azure.com/.default");
    const target = `${url}/subscriptions/${settings.subscription_id}/providers/Microsoft.MachineLearningServices/workspaces`
      + "?api-version=2022-10-01";
    let answer;
    for (let i = 0; i < 2000; i += 1) {
      answer = await fetch(target, { headers: { authorization: `Bearer ${token}` } });
      await answer.arrayBuffer();
      if (answer.status === 429) break;
    }
    assert.equal(answer.status, 429);
    assert.ok(Number(answer.headers.get("retry-after")) >= 1);
    const served = await connect().computeOperations.get(group, workspace, "ci-nobody").catch((error) => error);
    assert.equal(served.statusCode, 404);      // it waited, and was served
  });
});
