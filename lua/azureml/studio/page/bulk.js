// The verbs for the ticked instances: when each may be used, and sending it.

import { post } from "/api.js";
import { announce, ask } from "/dialog.js";
import { h } from "/dom.js";
import { state } from "/store.js";
import { T } from "/texts.js";

export const VERBS = ["start", "stop", "restart", "delete"];
export const ICONS = { start: "play", stop: "stop", restart: "restart", delete: "trash" };

// Source: spec/contract/studio.md, section 2.1.
const FITS = {
  start: (row) => row.state === "Stopped",
  stop: (row) => row.tone === "running",
  restart: (row) => row.tone === "running" || row.state === "Unusable",
  delete: (row) => row.tone !== "moving",
};

// Return why the user may not use a verb; undefined when the user may.
export function forbidden(verb) {
  const lacking = state.facts.missing_rights[verb];
  return state.facts.is_read_only ? T.readOnlyWhy : lacking && T.noRight(lacking);
}

// Return why a verb cannot be sent to rows; undefined when it can.
export function obstacle(verb, rows) {
  const reason = forbidden(verb);
  if (reason) return reason;
  if (rows.length === 0) return T.tickFirst;
  return rows.every(FITS[verb]) ? undefined : T.verbHelp[verb];
}

// A stop, a restart and a delete end what runs there.
async function jobsThatEnd(verb, names) {
  return verb === "start" ? [] : (await post("ending", { names })).jobs;
}

async function isConfirmed(verb, names) {
  const jobs = await jobsThatEnd(verb, names);
  if (verb !== "delete" && jobs.length === 0) return true;
  return ask({
    title: T.ask[verb](names), confirm: T.verbs[verb], isDangerous: true,
    body: [verb === "delete" && h("p", T.deleteText), h("ul.names", names.map((name) =>
      h("li", name))), jobs.length > 0 && [h("p", T.endsJobs), h("ul.names", jobs.map((job) =>
      h("li", job)))]],
  });
}

// Send a verb. Return whether it was sent.
export async function send(verb, names) {
  if (!await isConfirmed(verb, names)) return false;
  await post("verb", { verb, names });
  announce(T.announce(T.doing[verb], names));
  return true;
}
