// The operations that the pages began: those in flight with their time, and the failures, which
// stay until they are dismissed.

import { post } from "/api.js";
import { failureBox } from "/dialog.js";
import { button, fill, h, icon, iconButton } from "/dom.js";
import { elapsed, words } from "/format.js";
import { state, subscribe } from "/store.js";
import { T } from "/texts.js";

const SHOWN_AFTERWARDS = 6;      // seconds for which a success is shown

function isShown(item) {
  return item.state !== "done" || Date.now() / 1000 - item.ended < SHOWN_AFTERWARDS;
}

const dismiss = (ids) => post("dismiss", { ids }).catch(() => {});

function stateOf(item) {
  const row = state.rows.get(item.name);
  if (item.state === "sending") return T.sending;
  const text = row && row.tone === "moving" ? words(row.state) : "";
  return text === T.doing[item.verb] ? "" : text;
}

function inFlight(item) {
  return h("li.moving",
    h("span.spinner"),
    h("span.grow", T.doing[item.verb], " ",
      h("a", { href: "#/i/" + encodeURIComponent(item.name) }, item.name),
      h("small", stateOf(item))),
    h("time", { data: { began: item.began } }, elapsed(Date.now() / 1000 - item.began)),
    h("span.bar"));
}

function done(item) {
  return h("li.done", icon("check"),
    h("span.grow", T.did[item.verb], " ", item.name),
    h("time", elapsed(item.ended - item.began)));
}

function failed(item) {
  return h("li.failed",
    h("span.grow", T.failed[item.verb], " ",
      h("a", { href: "#/i/" + encodeURIComponent(item.name) }, item.name),
      failureBox(item.error)),
    iconButton(T.dismiss, "close", () => dismiss([item.id])));
}

const MOST_SHOWN = 30;
const VIEWS = { sending: inFlight, accepted: inFlight, done, failed };

const ORDER = { failed: 0, sending: 1, accepted: 1, done: 2 };

export function activity() {
  const items = h("ul.operations");
  const title = h("h2", T.activity);
  const clear = button(T.dismissAll, () => dismiss([...state.operations.values()]
    .filter((item) => item.ended).map((item) => item.id)), "ghost small");
  const panel = h("aside.activity", { "aria-label": T.activity, hidden: true },
    h("header", title, clear), items);

  function show() {
    const shown = [...state.operations.values()].filter(isShown)
      .sort((a, b) => ORDER[a.state] - ORDER[b.state] || b.id - a.id);
    panel.hidden = shown.length === 0;
    clear.hidden = !shown.some((item) => item.state === "failed");
    title.textContent = T.activityCount(shown.filter((item) => !item.ended).length,
      shown.filter((item) => item.state === "failed").length);
    fill(items, shown.slice(0, MOST_SHOWN).map((item) => VIEWS[item.state](item)),
      shown.length > MOST_SHOWN && h("li", T.more(shown.length - MOST_SHOWN)));
  }

  function tick() {
    for (const time of items.querySelectorAll("time[data-began]")) {
      time.textContent = elapsed(Date.now() / 1000 - Number(time.dataset.began));
    }
    if (items.querySelector(".done")) show();
  }

  subscribe(show);
  setInterval(tick, 1000);
  show();
  return panel;
}
