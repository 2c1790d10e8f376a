// The state that all views share: the rows, the operations, and whether the page is live.

import { get } from "/api.js";

export const state = {
  facts: null, rows: new Map(), operations: new Map(), trouble: null, version: -1,
  isLive: false, lost: null,      // why the page is not live
};

const listeners = new Set();
let isQueued = false;

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Tell the listeners once for all changes of the same moment.
export function changed() {
  if (isQueued) return;
  isQueued = true;
  queueMicrotask(() => {
    isQueued = false;
    for (const listener of [...listeners]) listener();
  });
}

function byName(rows) {
  return new Map(rows.map((row) => [row.name, row]));
}

let loading = null;
const waiting = [];      // events that came while the state was loaded

async function loadOnce() {
  const loaded = await get("state");
  Object.assign(state, {
    facts: loaded.facts, rows: byName(loaded.rows), trouble: loaded.trouble,
    operations: new Map(loaded.operations.map((item) => [item.id, item])),
    version: loaded.version, isLive: true, lost: null,
  });
}

export async function load() {
  if (loading) return loading;
  loading = loadOnce();
  try {
    await loading;
  } catch (error) {
    state.isLive = false;
    state.lost = error.failure;
  } finally {
    loading = null;
  }
  for (const message of waiting.splice(0)) receive(message);
  changed();
}

const receivers = {
  rows(data) {
    for (const row of data.changed) state.rows.set(row.name, row);
    for (const name of data.gone) state.rows.delete(name);
  },
  operation(item) { state.operations.set(item.id, item); },
  dismissed(data) { state.operations.delete(data.id); },
  trouble(data) { state.trouble = data.trouble; },
};

// Events are numbered without gaps. After a gap the state is loaded again.
function receive(message) {
  if (message.kind === "online") return state.lost && load();
  if (message.kind === "offline") {
    state.isLive = false;
    state.lost = state.lost || { code: "NoConnection" };
    return changed();
  }
  if (loading) return waiting.push(message);
  if (message.kind === "reload") {
    if (message.version !== state.version || state.lost) load();
    return;
  }
  if (message.version <= state.version) return;
  if (message.version !== state.version + 1) return load();
  receivers[message.kind](message.data);
  state.version = message.version;
  changed();
}

function policyUrl(url) {
  if (!window.trustedTypes) return url;
  const policy = trustedTypes.createPolicy("studio", {
    createScriptURL(asked) {
      if (asked === "/worker.js") return asked;
      throw new TypeError(asked);
    },
  });
  return policy.createScriptURL(url);
}

// Return the port of the worker. A browser without shared workers runs it in the page.
async function portOfWorker() {
  if (window.SharedWorker) {
    return new SharedWorker(policyUrl("/worker.js"), { type: "module" }).port;
  }
  await import("/worker.js");
  const channel = new MessageChannel();
  onconnect({ ports: [channel.port2] });
  return channel.port1;
}

export async function listen() {
  const port = await portOfWorker();
  port.onmessage = (event) => receive(event.data);
  addEventListener("pagehide", () => port.postMessage("bye"));
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

// Keep a setting in this browser.
export function keep(name, value) {
  try {
    localStorage.setItem("azureml." + name, JSON.stringify(value));
  } catch { /* a browser may forbid it: the setting lasts as long as the page */ }
}

export function kept(name, otherwise) {
  try {
    const text = localStorage.getItem("azureml." + name);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}
