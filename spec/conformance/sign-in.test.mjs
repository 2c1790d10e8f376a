// Signing in by @azure/identity, which asks for the tenant's metadata first: with a secret, with a certificate, and in vain.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClientCertificateCredential, ClientSecretCredential, DefaultAzureCredential, EnvironmentCredential } from "@azure/identity";
import { CERTIFIED } from "./seed.mjs";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { authority, connect, credential, group, SCOPE, settings, url, workspace } from "./world.mjs";

const NOBODY = "00000000-1111-2222-3333-444444444444";

async function works(signed) {
  const token = await signed.getToken(SCOPE);
  assert.match(token.token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.ok(token.expiresOnTimestamp > Date.now() + 60000);
  assert.equal((await connect({ as: signed }).workspaces.get(group, workspace)).name, workspace);
}

async function fails(signed, code, text) {
  const error = await signed.getToken(SCOPE).then(() => assert.fail("it was signed in"), (why) => why);
  assert.match(error.name, /AuthenticationRequiredError|AuthenticationError|CredentialUnavailableError/);
  assert.match(error.message, new RegExp(`AADSTS${code}`));
  assert.match(error.message, text);
}

describe("signing in", () => {
  it("works with a secret", () => works(credential()));

  it("works with a certificate", () => works(new ClientCertificateCredential(settings.tenant_id, CERTIFIED.client_id,
    { certificate: CERTIFIED.pem() }, authority)));

  it("works with a certificate that is sent along", () => works(new ClientCertificateCredential(settings.tenant_id, CERTIFIED.client_id,
    { certificate: CERTIFIED.pem() }, { ...authority, sendCertificateChain: true })));

  it("works by the environment, alone and as the first of the default chain", async () => {
    Object.assign(process.env, {
      AZURE_TENANT_ID: settings.tenant_id, AZURE_CLIENT_ID: settings.client_id, AZURE_CLIENT_SECRET: settings.client_secret,
      AZURE_AUTHORITY_HOST: url,
    });
    await works(new EnvironmentCredential({ disableInstanceDiscovery: true }));
    await works(new DefaultAzureCredential({ disableInstanceDiscovery: true }));
  });

  it("works as the emulator's banner says", async () => {
    const banner = process.env.BANNER;
    for (const [, variable, value] of banner.matchAll(/ (AZURE_\w+)=(\S+)/g)) process.env[variable] = value;
    const [, first, second] = banner.match(/JavaScript.*:\n *(.*)\n *(.*)\n/);
    const client = new Function("EnvironmentCredential", "AzureMachineLearningWorkspaces", `${first}; return ${second}`)(
      EnvironmentCredential, AzureMachineLearningWorkspaces,
    );
    assert.equal((await client.workspaces.get(group, workspace)).name, workspace);
  });

  it("fails with a wrong secret", () => fails(new ClientSecretCredential(settings.tenant_id, settings.client_id, "wrong", authority),
    7000215, /Invalid client secret/));

  it("fails for an application that is not there", () => fails(new ClientSecretCredential(settings.tenant_id, NOBODY, "secret", authority),
    700016, new RegExp(NOBODY)));

  it("fails with somebody else's certificate", () => fails(new ClientCertificateCredential(settings.tenant_id, settings.client_id,
    { certificate: CERTIFIED.pem() }, authority), 700027, /signature|certificate|key/i));

  it("fails for a scope that is no resource's", async () => {
    await assert.rejects(credential().getToken("https://management.azure.com/user_impersonation"), /AADSTS1002012/);
  });

  it("fails in a tenant that is not there", async () => {
    const stranger = new ClientSecretCredential(NOBODY, settings.client_id, settings.client_secret, authority);
    await assert.rejects(stranger.getToken(SCOPE), /AADSTS90002|endpoints_resolution_error|tenant/i);
  });
});
