// The emulator that start.mjs has begun, as the tests see it: who it knows, its clock, trouble on request, and Microsoft's clients for it.
import assert from "node:assert/strict";
import { ClientSecretCredential } from "@azure/identity";
import { AzureMachineLearningWorkspaces as Current } from "@azure/arm-machinelearning";
import { AzureMachineLearningWorkspaces as First } from "@azure/arm-machinelearning-v1";

export const url = process.env.EMULATOR;
export const SCOPE = "https://management.azure.com/.default";
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

async function control(method, what, body) {
  const answer = await fetch(`${url}/emulator/${what}`, { method, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${what}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

export const settings = await control("GET", "settings");
export const group = settings.resource_group;
export const workspace = settings.workspace_name;

// The emulator's clock goes as ours does, and further by as much as a test says.
export const advance = (time) => control("POST", "advance", { seconds: time });
export const fault = (rule) => control("POST", "faults", rule);

// What a rule matches the path of an instance by: a Lua pattern.
export const at = (called) => ({ path: `/computes/${called.replaceAll("-", "%-")}$` });

// Nothing waits longer than a test needs it to.
export const quick = { retryOptions: { retryDelayInMs: 1, maxRetryDelayInMs: 2 } };
export const often = { updateIntervalInMs: 5 };

export const authority = { authorityHost: url, disableInstanceDiscovery: true, ...quick };

export function credential() {
  return new ClientSecretCredential(settings.tenant_id, settings.client_id, settings.client_secret, authority);
}

// What is tried: the packages at their own api-versions, and the current one at the oldest and the newest that the emulator speaks.
export const clients = [
  { name: "@azure/arm-machinelearning 1.0.0", Client: First, noJobs: "sends nothing of a job but its type and its compute" },
  { name: "@azure/arm-machinelearning 2.1.1", Client: Current },
  { name: "@azure/arm-machinelearning 2.1.1 at 2021-01-01", Client: Current, apiVersion: "2021-01-01", noJobs: "there were none" },
  { name: "@azure/arm-machinelearning 2.1.1 at 2026-03-15-preview", Client: Current, apiVersion: "2026-03-15-preview" },
];

export function connect({ Client = Current, apiVersion, as = credential(), subscription = settings.subscription_id } = {}) {
  const options = { endpoint: url, credentialScopes: SCOPE, ...quick };
  return new Client(as, subscription, apiVersion ? { ...options, apiVersion } : options);
}

// A client whose tries are counted, each retry too.
export function counted(each) {
  const client = connect(each);
  const tries = { count: 0 };
  client.pipeline.addPolicy({ name: "counted", sendRequest: (request, next) => { tries.count += 1; return next(request); } },
    { afterPhase: "Retry" });
  return [client, async (what) => {
    tries.count = 0;
    const value = await what.catch((error) => error);
    return [tries.count, value];
  }];
}

let count = 0;

// A name that no other test has: names are unique in a region.
export function name() {
  count += 1;
  return `ci-t${process.pid}x${count}`;
}

export function instance(more = {}) {
  const properties = { vmSize: "STANDARD_DS3_V2", ...more };
  return { location: settings.location, properties: { computeType: "ComputeInstance", properties } };
}

// Begins what a poller follows, lets the emulator's clock pass, and waits for the end.
export async function finish(beginning) {
  const poller = await beginning;
  await advance("10m");
  return poller.pollUntilDone();
}

// A new instance, running.
export async function running(client, more) {
  const called = name();
  await finish(client.computeOperations.beginCreateOrUpdate(group, workspace, called, instance(more), often));
  return called;
}

// That a promise is refused as the service refuses, and that Microsoft's client sees all of it.
export async function refused(promise, statusCode, code, message) {
  const error = await promise.then(() => assert.fail("it was not refused"), (why) => why);
  assert.equal(error.name, "RestError", error.stack);
  assert.deepEqual({ statusCode: error.statusCode, code: error.code }, { statusCode, code }, error.message);
  assert.match(error.message, message);
  assert.match(error.response.headers.get("x-ms-request-id"), GUID);
  return error;
}
