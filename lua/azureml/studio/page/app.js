// Start the page: the frame around the views, the route to the view, and the state.

import { activity } from "/activity.js";
import { failureBox, loading } from "/dialog.js";
import { button, fill, h, icon, iconButton } from "/dom.js";
import { detailsView } from "/details.js";
import { listView } from "/list.js";
import { keep, kept, listen, load, state, subscribe } from "/store.js";
import { T } from "/texts.js";
import { wizardView } from "/wizard.js";

// -- Colours

const THEMES = ["auto", "light", "dark"];
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };
let theme = kept("theme", "auto");

function themeButton() {
  const control = iconButton("", "auto", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    keep("theme", theme);
    show();
  });
  function show() {
    document.documentElement.dataset.theme = theme;
    control.title = T.themeNow(T.theme[theme]);
    control.setAttribute("aria-label", control.title);
    fill(control, icon(THEME_ICONS[theme] || "auto"));
  }
  show();
  return control;
}

// -- The frame

function liveDot() {
  const text = h("span");
  const dot = h("span.live", h("i"), text);
  subscribe(() => {
    dot.classList.toggle("is-on", state.isLive);
    text.textContent = state.isLive ? T.live : T.notLive;
  });
  return dot;
}

function topBar() {
  const place = h("span.place");
  const who = h("span.who");
  subscribe(() => {
    const facts = state.facts;
    if (!facts) return;
    document.title = T.title(facts.workspace);
    fill(place, h("span.faint", facts.resource_group, " / "),
      h("b", facts.workspace), facts.location && h("span.chip", facts.location),
      facts.is_read_only && h("span.chip.warn", { title: T.readOnlyWhy }, T.readOnly));
    who.textContent = facts.user || "";
    who.title = facts.user || "";
  });
  return h("header.top",
    h("a.brand", { href: "#/", title: T.product }, h("img", { src: "/icon.svg", alt: "", width: 24,
      height: 24 }), h("span", T.product)),
    place, h("span.grow"), liveDot(), who, themeButton());
}

// What keeps the page from being up to date.
function banner() {
  const box = h("div.banner", { role: "alert", hidden: true });
  subscribe(() => {
    const { lost, trouble } = state;
    box.hidden = !lost && !trouble;
    if (lost) {
      fill(box, icon("warn"), h("span", T.lost[lost.code] || lost.message),
        button(T.retry, load, "small"));
    } else if (trouble) {
      fill(box, h("div", T.stale(""), failureBox(trouble)));
    }
  });
  return box;
}

// -- Routes

const ROUTES = [[/^#?\/?$/, listView], [/^#\/i\/([^/]+)$/, detailsView],
  [/^#\/new$/, wizardView]];

let leave;      // ends the view that is shown

function route(main) {
  const hash = location.hash;
  for (const [pattern, view] of ROUTES) {
    const found = hash.match(pattern);
    if (found) {
      if (leave) leave();
      const shown = view(...found.slice(1).map(decodeURIComponent));
      leave = shown.leave;
      fill(main, shown.element);
      if (hash) main.focus({ preventScroll: true });
      scrollTo(0, 0);
      return;
    }
  }
  location.hash = "#/";
}

async function begin() {
  const main = h("main", { id: "main", tabIndex: -1 }, loading());
  document.body.append(h("a.skip", { href: "#main", onclick(event) {
    event.preventDefault();
    main.focus();
  } }, T.skip), topBar(), banner(), main, activity());
  await load();
  listen();
  if (!state.facts) {
    const stop = subscribe(() => {
      if (!state.facts) return;
      stop();
      route(main);
    });
    return;
  }
  route(main);
  addEventListener("hashchange", () => route(main));
}

begin();
