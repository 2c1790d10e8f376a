// The details of an instance: a card for each side of it.

import { get, post } from "/api.js";
import { ICONS, VERBS, forbidden, obstacle, send } from "/bulk.js";
import { stateBadge } from "/columns.js";
import { ask, attempt, backLink, copyLine, failureBox, failureOf, loading, openForm }
  from "/dialog.js";
import { button, checkbox, external, fill, h, icon, iconButton } from "/dom.js";
import { check, field, idleChoice, serviceFields, tagFields } from "/forms.js";
import { ago, application, exact, hourPrice, minutes, money, sizeName, upcoming,
  words } from "/format.js";
import { lazyCards } from "/runs.js";
import { MOST, firings, newSchedule } from "/schedules.js";
import { state, subscribe } from "/store.js";
import { T } from "/texts.js";

const D = T.details;

// -- Parts

function card(name, title, body, actions) {
  return h("section.card", { data: { card: name }, "aria-label": title },
    h("header", h("h2.grow", title), actions), body);
}

// Terms and values; rows without a value are left out.
function facts(rows) {
  return h("dl.facts", rows.filter(([, value]) => value || value === 0).map(([label, value]) =>
    [h("dt", label), h("dd", value)]));
}

const onOff = (value) => value !== undefined && (value ? T.on : T.off);
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// A button that opens a form; disabled, with the reason, where the user may not change it.
function editButton(label, right, onclick, mark = "edit") {
  const reason = forbidden(right);
  return iconButton(label, mark, onclick, { disabled: Boolean(reason), title: reason || label });
}

function addButton(right, onclick, properties) {
  const reason = forbidden(right);
  return button(T.add, onclick, "ghost small", "plus", { disabled: Boolean(reason), title: reason,
    ...properties });
}

// The ARM id of a subnet in two words.
function subnetText(id) {
  const found = /\/virtualNetworks\/([^/]+)\/subnets\/([^/]+)$/i.exec(id || "");
  return found ? h("span", { title: id }, `${found[1]} / ${found[2]}`) : id;
}

function identityText(identity) {
  return identity && [identity.system_assigned && D.systemAssigned,
    ...identity.user_assigned.map((id) => id.split("/").pop())].filter(Boolean).join(", ");
}

// -- Cards

async function resize(row) {
  const select = h("select", { disabled: true });
  openForm({ title: D.editSize, confirm: T.save, body: field(T.columns.size, select, D.sizeHelp),
    submit: () => post("resize", { name: row.name, size: select.value, stop: true }) });
  const { sizes } = await get("sizes");
  fill(select, sizes.filter((size) => size.instances_left !== 0).map((size) =>
    h("option", { value: size.name, selected: size.name.toLowerCase() === row.size.toLowerCase() },
      `${sizeName(size.name)}: ${D.sizeText(size)}, ${hourPrice(size)}`)));
  select.disabled = false;
}

function propertiesCard({ row, facts: own, size, identity }, change) {
  const operation = row.operation;
  return card("properties", D.properties, facts([
    [T.columns.size, [h("b", row.size), " ", editButton(D.editSize, "resize", () => resize(row)),
      h("div.faint", D.sizeText(size))]],
    [D.region, own.location],
    [T.columns.created, [exact(own.created_on), h("span.faint", " ", D.by, " ",
      row.is_created_by_me ? T.you : own.created_by_name || own.created_by)]],
    [T.columns.assigned, own.assigned_to],
    [T.columns.operation, operation && [T.operation(operation.name, words(operation.status)),
      h("span.faint", ` ${ago(operation.time)} (${operation.trigger})`)]],
    [D.image, own.image_version && [own.image_version, " ", own.is_latest_image === false
      && h("span.chip.warn", D.newerImage(own.latest_image_version))]],
    [D.publicIp, own.public_ip_address], [D.privateIp, own.private_ip_address],
    [D.subnet, subnetText(own.subnet)],
    [D.noPublicIp, own.enable_node_public_ip === false && T.yes],
    [D.identity, identityText(identity)],
    [D.ssh, onOff(own.ssh_public_access)],
    [D.key, own.ssh_public_access && (own.has_key ? D.keyPresent : D.keyHidden)],
    [D.sharing, own.application_sharing_policy],
    [D.localAuth, onOff(own.disable_local_auth === undefined ? undefined
      : !own.disable_local_auth)],
    [D.root, onOff(own.enable_root_access)],
    [D.patching, onOff(own.enable_os_patching)],
    [D.releaseQuota, onOff(own.release_quota_on_stop)],
    [D.sso, [onOff(own.enable_sso), " ", row.is_usable && editButton(D.editSso, "enable_sso",
      () => {
        let isOn = own.enable_sso;
        change(D.editSso, check(D.ssoText, null, (value) => {
          isOn = value;
        }, isOn), () => ({ enable_sso: isOn }));
      })]],
    [D.description, own.description],
    [D.id, copyLine(own.id)],
  ]));
}

function applicationsCard({ row, services }, change, reload) {
  const links = row.applications.map((item) => h("li", external(item.url, icon("link"), " ",
    application(item.name))));
  async function remove(service) {
    const isSure = await ask({ title: D.removeService(service), body: D.removeServiceText,
      confirm: T.remove, isDangerous: true });
    if (!isSure) return;
    await attempt(T.failed.update, () => post("services", { name: row.name, remove: service }));
    reload();
  }
  function add() {
    const fields = serviceFields();
    openForm({ title: D.addService, confirm: T.add, body: fields.element, submit: async () => {
      await post("services", { name: row.name, add: fields.value() });
      reload();
    } });
  }
  const own = services.map((service) => h("li", h("span.grow", service.name,
    h("div.faint", service.image, service.endpoints.map((endpoint) =>
      ` · ${endpoint.published} → ${endpoint.target}`))),
  editButton(T.remove, "create", () => remove(service.name), "trash")));
  const reason = row.tone !== "running" ? D.notRunning : row.is_usable ? T.none : T.notUsable;
  return card("applications", D.applications, [
    h("ul.rows", links.length ? links : h("li.faint", reason)),
    own.length > 0 && [h("h3", D.services), h("ul.rows", own)],
  ], addButton("create", add));
}

function connectCard({ row, ssh, facts: own }) {
  return card("connect", D.connect, h("div.stack", !ssh.enabled ? h("p.faint", D.sshOff) : [
    ssh.command ? [h("span.label", D.sshCommand), copyLine(ssh.command), h("small", D.sshKeyText),
      h("span.label", D.scpCommand), copyLine(`scp -P ${ssh.port} FILE ${ssh.user}@${ssh.host}:`),
      !own.public_ip_address && h("small", D.privateText)] : h("p.faint", D.noAddress),
    h("span.label", D.ownCommand), copyLine(`azureml ssh ${row.name}`)]));
}

function schedulesCard({ row, schedules }, change, reload) {
  const name = row.name;
  const isFixed = Boolean(forbidden("update_schedules"));
  const kept = schedules.map((item, index) => ({ position: index + 1, words: item.words }));
  const replaced = (index, value) => kept.map((each, place) => (place === index ? value : each));
  const replace = (items) => post("schedules", { name, schedules: items });

  async function set(items) {
    await attempt(T.failed.update, () => replace(items));
    reload();
  }
  function open(title, form, items) {
    openForm({ title, confirm: T.save, body: form.body, submit: async () => {
      await replace(items(form.text()));
      reload();
    } });
  }
  const add = () => open(D.addSchedule, newSchedule("stop"), (text) => [...kept, text]);
  function line(item, index) {
    const isOn = item.status !== "disabled";
    const edit = () => open(D.editSchedule, newSchedule(item.action || "stop", item), (text) =>
      replaced(index, text));
    return h("li.schedule", checkbox(isOn, (value) => set(replaced(index, { ...kept[index],
      status: value ? "enabled" : "disabled" })), { role: "switch",
      "aria-label": item.words, disabled: isFixed || item.is_unknown }),
    h("div.grow", h("p", { class: isOn ? "" : "faint" }, sentence(item.words)), firings(item)),
    editButton(T.edit, "update_schedules", edit),
    editButton(T.remove, "update_schedules", () => set(kept.filter((_, place) =>
      place !== index)), "trash"));
  }
  async function skip() {
    await attempt(T.failed.update, () => post("skip", { name }));
    reload();
  }
  function editIdle() {
    const choice = idleChoice(row.idle_minutes);
    change(D.editIdle, field(D.idle, choice.element, D.idleText), () =>
      ({ idle_time_before_shutdown: choice.value() }));
  }
  return card("schedules", D.schedules, [
    h("ul.rows", schedules.length ? schedules.map(line) : h("li.faint", D.noSchedules)),
    facts([[D.idle, [row.idle_minutes ? minutes(row.idle_minutes) : D.noIdle, " ",
      editButton(D.editIdle, "update_idle_time", editIdle)]]]),
    row.next_stop && !isFixed && button(D.skip(upcoming(row.next_stop)), skip, "small"),
  ], schedules.length < MOST && addButton("update_schedules", add, {
    data: { action: "add-schedule" } }));
}

function costCard({ row, cost }) {
  const amount = (value) => money(value, cost.currency);
  return card("cost", D.cost, cost.fault ? h("p.faint", cost.fault) : [facts([
    [D.anHour, h("b", row.price ? hourPrice(row) : "–")],
    [D.billed, cost.is_billed ? T.yes : T.no],
    [D.sinceStart, cost.amount !== undefined && cost.running_since && [amount(cost.amount),
      h("span.faint", " ", D.since(exact(cost.running_since)))]],
    [D.month, cost.month !== undefined ? [amount(cost.month), h("span.faint", " ",
      D.hours(Math.round(cost.month_hours)))] : cost.month_fault],
  ]), h("small.faint", cost.note)]);
}

function tagsCard({ row }, change) {
  const names = Object.keys(row.tags).sort();
  return card("tags", T.columns.tags, names.length ? facts(names.map((name) =>
    [name, row.tags[name] || " "])) : h("p.faint", T.none), editButton(D.editTags, "create", () => {
    const fields = tagFields(row.tags);
    change(D.editTags, [fields.element, h("small.faint", D.tagsText)], () =>
      ({ tags: fields.value() }));
  }));
}

// A card of lines, if there are any.
function listCard(name, title, items, line) {
  return items.length > 0 && card(name, title, h("ul.rows", items.map((item) => h("li",
    line(item)))));
}

function scriptsCard({ scripts }) {
  return scripts.length > 0 && card("scripts", D.scripts, scripts.map((script) =>
    [h("h3", D.scriptKinds[script.kind]), facts([
      [D.script, script.path || script.url || D.inline], [D.arguments, script.arguments],
      [D.timeout, script.timeout]])]));
}

const mountsCard = ({ mounts }) => listCard("mounts", D.mounts, mounts, (mount) => h("div.grow",
  h("b", mount.name), " ", h("span.faint", mount.state),
  h("div.faint", `${mount.source} → ${mount.path}`), mount.error && h("p.bad", mount.error)));

const adviceCard = ({ advice }) => listCard("advice", D.advice, advice, (item) => h("div.grow",
  h("p", sentence(item.text)), h("small.faint", item.next)));

const eventsCard = ({ events }) => listCard("events", D.events, events.slice(0, 20), (event) =>
  [h("span.grow", event.was ? words(event.was) + " → " : D.appeared, event.state
    ? words(event.state) : T.did.delete), h("span.faint", { title: exact(event.time) },
    ago(event.time))]);

const CARDS = [propertiesCard, applicationsCard, connectCard, schedulesCard, costCard, tagsCard,
  scriptsCard, mountsCard, adviceCard, eventsCard];

// -- The view

function header(name, row, reload) {
  const buttons = row && VERBS.map((verb) => {
    const reason = obstacle(verb, [row]);
    return button(T.verbs[verb], async () => {
      const isSent = await attempt(T.failed[verb], () => send(verb, [name]));
      if (isSent && verb === "delete") location.hash = "#/";
    }, "", ICONS[verb], { data: { verb }, disabled: reason !== undefined,
      title: !reason || reason === T.verbHelp[verb] ? T.verbs[verb] : reason });
  });
  return h("header.heading", backLink(), h("h1", name), row && stateBadge(row), h("span.grow"),
  row && h("div.verbs.plain", buttons, iconButton(T.refresh, "refresh", reload)));
}

export function detailsView(name) {
  const element = h("div.view.details", loading());
  const lazy = lazyCards(name);
  const rowText = () => JSON.stringify(state.rows.get(name));
  let [shown, seen, turn] = [null, "", 0];
  const head = () => header(name, state.rows.get(name) || shown.row, load);

  // Open a form that changes fields.
  function change(title, body, settings) {
    openForm({ title, confirm: T.save, body, submit: async () => {
      await post("update", { name, settings: settings() });
      load();
    } });
  }

  async function load() {
    const own = ++turn;
    seen = rowText();
    try {
      const loaded = await get("instance", { name });
      if (own !== turn) return;
      shown = loaded;
      fill(element, head(), shown.row.problems.map(failureBox), h("div.cards", CARDS.map((make) =>
        make(shown, change, load))), lazy);
    } catch (error) {
      if (own === turn) fill(element, header(name), failureOf(error));
    }
  }

  // A change of the row means that the details have changed, too.
  function follow() {
    if (rowText() === seen) return;
    if (!document.querySelector("dialog[open]")) load();
    else if (shown) element.replaceChild(head(), element.firstChild);
  }

  const stop = subscribe(follow);
  load();
  return { element, leave() {
    turn++;
    stop();
  } };
}
