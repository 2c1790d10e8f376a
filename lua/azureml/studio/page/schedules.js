// Describe and edit schedules: a form for the usual ones, a line of text for all others.

import { post } from "/api.js";
import { button, fill, h, icon, newId } from "/dom.js";
import * as format from "/format.js";
import { T } from "/texts.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
export const MOST = 4;

// The next firings of a schedule, in the time of this browser and of the schedule's zone.
export function firings(item) {
  if (item.fault) return h("p.bad", item.fault);
  if (item.status === "disabled") return h("p.faint", T.schedules.isOff);
  return h("p.faint.firings", item.firings.length === 0 ? T.schedules.never : [
    T.schedules.next + " ", item.firings.map((firing) => h("span.chip", { title: `${firing.wall.replace("T", " ").slice(0, 16)} ${firing.clock}`
        + (firing.note ? `: ${firing.note}` : "") }, format.upcoming(firing.utc),
    firing.note && h("span.bad", " *"))),
  ]);
}

let zones;
function zoneList() {
  const id = "zones";
  if (!document.getElementById(id)) {
    zones = zones || (Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : []);
    document.body.append(h("datalist", { id }, ["UTC", ...zones].map((zone) =>
      h("option", { value: zone }))));
  }
  return id;
}

// Return the text of a schedule: "stop mon,tue 18:00 Europe/Amsterdam".
function textOf(parts) {
  if (parts.line !== undefined) return `${parts.action} ${parts.line} ${parts.zone}`.trim();
  const days = DAYS.filter((day) => parts.days.has(day));
  const when = days.length === 7 ? "daily" : days.join(",");
  return `${parts.action} ${when} ${parts.time} ${parts.zone}`;
}

const CRON_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];

// Read the days of cron's fifth field; undefined when the form cannot show them.
function daysOf(text) {
  if (text === "*") return new Set(DAYS);
  const days = new Set();
  for (const part of text.split(",")) {
    const found = /^([0-7])(?:-([0-7]))?$/.exec(part);
    if (!found) return undefined;
    for (let day = Number(found[1]); day <= Number(found[2] || found[1]); day++) {
      days.add(CRON_DAYS[day]);
    }
  }
  return days;
}

// The parts that the form begins with: those of a schedule, or the usual ones.
function partsOf(action, item) {
  const parts = { action, days: new Set(DAYS.slice(0, 5)), time: action === "start" ? "08:00"
    : "18:00", zone: (item && item.zone) || ownZone };
  if (!item || !item.cron) return parts;
  const found = /^(\d+) (\d+) \* \* (\S+)$/.exec(item.cron);
  const days = found && daysOf(found[3]);
  if (!days) return { ...parts, line: "cron " + item.cron };
  return { ...parts, days, time: `${found[2].padStart(2, "0")}:${found[1].padStart(2, "0")}` };
}

// A form for one schedule. `onChange` is called with its text.
export function scheduleForm(action, onChange, item) {
  const parts = partsOf(action, item);
  const tell = () => onChange(textOf(parts));
  const name = newId("action");
  const actions = ["start", "stop"].map((each) => h("label", h("input", { type: "radio", name,
    value: each, checked: each === action, onchange() {
      parts.action = each;
      tell();
    } }), T.verbs[each]));
  const days = DAYS.map((day) => h("button", { type: "button", class: "day",
    "aria-pressed": String(parts.days.has(day)), onclick(event) {
      parts.days.has(day) ? parts.days.delete(day) : parts.days.add(day);
      event.currentTarget.setAttribute("aria-pressed", String(parts.days.has(day)));
      tell();
    } }, T.days[day]));
  const time = h("input", { type: "time", value: parts.time, required: true, oninput() {
    parts.time = time.value;
    tell();
  } });
  const zone = h("input", { value: parts.zone, class: "zone", spellcheck: false, oninput() {
    parts.zone = zone.value.trim();
    tell();
  } });
  zone.setAttribute("list", zoneList());
  const isLine = parts.line !== undefined;
  const line = h("input.wide", { placeholder: T.schedules.linePlaceholder,
    spellcheck: false, value: parts.line || "", oninput() {
      parts.line = line.value.trim();
      tell();
    } });
  const simple = h("div.form-row", { hidden: isLine },
    h("div.segments.days", { role: "group", "aria-label": T.schedules.days }, days),
    field(T.schedules.time, time));
  const advanced = h("div.form-row", { hidden: !isLine }, field(T.schedules.line,
    line));
  const toggle = button(isLine ? T.schedules.plain : T.schedules.advanced, { class: "ghost small", onclick() {
    advanced.hidden = !advanced.hidden;
    simple.hidden = !advanced.hidden;
    if (advanced.hidden) delete parts.line;
    else parts.line = line.value.trim();
    toggle.lastChild.textContent = advanced.hidden ? T.schedules.advanced : T.schedules.plain;
    tell();
  } });
  return { text: () => textOf(parts), element: h("div.schedule-form",
    h("div.form-row", h("div.radios", { role: "radiogroup",
      "aria-label": T.schedules.action }, actions), toggle),
    simple, advanced, field(T.schedules.zone, zone)) };
}

export function field(label, control, help, extra) {
  return h("label.field", h("span.label", label), control,
    help && h("small", help), extra);
}

// Show what schedules do, as soon as the server has said it; only the last answer counts.
export function preview(box) {
  let last = 0;
  let timer;
  return (texts) => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const turn = ++last;
      const shown = texts.length ? (await post("preview", { schedules: texts })).schedules : [];
      if (turn === last) fill(box, shown.map((item) => h("div.preview",
        item.words && h("p", icon("clock"), " ", item.words), firings(item))));
    }, 150);
  };
}

// The body of a form for a new schedule, or for one that is changed.
export function newSchedule(action, item) {
  const box = h("div");
  const show = preview(box);
  const form = scheduleForm(action, (text) => show([text]), item);
  show([form.text()]);
  return { body: [form.element, box], text: form.text };
}
