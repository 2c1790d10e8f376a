// The wizard for a new instance: steps, a summary beside them, and a review of what would happen.

import { get, post } from "/api.js";
import { backLink, failureOf, loading } from "/dialog.js";
import { button, fill, h, icon, iconButton, newId } from "/dom.js";
import { hourPrice, money, sizeName } from "/format.js";
import { check, field, idleChoice, linesOf, serviceFields, tagFields } from "/forms.js";
import { recipeTabs } from "/recipe.js";
import { MOST, preview, scheduleForm } from "/schedules.js";
import { T } from "/texts.js";

const W = { ...T.details, ...T.wizard };

// -- Parts

function group(label, ...children) {
  return h("fieldset.group", h("legend", label), children);
}

// Radio buttons, each with the fields that belong to it.
function choices(label, texts, parts, onChange) {
  const [name, box] = [newId("choice"), h("div.group")];
  let value = Object.keys(texts)[0];
  const radios = Object.keys(texts).map((key) => h("label", h("input", { type: "radio", name,
    checked: key === value, onchange() {
      value = key;
      fill(box, parts[key]);
      onChange(key);
    } }), texts[key]));
  return { value: () => value, element: group(label, h("div.radios", { role: "radiogroup",
    "aria-label": label }, radios), box) };
}

// A list of cards that the user adds and removes.
function cardList(label, addLabel, make, onChange, properties) {
  const [list, items] = [h("div.step-body"), []];
  function add() {
    const item = make(items.length);
    items.push(item);
    const box = h("div.card", h("header", h("h2.grow", label), iconButton(T.remove, "trash", () => {
      items.splice(items.indexOf(item), 1);
      box.remove();
      onChange();
    })), item.element);
    list.append(box);
    onChange();
  }
  const control = button(addLabel, add, "", "plus", properties);
  return { items, control, element: [list, h("div", control)] };
}

// -- Basics: name and size

// Sizes that suit most people, by the beginnings of their families' names.
const RECOMMENDED = /^standard_(ds([23]|1[12])_v2|(d[248]s|e4s|nc6s|nc4as_t4)_v3|f4s_v2)$/i;

function categoryOf(size) {
  if (size.gpus > 0) return "gpu";
  const ratio = size.memory_gb / Math.max(1, size.vcpus);
  return ratio > 5 ? "memory" : ratio < 3 ? "compute" : "general";
}

function nameField(draft, onChange) {
  const verdict = h("div.name-state", { role: "status" });
  let turn = 0;
  let timer;
  function show(kind, text) {
    draft.nameState = kind;
    verdict.className = "name-state " + kind;
    input.classList.toggle("is-wrong", kind === "wrong");
    fill(verdict, kind === "asking" ? h("span.spinner")
      : text && icon(kind === "ok" ? "check" : "warn"), text);
    onChange();
  }
  async function ask(name) {
    const own = ++turn;
    try {
      const report = await get("name", { name });
      if (own !== turn) return;
      const fault = report.findings.find((finding) => finding.level === "error");
      show(fault ? "wrong" : "ok", fault ? fault.text : W.nameFree);
    } catch (error) {
      if (own === turn) show("wrong", error.message);
    }
  }
  const input = h("input", { value: draft.name, maxLength: 24, autofocus: true,
    autocomplete: "off", required: true, data: { field: "name" }, oninput() {
      draft.name = input.value.trim();
      clearTimeout(timer);
      turn++;
      if (!draft.name) return show("", "");
      show("asking", W.checking);
      timer = setTimeout(() => ask(draft.name), 250);
    } });
  return field(W.name, input, W.nameHelp, verdict);
}

function sizeRow(size, draft, choose, name) {
  const isFull = size.instances_left !== undefined && size.instances_left < 1;
  const radio = h("input", { type: "radio", name, value: size.name, disabled: isFull,
    checked: draft.size === size, onchange: () => choose(size) });
  return h("tr", { class: draft.size === size ? "is-chosen" : isFull ? "is-full" : "",
    data: { size: size.name } },
  h("td", h("label", { title: size.name }, radio, sizeName(size.name))),
  h("td", W.categories[categoryOf(size)]),
  h("td.number", size.vcpus), h("td.number", size.gpus || "–"),
  h("td.number", W.gb(size.memory_gb)),
  h("td.number", size.disk_gb ? W.gb(size.disk_gb) : "–"),
  h("td", isFull ? h("a", { href: "https://portal.azure.com/#view/Microsoft_Azure_Capacity",
    target: "_blank", rel: "noopener noreferrer", title: W.noQuota }, W.requestQuota)
    : W.coresLeft(size.cores_left)),
  h("td.number", hourPrice(size)));
}

function sizeChooser(draft, onChange) {
  const shown = { kind: "cpu", scope: "recommended", text: "" };
  const [body, name] = [h("tbody"), newId("size")];
  const none = h("p.none", W.noSize);
  function segments(key, texts) {
    const buttons = Object.keys(texts).map((value) => h("button", { type: "button",
      "aria-pressed": String(shown[key] === value), onclick() {
        shown[key] = value;
        buttons.forEach((each, index) => each.setAttribute("aria-pressed",
          String(Object.keys(texts)[index] === value)));
        show();
      } }, texts[value]));
    return h("div.segments", { role: "group" }, buttons);
  }
  function choose(size) {
    draft.size = size;
    show();
    body.querySelector("input:checked").focus();
    onChange();
  }
  function show() {
    const fits = draft.sizes.filter((size) => (size.gpus > 0) === (shown.kind === "gpu")
      && size.name.toLowerCase().includes(shown.text.toLowerCase()));
    const best = fits.filter((size) => RECOMMENDED.test(size.name));
    const list = shown.scope === "recommended" && best.length ? best : fits;
    fill(body, list.map((size) => sizeRow(size, draft, choose, name)));
    none.hidden = list.length > 0;
  }
  const search = h("input", { type: "search", placeholder: W.filterSizes,
    "aria-label": W.filterSizes, oninput() {
      shown.text = search.value.trim().replace(/ /g, "_");
      show();
    } });
  show();
  const C = W.sizeColumns;
  return group(W.size, h("div.size-tools", segments("kind", { cpu: W.cpu, gpu: W.gpu }),
    segments("scope", { recommended: W.recommended, all: W.all }), search),
  h("div.size-list", { tabIndex: -1 }, h("table", h("thead", h("tr",
    Object.keys(C).map((key) => h("th", { scope: "col", class:
      /vcpus|gpus|memory|disk|price/.test(key) ? "number" : "" }, C[key])))), body), none));
}

function basics(draft, onChange) {
  return { element: [nameField(draft, onChange), sizeChooser(draft, onChange)],
    settings: () => ({ vm_size: draft.size && draft.size.name }) };
}

// -- Scheduling

function scheduling(draft, onChange) {
  const idle = idleChoice();
  idle.element.addEventListener("change", onChange);
  const shown = h("div");
  const showPreview = preview(shown);
  const texts = () => list.items.map((form) => form.text());
  function changed() {
    list.control.disabled = list.items.length >= MOST;
    showPreview(texts());
    onChange();
  }
  const list = cardList(W.schedules, W.addSchedule, (count) =>
    scheduleForm(count % 2 ? "start" : "stop", changed), changed,
  { data: { action: "add-schedule" }, title: W.mostSchedules });
  let isStopped = false;
  const stopped = check(W.stopAfter, null, (isOn) => {
    isStopped = isOn;
    onChange();
  });
  return { element: [group(W.idle, field(T.details.idle, idle.element, W.idleText)),
    group(W.schedules, list.element, shown), group(W.state, stopped)],
  settings: () => ({ idle_time_before_shutdown: idle.value() || undefined,
    schedules: list.items.length ? texts() : undefined,
    state: isStopped ? "Stopped" : undefined }) };
}

// -- Security

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function input(onChange, properties = {}) {
  return h("input", { oninput: onChange, ...properties });
}

function personPart(onChange) {
  const [mail, tenant] = [input(onChange, { placeholder: "ann@example.org" }), input(onChange)];
  const box = h("div.form-grid", { hidden: true }, field(W.mail, mail),
    field(W.tenant, tenant, W.tenantHelp));
  let isOn = false;
  const element = group(W.person, check(W.forOther, null, (value) => {
    isOn = value;
    box.hidden = !value;
    onChange();
  }), box);
  const settings = () => {
    if (!isOn) return {};
    const text = mail.value.trim();
    if (!GUID.test(text)) return { assigned_user: text };
    return { assigned_user_object_id: text, assigned_user_tenant_id: tenant.value.trim() };
  };
  return { element, settings };
}

function identityPart(onChange) {
  const ids = h("textarea", { rows: 2, oninput: onChange });
  const choice = choices(W.identity, W.identities, { user: field(W.identityIds, ids) }, onChange);
  const lists = { none: () => undefined, system: () => "SystemAssigned",
    user: () => linesOf(ids.value) };
  return { element: choice.element, settings: () => ({ identity: lists[choice.value()]() }) };
}

function sshPart(draft, onChange) {
  const [own, stored] = [h("textarea", { rows: 3, oninput: onChange,
    placeholder: "ssh-rsa AAAA…" }), input(onChange, { placeholder: "/subscriptions/…" })];
  const box = h("div");
  async function generate() {
    if (!draft.key) draft.key = await post("key");
    fill(box, h("p.form-note", icon("check"), " ", W.keyReady, ". ", W.keyOnce));
    onChange();
  }
  const choice = choices(W.ssh, W.sshChoices, { generate: box,
    own: field(W.publicKey, own, W.publicKeyHelp), stored: field(W.storedKey, stored) }, (key) => {
    draft.isKeyNew = key === "generate";
    if (draft.isKeyNew) generate().catch((error) => fill(box, failureOf(error)));
    onChange();
  });
  const settings = { off: () => ({}),
    generate: () => ({ ssh_public_access: true,
      admin_user_ssh_public_key: draft.key && draft.key.public }),
    own: () => ({ ssh_public_access: true, admin_user_ssh_public_key: own.value.trim() }),
    stored: () => ({ ssh_public_access: true, ssh_key_id: stored.value.trim() }) };
  return { element: choice.element, settings: () => settings[choice.value()]() };
}

function networkPart(onChange) {
  const names = { vnet_resourcegroup_name: W.vnetGroup, vnet_name: W.vnet, subnet_name: W.subnet };
  const inputs = Object.fromEntries(Object.keys(names).map((name) => [name, input(onChange)]));
  let isPrivate = false;
  const choice = choices(W.network, W.networkChoices, { own: h("div.form-grid",
    Object.keys(names).map((name) => field(names[name], inputs[name]))) }, onChange);
  choice.element.append(check(W.noPublicIp, null, (isOn) => {
    isPrivate = isOn;
    onChange();
  }));
  return { element: choice.element, settings: () => ({
    ...(choice.value() === "own" ? Object.fromEntries(Object.keys(names).map((name) =>
      [name, inputs[name].value.trim()])) : {}),
    enable_node_public_ip: isPrivate ? false : undefined,
  }) };
}

// Switches: what they set when the user changes them.
const SWITCHES = [
  ["root", null, true, (isOn) => (isOn ? {} : { enable_root_access: false })],
  ["sso", "ssoText", true, (isOn) => (isOn ? {} : { enable_sso: false })],
  ["sharing", null, false, (isOn) => (isOn ? { application_sharing_policy: "Personal" } : {})],
  ["localAuth", null, false, (isOn) => (isOn ? { disable_local_auth: true } : {})],
  ["releaseQuota", null, false, (isOn) => (isOn ? { release_quota_on_stop: true } : {})],
];

function switchPart(onChange) {
  const values = SWITCHES.map((row) => row[2]);
  return { element: group(W.other, SWITCHES.map(([label, help, isOn], index) =>
    check(W[label], help && W[help], (value) => {
      values[index] = value;
      onChange();
    }, isOn))),
  settings: () => Object.assign({}, ...SWITCHES.map((row, index) => row[3](values[index]))) };
}

function security(draft, onChange) {
  const parts = [personPart(onChange), identityPart(onChange), sshPart(draft, onChange),
    networkPart(onChange), switchPart(onChange)];
  return { element: parts.map((part) => part.element),
    settings: () => Object.assign({}, ...parts.map((part) => part.settings())) };
}

// -- Applications

const MOST_SCRIPT = 256 * 1024;

function scriptPart(kind, label, onChange) {
  const path = input(onChange, { placeholder: W.pathPlaceholder });
  const text = h("textarea", { rows: 6, oninput: onChange,
    placeholder: "#!/bin/bash\nset -e\n" });
  const file = h("input", { type: "file", accept: ".sh,text/x-shellscript", onchange: async () => {
    const chosen = file.files[0];
    if (chosen && chosen.size <= MOST_SCRIPT) text.value = await chosen.text();
    onChange();
  } });
  const [words, limit] = [input(onChange), input(onChange, { value: "15m" })];
  const more = () => h("div.form-grid", field(W.arguments, words),
    field(W.timeout, limit));
  const choice = choices(label, W.scriptSources, {
    path: [field(W.path, path), more()],
    text: [field(W.upload, file), field(W.scriptText, text), more()],
  }, onChange);
  choice.element.insertBefore(h("small.form-note", W.scriptHelp[kind]),
    choice.element.children[1]);
  return { element: choice.element, value() {
    const source = choice.value();
    if (source === "none") return undefined;
    return { [source]: source === "path" ? path.value.trim() : text.value,
      arguments: words.value.trim() || undefined, timeout: limit.value.trim() || undefined };
  } };
}

function applications(draft, onChange) {
  const scripts = { creation_script: scriptPart("creation_script", W.creationScript, onChange),
    startup_script: scriptPart("startup_script", W.startupScript, onChange) };
  const services = cardList(W.application, W.addApplication, serviceFields, onChange);
  return { element: [Object.values(scripts).map((script) => script.element),
    group(W.application, services.element)],
  settings() {
    const found = Object.fromEntries(Object.keys(scripts).map((kind) =>
      [kind, scripts[kind].value()]).filter(([, value]) => value));
    return { setup_scripts: Object.keys(found).length ? found : undefined,
      custom_services: services.items.length ? services.items.map((each) => each.value())
        : undefined };
  } };
}

function tags(draft, onChange) {
  const fields = tagFields({});
  const description = h("input", { oninput: onChange });
  fields.element.addEventListener("input", onChange);
  return { element: [group(T.columns.tags, fields.element), field(W.description, description)],
    settings() {
      const value = fields.value();
      return { tags: Object.keys(value).length ? value : undefined,
        description: description.value.trim() || undefined };
    } };
}

// -- Review

const LEVEL_ICONS = { error: "warn", warning: "warn", note: "info" };

function findings(report) {
  return h("ul.findings", report.findings.map((finding) => h("li",
    { class: finding.level }, icon(LEVEL_ICONS[finding.level]), h("span", finding.text,
      finding.hint && h("small.faint", " ", finding.hint)))),
  report.ok && h("li.ok", icon("check"), W.fits));
}

function review(draft, onChange) {
  const element = h("div.step-body");
  async function enter() {
    draft.report = null;
    onChange();
    fill(element, loading(W.checking));
    try {
      const report = await post("check", { name: draft.name, settings: draft.settings() });
      draft.report = report;
      fill(element, findings(report), group(T.recipe.title, recipeTabs(report.recipe)),
        draft.isKeyNew && h("p.form-note", W.keyOnce));
    } catch (error) {
      fill(element, failureOf(error));
    }
    onChange();
  }
  return { element, settings: () => ({}), enter };
}

const STEPS = { basics, scheduling, security, applications, tags, review };

// Let the browser save the private key. The page forgets it afterwards.
function saveKey(draft) {
  const url = URL.createObjectURL(new Blob([draft.key.private]));
  h("a", { href: url, download: draft.name + ".pem" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// -- The summary at the side

function summary(draft) {
  const body = h("div.card.summary", { "aria-label": W.summary });
  function show() {
    const size = draft.size;
    const price = size && size.price;
    fill(body, h("h2", draft.name || W.summary),
      h("div", h("span.total", price ? hourPrice(size) : "–"), " ",
        h("span.faint", price ? W.anHour : size ? W.noPrice : W.chooseSize)),
      price && h("small.faint", W.month(money(price * 730, size.currency, 0))),
      size && h("p", h("b", sizeName(size.name)), h("br"), h("span.faint",
        T.details.sizeText(size))));
  }
  return { element: body, show };
}

// -- The view

function build(element, sizes) {
  const draft = { name: "", sizes, nameState: "" };
  draft.size = sizes.find((size) => /^standard_ds3_v2$/i.test(size.name)
    && size.instances_left !== 0) || sizes.find((size) => size.instances_left !== 0);
  const side = summary(draft);
  const names = Object.keys(STEPS);
  const steps = {};
  let current = names[0];

  // JSON leaves out what is undefined, so that the service's defaults apply.
  draft.settings = () => Object.assign({}, ...names.map((name) => steps[name].settings()));

  function changed() {
    side.show();
    if (create) showButtons();
  }
  let create;
  for (const name of names) steps[name] = STEPS[name](draft, changed);

  const title = h("h2", { tabIndex: -1 });
  const body = h("div.step-body");
  const trouble = h("div", { role: "alert" });
  const controls = names.map((name) => h("button", { type: "button", data: { step: name },
    onclick: () => show(name) }, W.steps[name]));
  const go = (step) => () => show(names[names.indexOf(current) + step]);
  const act = (action, onclick, look) => button(W[action], onclick, look, null,
    { data: { action } });
  const back = act("back", go(-1));
  const next = act("next", go(1), "primary");
  const toReview = act("review", () => show("review"));
  create = act("create", send, "primary");

  function showButtons() {
    const isLast = current === "review";
    back.hidden = current === names[0];
    next.hidden = toReview.hidden = isLast;
    create.hidden = !isLast;
    create.disabled = !(draft.report && draft.report.ok) || draft.isSending;
    create.lastChild.textContent = draft.isKeyNew ? W.downloadAndCreate : W.create;
    controls[0].classList.toggle("has-fault", draft.nameState === "wrong");
  }

  function show(name, isFirst) {
    current = name;
    title.textContent = W.steps[name];
    fill(trouble);
    fill(body, steps[name].element);
    controls.forEach((control, index) => (names[index] === name
      ? control.setAttribute("aria-current", "step") : control.removeAttribute("aria-current")));
    if (steps[name].enter) steps[name].enter();
    showButtons();
    if (!isFirst) title.focus();
  }

  async function send() {
    draft.isSending = true;
    showButtons();
    try {
      if (draft.isKeyNew) saveKey(draft);
      await post("create", { name: draft.name, settings: draft.settings() });
      delete draft.key;
      location.hash = "#/";
    } catch (error) {
      fill(trouble, failureOf(error));
    }
    draft.isSending = false;
    showButtons();
  }

  fill(element, h("header.heading", backLink(), h("h1", W.title)),
  h("nav", { "aria-label": W.title }, h("ol.steps", controls.map((control) =>
    h("li", control)))),
  h("section.step", title, body, trouble, h("div.step-buttons", back, next,
    create, toReview, h("span.grow"), button(T.cancel, () => {
      location.hash = "#/";
    }, "ghost"))), h("aside", side.element));
  side.show();
  show(current, true);
  body.querySelector("input").focus();
}

export function wizardView() {
  const element = h("div.view.wizard", loading());
  let isLeft = false;
  get("sizes").then((loaded) => isLeft || build(element, loaded.sizes)).catch((error) =>
    fill(element, failureOf(error)));
  return { element, leave() {
    isLeft = true;
  } };
}
