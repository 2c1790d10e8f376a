// What runs on an instance: jobs, logs, the load; and why it is in its state. The service is asked
// when the user opens a part.

import { get, post } from "/api.js";
import { attempt, failureOf, openForm } from "/dialog.js";
import { button, fill, h, icon, iconButton } from "/dom.js";
import { ago, bytes, minutes, words } from "/format.js";
import { recipeTabs } from "/recipe.js";
import { state } from "/store.js";
import { T } from "/texts.js";

const D = T.details;

function jobLine(job, reload) {
  return h("li", h("div.grow", h("b", job.title), " ", h("span.faint", words(job.status)),
    h("div.faint", job.command && h("code", job.command), " ", ago(job.created_on))),
  button(D.jobLogs, () => showLogs({ job: job.name }), "ghost small"),
  !job.is_over && iconButton(D.cancelJob, "close", async () => {
    await attempt(T.failed.update, () => post("cancel", { job: job.name }));
    reload();
  }, { disabled: state.facts.is_read_only }));
}

async function jobs(name, box) {
  const found = await get("jobs", { name });
  const reload = async () => fill(box, await jobs(name, box));
  const list = (rows) => h("ul.rows", rows.map((job) => jobLine(job, reload)));
  const active = [...found.running, ...found.waiting];
  return [found.slots && h("p.faint", D.slots(found.running.length, found.slots)),
    active.length ? list(active) : h("p.faint", D.noJobs),
    found.ended.length > 0 && [h("h3", D.ended), list(found.ended)]];
}

// Show the logs of a job in a dialog.
function showLogs(source) {
  const box = h("div");
  openForm({ title: D.jobLogs, body: box, isWide: true });
  logs(source).then((content) => fill(box, content), (error) => fill(box, failureOf(error)));
}

async function logs(source) {
  const found = (await get("logs", source)).logs;
  if (found.length === 0) return h("p.faint", D.noLogs);
  const text = h("pre", { tabIndex: 0, hidden: true });
  async function read(log) {
    const answer = await attempt(log, () => get("log", { ...source, log }));
    text.hidden = !answer;
    text.textContent = answer ? answer.text : "";
    text.scrollTop = text.scrollHeight;
  }
  return [h("ul.rows", found.map((log) => h("li", h("span.grow", log.name), h("span.faint",
    log.size !== undefined && bytes(log.size), " ", log.modified && ago(log.modified)),
  button(D.showLog, () => read(log.name), "ghost small")))), h("div.code", text)];
}

function meter(label, used, size) {
  return [h("dt", label), h("dd", h("meter", { max: size, value: used, high: size * 0.9 }), " ",
    D.usedOf(bytes(used), bytes(size)))];
}

async function load(name) {
  const found = await get("metrics", { name });
  return [h("dl.facts", h("dt", D.load), h("dd", D.loadOf(found.load, found.cores)),
    meter(D.memory, found.memory.used, found.memory.size),
    found.disks.map((disk) => meter(disk.mount, disk.used, disk.size)),
    found.gpus.map((gpu) => [h("dt", gpu.name), h("dd", `${gpu.used_percent} %`)]),
    h("dt", D.uptime), h("dd", minutes(Math.round(found.uptime / 60)))),
  found.notes.map((note) => h("p.faint", note))];
}

async function why(name) {
  const found = await get("why", { name });
  return [h("ul.rows", found.causes.map((cause) => h("li", h("div.grow", h("b", cause.about),
    h("p", cause.text), cause.next.map((step) => h("p.faint", "→ ", step)))))),
  found.causes.length === 0 && h("p.faint", D.noCause),
  found.unseen.map((text) => h("p.faint", D.unseen(text)))];
}

function lazyCard(name, title, read) {
  const body = h("div.lazy");
  const box = h("details.card", { data: { card: name }, ontoggle: async () => {
    if (!box.open) return;
    fill(body, h("span.spinner"));
    fill(body, await read(body).catch(failureOf));
  } }, h("summary", icon("next"), h("h2", title)), body);
  return box;
}

// The cards of an instance that are closed at first.
export function lazyCards(name) {
  return [
    lazyCard("jobs", D.jobs, (box) => jobs(name, box)),
    lazyCard("logs", D.logs, () => logs({ name })),
    lazyCard("load", D.load, () => load(name)),
    lazyCard("why", D.why, () => why(name)),
    lazyCard("recipe", T.recipe.title, async () => recipeTabs(await get("recipe", { name }))),
  ];
}
