// Runs each file of tests beside this one against an emulator of its own, which it begins and ends.    node start.mjs EXECUTABLE [FILE...]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { seed } from "./seed.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const SEED = join(here, "seed.json");
const [executable, ...chosen] = process.argv.slice(2);

// Where it listens is its one line of output; where the certificate of its authority lies, and each request, it says to people.
async function begin() {
  const emulator = spawn(executable, ["emulator", "--tls", "--port", "0", "--seed", SEED], { stdio: ["ignore", "pipe", "pipe"] });
  process.once("exit", () => emulator.kill());
  const begun = { emulator, said: "" };
  emulator.stderr.on("data", (text) => { begun.said += text; });
  const died = once(emulator, "close").then(() => { throw new Error(`the emulator did not start:\n${begun.said}`); });
  [begun.url] = await Promise.race([once(createInterface(emulator.stdout), "line"), died]);
  died.catch(() => {});
  begun.banner = begun.said;
  begun.authority = begun.said.match(/NODE_EXTRA_CA_CERTS=(\S+)/)[1];
  return begun;
}

async function run(file) {
  const { emulator, url, banner, authority } = await begin();
  const tests = spawn(process.execPath, ["--test", "--test-reporter=spec", join(here, file)], {
    stdio: "inherit", env: { ...process.env, EMULATOR: url, BANNER: banner, NODE_EXTRA_CA_CERTS: authority },
  });
  const [code] = await once(tests, "exit");
  emulator.kill("SIGINT");
  const [end] = await once(emulator, "close");
  if (end !== 130) throw new Error(`the emulator ended with ${end}, not as one does that is interrupted`);
  return code === 0;
}

writeFileSync(SEED, JSON.stringify(seed()));
const files = chosen.length > 0 ? chosen : readdirSync(here).filter((name) => name.endsWith(".test.mjs"));
let passed = true;
for (const file of files) passed = await run(file) && passed;
process.exitCode = passed ? 0 : 1;
