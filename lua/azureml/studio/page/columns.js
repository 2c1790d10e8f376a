// What the columns of the list show, and what they sort by.

import { external, h } from "/dom.js";
import { ago, application, exact, hourPrice, minutes, orDash, sizeName, upcoming, words }
  from "/format.js";
import { T } from "/texts.js";

export const tagTexts = (row) => Object.entries(row.tags).map(([name, value]) =>
  `${name}: ${value}`);

const MOST_APPLICATIONS = 3;

function nameCell(row) {
  return h("a.name", { href: "#/i/" + encodeURIComponent(row.name) }, row.name);
}

export function stateBadge(row) {
  const problem = row.problems[0];
  return h("span", { class: "state " + row.tone, title: problem
    ? `${problem.code}: ${problem.message}` : row.is_forgotten ? T.forgottenWhy : "" },
  row.tone === "moving" ? h("span.spinner") : h("i"), words(row.state),
  row.is_forgotten && h("span.flag", T.tiles.forgotten));
}

function applicationLinks(row) {
  const links = row.applications.slice(0, MOST_APPLICATIONS).map((item) =>
    external(item.url, application(item.name)));
  const rest = row.applications.slice(MOST_APPLICATIONS).map((item) => application(item.name));
  if (rest.length > 0) {
    links.push(h("a", { href: "#/i/" + encodeURIComponent(row.name),
      title: T.moreApplications(rest) }, "…"));
  }
  return links.length > 0 ? h("span.links", links)
    : h("span.faint", { title: row.is_usable ? "" : T.notUsable }, "–");
}

function nextCell(row) {
  const [start, stop] = [row.next_start, row.next_stop];
  if (!start && !stop) return orDash();
  const isStart = start && (!stop || start < stop);
  const time = isStart ? start : stop;
  return h("span", { title: exact(time) }, h("span.faint",
    isStart ? T.willStart : T.willStop, " "), upcoming(time));
}

function operationCell(row) {
  const operation = row.operation;
  if (!operation) return orDash();
  const isFailed = /Failed$/.test(operation.status || "");
  return h("span", { title: exact(operation.time) },
    h("span", { class: isFailed ? "bad" : "" }, T.operation(operation.name,
      words(operation.status || ""))), " ", h("span.faint", [T.triggers[operation.trigger],
      ago(operation.time)].filter(Boolean).join(", ")));
}

function tagsCell(row) {
  const names = Object.keys(row.tags).sort();
  if (names.length === 0) return orDash();
  return h("span.chips", names.map((name) =>
    h("span.chip", { title: `${name}: ${row.tags[name]}` },
      h("span.faint", name + " "), row.tags[name])));
}

const nextOf = (row) => [row.next_start, row.next_stop].filter(Boolean).sort()[0] || "~";

// key: what the column sorts by. Rows without a value come last.
const plain = (field, show = orDash) => ({ cell: (row) => show(row[field]),
  key: (row) => row[field] || "~" });
const number = (field, show = orDash) => ({ cell: (row) => show(row[field] || undefined),
  key: (row) => row[field] || 0, isNumber: true });
const since = (time) => h("span", { title: exact(time) }, ago(time));

export const COLUMNS = {
  name: { cell: nameCell, key: (row) => row.name.toLowerCase(), isFixed: true },
  state: { cell: stateBadge, key: (row) => row.state },
  applications: { cell: applicationLinks, key: (row) => -row.applications.length },
  size: plain("size", sizeName),
  vcpus: number("vcpus"),
  gpus: number("gpus"),
  memory: number("memory_gb", (amount) => (amount ? T.memory(amount) : "–")),
  price: { ...number("price"), cell: (row) => h("span", { title: T.perHour,
    class: row.is_billed ? "" : "faint" }, row.price ? T.anHour(hourPrice(row)) : "–") },
  idle: { ...plain("idle_minutes", minutes), key: (row) => row.idle_minutes || 1e9 },
  next: { cell: nextCell, key: nextOf },
  operation: { cell: operationCell, key: (row) => (row.operation && row.operation.time) || "" },
  created: plain("created_on", since),
  creator: { cell: (row) => (row.is_created_by_me ? T.you : orDash(row.created_by)),
    key: (row) => (row.is_created_by_me ? "" : row.created_by || "~") },
  assigned: plain("assigned_to"),
  ssh: plain("ssh"),
  ip: plain("ip"),
  tags: { cell: tagsCell, key: (row) => tagTexts(row).sort().join() || "~" },
};

