// What is there when the emulator begins, and who the tests sign in as.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [KEY, CERTIFICATE] = [join(here, "key.pem"), join(here, "certificate.pem")];
const read = (path) => readFileSync(path, "utf8");

export const READER = { client_id: "aaaaaaaa-0000-0000-0000-000000000001", client_secret: "a-reader's-secret-of-these-tests" };
export const SCIENTIST = { client_id: "aaaaaaaa-0000-0000-0000-000000000003", client_secret: "a-scientist's-secret-of-these-tests" };
export const CERTIFIED = { client_id: "aaaaaaaa-0000-0000-0000-000000000002", pem: () => read(KEY) + read(CERTIFICATE) };

// A key and a certificate of an application, as anybody would make them.
function certify() {
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=an application", "-keyout", KEY,
    "-out", CERTIFICATE], { stdio: "ignore" });
  return read(CERTIFICATE);
}

// Instances to be read page by page: a page has 100.
const many = () => Object.fromEntries(Array.from({ length: 205 }, (_, i) => [`ci-many-${i}x`, "Stopped"]));

export const seed = () => ({
  workspaces: [
    { name: "many", instances: many() }, { name: "neighbour" },
    { name: "elsewhere", subscription_id: "99999999-9999-9999-9999-999999999999" },
  ],
  token_lifetime: 1000000,      // the clock is moved on by hours, and clients keep tokens by ours
  quotas: { total: 10000, family: 10000, gpu_family: 0, clusters: 1000 },
  applications: [
    { ...READER, name: "reader of the tests" }, { ...SCIENTIST, name: "scientist of the tests" },
    { client_id: CERTIFIED.client_id, name: "certified", certificates: [certify()] },
  ],
  role_assignments: [
    { principal: READER.client_id, role: "Reader" }, { principal: SCIENTIST.client_id, role: "AzureML Data Scientist" },
    { principal: CERTIFIED.client_id, role: "Contributor" },
  ],
});
