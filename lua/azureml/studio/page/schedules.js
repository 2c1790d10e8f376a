// Describe and edit schedules: a form for the usual ones, a line of text for all others.

import { post } from "/api.js";
import { button, fill, h, icon, newId } from "/dom.js";
import { field } from "/forms.js";
import { upcoming } from "/format.js";
import { T } from "/texts.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
export const MOST = 4;

// The next firings of a schedule, in the time of this browser and of the schedule's zone.
export function firings(item) {
  const S = T.schedules;
  if (item.fault) return h("p.bad", item.fault);
  if (item.status === "disabled") return h("p.faint", S.isOff);
  if (item.firings.length === 0) return h("p.faint", S.never);
  return h("div.faint.firings", S.next, item.firings.map((firing) => h("span.chip", {
    title: [`${firing.wall.replace("T", " ").slice(0, 16)} ${firing.clock}`, firing.note]
      .filter(Boolean).join(": ") }, upcoming(firing.utc), firing.note && h("b.bad", " *"))));
}

function zoneList() {
  if (!document.getElementById("zones")) {
    const zones = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [];
    document.body.append(h("datalist", { id: "zones" }, ["UTC", ...zones].map((zone) =>
      h("option", { value: zone }))));
  }
  return "zones";
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
  const S = T.schedules;
  function set(name, value) {
    parts[name] = value;
    onChange(textOf(parts));
  }
  const group = newId("action");
  const actions = ["start", "stop"].map((each) => h("label", h("input", { type: "radio",
    name: group, checked: each === action, onchange: () => set("action", each) }), T.verbs[each]));
  const days = DAYS.map((day) => h("button.day", { type: "button",
    "aria-pressed": String(parts.days.has(day)), onclick(event) {
      const isOn = !parts.days.has(day);
      event.currentTarget.setAttribute("aria-pressed", String(isOn));
      set("days", new Set(DAYS.filter((each) => (each === day ? isOn : parts.days.has(each)))));
    } }, T.days[day]));
  const input = (name, type, properties) => h("input", { type, value: parts[name] || "",
    oninput: (event) => set(name, event.target.value.trim()), ...properties });
  const line = input("line", "text", { placeholder: S.linePlaceholder });
  const zone = input("zone", "text", { class: "zone" });
  zone.setAttribute("list", zoneList());
  const simple = h("div.form-row", h("div.segments", { role: "group", "aria-label": S.days }, days),
    field(S.time, input("time", "time")));
  const advanced = field(S.line, line);
  function show() {
    const isLine = parts.line !== undefined;
    simple.hidden = isLine;
    advanced.hidden = !isLine;
    toggle.lastChild.textContent = isLine ? S.plain : S.advanced;
  }
  const toggle = button("", () => {
    set("line", parts.line === undefined ? line.value.trim() : undefined);
    show();
  }, "ghost small");
  show();
  return { text: () => textOf(parts), element: h("div.schedule-form", h("div.form-row",
    h("div.radios", { role: "radiogroup", "aria-label": S.action }, actions), toggle), simple,
  advanced, field(S.zone, zone)) };
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
