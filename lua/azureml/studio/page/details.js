// The details of an instance: a card for each side of it.

import { get, post } from "/api.js";
import { ICONS, VERBS, forbidden, obstacle, send } from "/bulk.js";
import { ask, attempt, copyLine, failureBox, failureOf, openForm } from "/dialog.js";
import { button, external, fill, h, icon, iconButton } from "/dom.js";
import * as format from "/format.js";
import { stateBadge } from "/list.js";
import { recipeTabs } from "/recipe.js";
import { MOST, field, firings, newSchedule } from "/schedules.js";
import { state, subscribe } from "/store.js";
import { T } from "/texts.js";

const D = T.details;

// -- Parts

function card(title, body, { actions, isWide, name } = {}) {
  return h("section", { class: isWide ? "card wide" : "card", data: { card: name || title },
    "aria-label": title }, h("header", h("h2", title), h("span.grow"), actions),
  body);
}

// Terms and values; rows without a value are left out.
function facts(rows) {
  return h("dl.facts", rows.filter(([, value]) => value !== undefined && value !== null
    && value !== "" && value !== false).map(([label, value]) => [h("dt", label),
    h("dd", value)]));
}

const onOff = (value) => (value === undefined ? undefined : value ? T.on : T.off);

function editButton(label, right, onclick) {
  const reason = forbidden(right);
  return iconButton(label, "edit", { class: "ghost square small", disabled: Boolean(reason),
    title: reason || label, onclick });
}

// The ARM id of a subnet in two words.
function subnetText(id) {
  const found = /\/virtualNetworks\/([^/]+)\/subnets\/([^/]+)$/i.exec(id || "");
  return found ? h("span", { title: id }, `${found[1]} / ${found[2]}`) : id;
}

function identityText(identity) {
  if (!identity) return undefined;
  return [identity.system_assigned && D.systemAssigned,
    ...identity.user_assigned.map((id) => id.split("/").pop())].filter(Boolean).join(", ");
}

function imageText(shown) {
  if (!shown.image_version) return undefined;
  return shown.is_latest_image === false
    ? [shown.image_version, " ", h("span.chip.warn",
      D.newerImage(shown.latest_image_version))] : shown.image_version;
}

// -- Cards

function propertiesCard({ row, facts: shown, size, identity }, reload) {
  const person = row.is_created_by_me ? T.you : shown.created_by_name || shown.created_by;
  return card(D.properties, facts([
    [T.columns.size, [h("b", row.size), h("div.faint", D.sizeText(size))]],
    [D.region, shown.location],
    [T.columns.created, [format.exact(shown.created_on), h("span.faint", " ", D.by, " ",
      person)]],
    [T.columns.assigned, shown.assigned_to],
    [T.columns.operation, row.operation && [T.operation(row.operation.name,
      row.operation.status || ""), h("span.faint", " ", format.ago(row.operation.time),
      row.operation.trigger && ` (${row.operation.trigger})`)]],
    [D.image, imageText(shown)],
    [D.publicIp, shown.public_ip_address], [D.privateIp, shown.private_ip_address],
    [D.subnet, subnetText(shown.subnet)],
    [D.noPublicIp, shown.enable_node_public_ip === false && T.yes],
    [D.identity, identityText(identity)],
    [D.ssh, onOff(shown.ssh_public_access)],
    [D.key, shown.ssh_public_access ? (shown.has_key ? D.keyPresent : D.keyHidden) : undefined],
    [D.sharing, shown.application_sharing_policy],
    [D.localAuth, shown.disable_local_auth === undefined ? undefined
      : onOff(!shown.disable_local_auth)],
    [D.root, onOff(shown.enable_root_access)],
    [D.patching, onOff(shown.enable_os_patching)],
    [D.releaseQuota, onOff(shown.release_quota_on_stop)],
    [D.sso, [onOff(shown.enable_sso), " ", row.is_usable && editButton(D.editSso, "enable_sso",
      () => editSso(row.name, shown.enable_sso, reload))]],
    [D.description, shown.description],
    [D.id, h("span.id", copyLine(shown.id))],
  ]), { name: "properties" });
}

async function editSso(name, isOn, reload) {
  const box = h("input", { type: "checkbox", checked: isOn });
  openForm({ title: D.editSso, confirm: T.save, body: h("label.check", box, D.ssoText),
    submit: async () => {
      await post("update", { name, settings: { enable_sso: box.checked } });
      reload();
    } });
}

function applicationsCard({ row, services }, reload) {
  const links = row.applications.map((item) => h("li", external(item.url, icon("link"), " ",
    format.application(item.name))));
  const own = services.map((service) => h("li", h("span.grow", service.name,
    h("div.faint", service.image, service.endpoints.map((endpoint) =>
      ` · ${endpoint.published} → ${endpoint.target}`))),
  iconButton(T.remove, "trash", { class: "ghost square small", disabled: state.facts.is_read_only,
    onclick: () => removeService(row.name, service.name, reload) })));
  const why = row.tone !== "running" ? D.notRunning : !row.is_usable ? T.notUsable : T.none;
  return card(D.applications, [
    h("ul.rows", links.length ? links : h("li.faint", why)),
    services.length > 0 && [h("h3", D.services), h("ul.rows", own)],
  ], { name: "applications", actions: button(T.add, { class: "ghost small",
    disabled: state.facts.is_read_only, onclick: () => addService(row.name, reload) }, "plus") });
}

async function removeService(name, service, reload) {
  const isSure = await ask({ title: D.removeService(service), body: D.removeServiceText,
    confirm: T.remove, isDangerous: true });
  if (isSure) await attempt(T.failed.update, () => post("services", { name, remove: service }));
  reload();
}

// The fields of a custom application.
export function serviceFields() {
  const inputs = {
    name: h("input", { required: true, spellcheck: false }),
    image: h("input", { placeholder: "ghcr.io/…/rstudio:latest", spellcheck: false }),
    target: h("input", { type: "number", min: 1026, max: 65534, value: 8787 }),
    published: h("input", { type: "number", min: 1026, max: 65534, value: 8787 }),
    variables: h("textarea", { rows: 2, placeholder: "NAME=value", spellcheck: false }),
    mounts: h("textarea", { rows: 2, spellcheck: false,
      placeholder: "/home/azureuser/cloudfiles:/home/azureuser/cloudfiles" }),
  };
  const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  function value() {
    const variables = Object.fromEntries(lines(inputs.variables.value).map((line) =>
      [line.split("=")[0], line.slice(line.indexOf("=") + 1)]));
    const volumes = lines(inputs.mounts.value).map((line) => {
      const [source, target] = line.split(":");
      return { source, target: target || source };
    });
    return {
      name: inputs.name.value.trim(), image: inputs.image.value.trim(),
      endpoints: [{ target: Number(inputs.target.value),
        published: Number(inputs.published.value) }],
      environment: Object.keys(variables).length ? variables : undefined,
      volumes: volumes.length ? volumes : undefined,
    };
  }
  const element = h("div.form-grid", Object.entries(inputs).map(([name, input]) =>
    field(D.serviceFields[name], input)));
  return { element, value };
}

function addService(name, reload) {
  const fields = serviceFields();
  openForm({ title: D.addService, confirm: T.add, body: fields.element, submit: async () => {
    await post("services", { name, add: fields.value() });
    reload();
  } });
}

const scp = (ssh) => `scp -P ${ssh.port} FILE ${ssh.user}@${ssh.host}:`;

function connectCard({ row, ssh, facts: shown }) {
  if (!ssh.enabled) {
    return card(D.connect, [h("p.faint", D.sshOff)], { name: "connect" });
  }
  return card(D.connect, h("div.stack",
    ssh.command ? [h("span.label", D.sshCommand), copyLine(ssh.command),
      h("small", D.sshKeyText), h("span.label", D.scpCommand),
      copyLine(scp(ssh))] : h("p.faint", D.noAddress),
    !shown.public_ip_address && ssh.command && h("small", D.privateText),
    h("span.label", D.ownCommand), copyLine(`azureml ssh ${row.name}`)),
  { name: "connect" });
}

function schedulesCard({ row, schedules }, reload) {
  const name = row.name;
  const keep = (item, position) => ({ position: position + 1, words: item.words });
  const because = forbidden("update_schedules");
  const isFixed = Boolean(because);

  async function replace(items) {
    await post("schedules", { name, schedules: items });
    reload();
  }
  async function change(items) {
    await attempt(T.failed.update, () => post("schedules", { name, schedules: items }));
    reload();
  }
  function line(item, index) {
    const others = schedules.map(keep);
    const isOn = item.status !== "disabled";
    const box = h("input", { type: "checkbox", role: "switch", checked: isOn,
      "aria-label": D.enabled(item.words), title: because || D.enabled(item.words),
      disabled: isFixed || item.is_unknown,
      onchange: () => change(others.map((each, place) => (place === index
        ? { ...each, status: box.checked ? "enabled" : "disabled" } : each))) });
    return h("li.schedule", box, h("div.grow",
      h("p", { class: isOn ? "" : "faint" }, item.words.charAt(0).toUpperCase()
        + item.words.slice(1)), firings(item)),
    iconButton(T.edit, "edit", { class: "ghost square small", disabled: isFixed,
      onclick: () => edit(item, index) }),
    iconButton(T.remove, "trash", { class: "ghost square small", disabled: isFixed,
      onclick: () => change(others.filter((_, place) => place !== index)) }));
  }
  function add() {
    const form = newSchedule("stop");
    openForm({ title: D.addSchedule, confirm: T.add, body: form.body,
      submit: () => replace([...schedules.map(keep), form.text()]) });
  }
  function edit(item, index) {
    const form = newSchedule(item.action || "stop", item);
    openForm({ title: D.editSchedule, confirm: T.save, body: form.body,
      submit: () => replace(schedules.map((each, place) =>
        (place === index ? form.text() : keep(each, place)))) });
  }
  const addButton = button(T.add, { class: "ghost small", onclick: add, title: because,
    disabled: isFixed || schedules.length >= MOST, data: { action: "add-schedule" } },
  "plus");
  return card(D.schedules, [
    h("ul.rows", schedules.length ? schedules.map(line)
      : h("li.faint", D.noSchedules)),
    facts([[D.idle, [row.idle_minutes ? format.minutes(row.idle_minutes) : D.noIdle, " ",
      editButton(D.editIdle, "update_idle_time", () => editIdle(row, reload))]]]),
  ], { name: "schedules", actions: addButton });
}

// The choice of an idle time. Source: spec/contract/compute-rest.md, section 9.2.
export function idleChoice(minutes) {
  const known = [15, 30, 60, 120, 240, 480, 1440, 4320];
  const all = minutes && !known.includes(minutes) ? [...known, minutes].sort((a, b) => a - b) : known;
  const select = h("select", h("option", { value: "" }, D.noIdle), all.map((number) =>
    h("option", { value: number, selected: number === minutes }, D.afterIdle(
      format.minutes(number)))));
  return { element: select, value: () => (select.value ? select.value + "m" : false) };
}

function editIdle(row, reload) {
  const choice = idleChoice(row.idle_minutes);
  openForm({ title: D.editIdle, confirm: T.save, body: [field(D.idle, choice.element, D.idleText)],
    submit: async () => {
      await post("update", { name: row.name,
        settings: { idle_time_before_shutdown: choice.value() } });
      reload();
    } });
}

function costCard({ row, cost }) {
  const amount = (value) => format.money(value, cost.currency);
  return card(D.cost, cost.fault ? h("p.faint", cost.fault) : [facts([
    [D.anHour, h("b", row.price ? format.price(row) : "–")],
    [D.billed, cost.is_billed ? T.yes : T.no],
    [D.sinceStart, cost.amount !== undefined && cost.running_since && [amount(cost.amount),
      h("span.faint", " ", D.since(format.exact(cost.running_since)))]],
    [D.month, cost.month !== undefined ? [amount(cost.month), h("span.faint", " ",
      D.hours(Math.round(cost.month_hours)))] : cost.month_fault],
  ]), h("small.faint", cost.note)], { name: "cost" });
}

function adviceCard({ advice }) {
  if (advice.length === 0) return null;
  return card(D.advice, h("ul.rows", advice.map((item) => h("li",
    h("div.grow", h("p", item.text.charAt(0).toUpperCase() + item.text.slice(1)),
      h("small.faint", item.next))))), { name: "advice" });
}

function scriptsCard({ scripts, row }) {
  if (scripts.length === 0) return null;
  return card(D.scripts, [scripts.map((script) => [h("h3", D.scriptKinds[script.kind]), facts([
    [D.script, script.path || script.url || D.inline], [D.arguments, script.arguments],
    [D.timeout, script.timeout],
  ])]), h("small.faint", D.scriptLogs(row.name))], { name: "scripts" });
}

function mountsCard({ mounts }) {
  if (mounts.length === 0) return null;
  return card(D.mounts, h("ul.rows", mounts.map((mount) => h("li",
    h("div.grow", h("b", mount.name), " ", h("span.faint", mount.state),
      h("div.faint", `${mount.source} → ${mount.path}`),
      mount.error && h("p.bad", mount.error))))), { name: "mounts" });
}

function tagsCard({ row }, reload) {
  const names = Object.keys(row.tags).sort();
  return card(T.columns.tags, names.length ? facts(names.map((name) => [name, row.tags[name] || " "]))
    : h("p.faint", T.none), { name: "tags",
    actions: editButton(D.editTags, "create", () => editTags(row, reload)) });
}

// Fields for tags: a pair of inputs for each, and an empty one at the end.
export function tagFields(tags) {
  const element = h("div.pairs");
  const pairs = [];
  function add(name, value) {
    const pair = [h("input", { value: name, placeholder: D.tagName, "aria-label": D.tagName,
      oninput: grow }), h("input", { value, placeholder: D.tagValue, "aria-label": D.tagValue,
      oninput: grow })];
    pairs.push(pair);
    element.append(h("div.pair", pair, iconButton(T.remove, "close", {
      class: "ghost square", onclick: (event) => {
        pairs.splice(pairs.indexOf(pair), 1);
        event.currentTarget.parentElement.remove();
        grow();
      } })));
  }
  function grow() {
    const last = pairs[pairs.length - 1];
    if (!last || last[0].value || last[1].value) add("", "");
  }
  for (const name of Object.keys(tags).sort()) add(name, tags[name]);
  grow();
  return { element, value: () => Object.fromEntries(pairs.filter(([name]) => name.value.trim())
    .map(([name, value]) => [name.value.trim(), value.value])) };
}

function editTags(row, reload) {
  const fields = tagFields(row.tags);
  openForm({ title: D.editTags, confirm: T.save, body: [fields.element,
    h("small.faint", D.tagsText)],
  submit: async () => {
    await post("update", { name: row.name, settings: { tags: fields.value() } });
    reload();
  } });
}

// -- Cards that ask the service only when the user opens them

function lazyCard(title, name, load) {
  const body = h("div.lazy");
  const box = h("details.card.wide", { data: { card: name }, ontoggle: async () => {
    if (!box.open || body.firstChild) return;
    fill(body, h("span.spinner"));
    try {
      fill(body, await load());
    } catch (error) {
      fill(body, failureOf(error));
    }
  } }, h("summary", icon("next"), h("h2", title)), body);
  return box;
}

async function loadWhy(name) {
  const why = await get("why", { name });
  return [h("ul.rows", why.causes.map((cause) => h("li", h("div.grow",
    h("b", cause.about), h("p", cause.text),
    cause.next.map((step) => h("p.faint", "→ ", step)))))),
  why.causes.length === 0 && h("p.faint", D.noCause),
  why.unseen.map((text) => h("p.faint", D.unseen(text)))];
}

// -- The view

function problems(row) {
  return row.problems.map((problem) => failureBox({ ...problem, details: [] }));
}

function header(name, shown, reload) {
  const row = state.rows.get(name) || shown.row;
  const buttons = VERBS.map((verb) => {
    const reason = obstacle(verb, [row]);
    return button(T.verbs[verb], { data: { verb }, disabled: reason !== undefined,
      title: reason === undefined || reason === T.verbHelp[verb] ? T.verbs[verb] : reason,
      onclick: async () => {
        const isSent = await attempt(T.failed[verb], () => send(verb, [name]));
        if (isSent && verb === "delete") location.hash = "#/";
      } }, ICONS[verb]);
  });
  return h("header.heading", h("a", { href: "#/", class: "back", "aria-label":
    T.instances, title: T.instances }, icon("back")), h("h1", name), stateBadge(row),
  h("span.grow"), h("div.verbs.plain", buttons,
    iconButton(T.refresh, "refresh", { onclick: reload })));
}

export function detailsView(name) {
  const element = h("div.view.details", h("p.wait",
    h("span.spinner"), T.loading));
  let isLeft = false;
  let shown = null;
  let seen = "";
  let turn = 0;
  const lazy = [lazyCard(D.why, "why", () => loadWhy(name)), lazyCard(T.recipe.title, "recipe",
    async () => recipeTabs(await get("recipe", { name })))];

  function show() {
    const cards = [propertiesCard, applicationsCard, connectCard, schedulesCard, costCard, tagsCard,
      scriptsCard, mountsCard, adviceCard].map((make) => make(shown, load)).filter(Boolean);
    fill(element, header(name, shown, load), problems(shown.row), h("div.cards", cards),
      lazy);
  }

  async function load() {
    const own = ++turn;
    try {
      const loaded = await get("instance", { name });
      if (isLeft || own !== turn) return;
      shown = loaded;
      seen = JSON.stringify(state.rows.get(name));
      show();
    } catch (error) {
      if (isLeft || own !== turn) return;
      fill(element, h("header.heading", h("a", { href: "#/", class: "back",
        "aria-label": T.instances }, icon("back")), h("h1", name)),
      failureOf(error));
    }
  }

  // A change of the row means that the details have changed, too.
  function follow() {
    const text = JSON.stringify(state.rows.get(name));
    if (text === seen) return;
    seen = text;
    if (!document.querySelector("dialog[open]")) load();
    else if (shown) element.replaceChild(header(name, shown, load), element.firstChild);
  }

  const stop = subscribe(follow);
  load();
  return { element, leave() {
    isLeft = true;
    stop();
  } };
}
