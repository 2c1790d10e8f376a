// Let Microsoft's validator judge the recorded answers of the emulator:
//   node validate.mjs SPECIFICATION ANSWERS
// SPECIFICATION is spec/fixtures/specification.json, ANSWERS a folder of spec/recorder.lua's files.
// Each finding must be in findings.json, which gives the reason; each row there must be found.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LiveValidator } from "oav/dist/lib/liveValidation/liveValidator.js";
import { specify } from "./specify.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [specificationPath, answersPath] = process.argv.slice(2);
const allowed = JSON.parse(readFileSync(join(here, "findings.json"), "utf8"));

const folder = join(here, "swaggers");
const versions = specify(JSON.parse(readFileSync(specificationPath, "utf8")), folder);

// The version whose specification judges an answer: its own, for another preview the newest
// preview, for another stable version the first one that is not older.
function judgeOf(version) {
  if (versions.includes(version)) return version;
  const previews = versions.filter((each) => each.endsWith("-preview"));
  if (version.endsWith("-preview")) return previews.at(-1);
  return versions.find((each) => each >= version && !each.endsWith("-preview")) ?? previews.at(-1);
}

function answers() {
  const seen = new Map();
  for (const name of readdirSync(answersPath)) {
    for (const line of readFileSync(join(answersPath, name), "utf8").split("\n")) {
      if (line !== "" && line.endsWith("}")) seen.set(line, JSON.parse(line));
    }
  }
  return [...seen.values()];
}

function body(text) {
  try { return JSON.parse(text); } catch { return text === "" ? undefined : text; }
}

// Where in the body: without the numbers of items, each place once.
const numberless = (text) => text.replace(/\d+/g, "N");
const placed = (paths) => [...new Set(paths.map(numberless))].sort().join(" ");

// The reasons one by one: a row of findings.json has a reason for several members.
const reasons = allowed.flatMap(
  ({ members, ...row }) => members.map((member) => ({ ...row, member })));

const matches = (finding, row) => finding.code === row.code
  && finding.message.endsWith(`: ${row.member}`) && new RegExp(row.where).test(finding.where);

const validator = new LiveValidator({
  directory: folder, swaggerPathsPattern: ["specification/**/machineLearningServices.json"],
  git: { shouldClone: false }, isPathCaseSensitive: false,
}, () => {});
await validator.initialize();

let checked = 0;
let unspecified = 0;
const findings = new Map();
for (const answer of answers()) {
  const url = new URL(answer.target, "https://management.azure.com");
  const version = url.searchParams.get("api-version") ?? "";
  url.searchParams.set("api-version", judgeOf(version));
  const response = {
    statusCode: String(answer.status), body: body(answer.body),
    headers: { "content-type": "application/json" },
  };
  const request = { url: url.href, method: answer.method };
  const result = await validator.validateLiveResponse(response, request);
  const reason = result.runtimeException?.code ?? "";
  if (reason.startsWith("OPERATION_NOT_FOUND")) {
    unspecified += 1;
    continue;
  }
  if (reason) throw new Error(`${url.href}: ${result.runtimeException.message}`);
  checked += 1;
  for (const error of result.errors) {
    const where = placed(error.pathsInPayload);
    const key = [error.code, where, numberless(error.message)].join(" ");
    const asked = `${answer.method} ${url.pathname} (${version}, ${answer.status})`;
    const { code, message } = error;
    if (!findings.has(key)) findings.set(key, { code, message, where, asked, count: 0 });
    findings.get(key).count += 1;
  }
}

const unused = new Set(reasons);
let unexplained = 0;
for (const finding of findings.values()) {
  const rows = reasons.filter((row) => matches(finding, row));
  rows.forEach((row) => unused.delete(row));
  if (rows.length > 0) continue;
  unexplained += 1;
  const { code, asked, where, message, count } = finding;
  console.log(`${code}: ${asked}, ${where || "the whole"}: ${message} (${count} times)`);
}
for (const { member, where } of unused) {
  console.log(`findings.json lists what was not found: ${member}, ${where}`);
}
console.log(`oav: ${checked} answers checked, ${findings.size} kinds of findings, ${unexplained} `
  + `without a reason; ${unspecified} answers have no specification`);
process.exitCode = unexplained > 0 || unused.size > 0 ? 1 : 0;
