// The list of instances: filters, the table, pages, and the buttons for many.

import { post } from "/api.js";
import { ICONS, VERBS, forbidden, obstacle, send } from "/bulk.js";
import { COLUMNS, tagTexts } from "/columns.js";
import { attempt } from "/dialog.js";
import { button, checkbox, fill, h, icon, iconButton } from "/dom.js";
import { money, sizeName } from "/format.js";
import { changed, keep, kept, state, subscribe } from "/store.js";
import { T } from "/texts.js";

// -- What the user has chosen

const DEFAULTS = {
  columns: ["name", "state", "applications", "size", "vcpus", "memory", "price", "idle", "next",
    "operation", "created", "creator", "tags"],
  sort: { column: "name", isDown: false }, pageSize: 50,
};
const PAGE_SIZES = [25, 50, 100, 500];

const chosen = {};
for (const name of Object.keys(DEFAULTS)) chosen[name] = kept(name, DEFAULTS[name]);
chosen.columns = chosen.columns.filter((name) => COLUMNS[name]);
if (!COLUMNS[chosen.sort.column]) chosen.sort = DEFAULTS.sort;

function choose(name, value) {
  chosen[name] = value;
  keep(name, value);
  changed();
}

// Filters last as long as the page, so that a look at the details does not lose them.
const NO_FILTERS = { text: "", scope: "all", tone: "", size: "", tag: "" };
const filters = { ...NO_FILTERS };
let page = 0;
const ticked = new Set();

function filter(values) {
  Object.assign(filters, values);
  page = 0;
  changed();
}

function tick(rows, isOn) {
  for (const row of rows) isOn ? ticked.add(row.name) : ticked.delete(row.name);
  changed();
}

const SCOPES = { all: () => true, usable: (row) => row.is_usable,
  mine: (row) => row.is_created_by_me };

function isShown(row) {
  return row.name.toLowerCase().includes(filters.text.toLowerCase())
    && SCOPES[filters.scope](row)
    && (!filters.tone || filters.tone === (row.is_forgotten ? "forgotten" : row.tone)
      || filters.tone === row.tone)
    && (!filters.size || row.size === filters.size)
    && (!filters.tag || tagTexts(row).includes(filters.tag));
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function sorted(rows) {
  const { key } = COLUMNS[chosen.sort.column];
  const sign = chosen.sort.isDown ? -1 : 1;
  return rows.map((row) => [key(row), row]).sort((a, b) => sign * compare(a[0], b[0])
    || compare(a[1].name, b[1].name)).map((pair) => pair[1]);
}

// -- The table

const cellClass = (name) => `c-${name}${COLUMNS[name].isNumber ? " number" : ""}`;

// Cells are filled again only when their row changed, so that focus and selection stay.
function tableRow() {
  const box = h("input", { type: "checkbox", onchange: () => tick([row], box.checked) });
  const element = h("tr", h("td.tick", box));
  const cells = new Map();
  let [row, text] = [null, ""];
  function cellOf(name) {
    if (!cells.has(name)) cells.set(name, h("td", { class: cellClass(name) }));
    return cells.get(name);
  }
  function update(next, isOld) {
    row = next;
    const nextText = JSON.stringify(row);
    if (text !== nextText || isOld) {
      text = nextText;
      box.setAttribute("aria-label", T.tickRow(row.name));
      element.dataset.name = row.name;
      for (const name of chosen.columns) fill(cellOf(name), COLUMNS[name].cell(row));
      if (element.cells.length !== chosen.columns.length + 1 || isOld) {
        element.replaceChildren(element.firstChild, ...chosen.columns.map(cellOf));
      }
    }
    box.checked = ticked.has(row.name);
    element.classList.toggle("is-ticked", box.checked);
  }
  return { element, update };
}

function heading(name) {
  const { column, isDown } = chosen.sort;
  const isSorted = column === name;
  return h("th", { scope: "col", class: cellClass(name),
    "aria-sort": isSorted ? (isDown ? "descending" : "ascending") : null },
  h("button.sort", { type: "button", title: T.sortBy(T.columns[name]), onclick: () =>
    choose("sort", { column: name, isDown: isSorted && !isDown }) }, T.columns[name],
  isSorted && h("span", { "aria-hidden": "true" }, isDown ? " ↓" : " ↑")));
}

function table() {
  const [head, body, rows] = [h("tr"), h("tbody"), new Map()];
  const all = checkbox(false, (isOn) => tick(current, isOn), { "aria-label": T.tickAll });
  let [current, arranged] = [[], ""];

  function showHead() {
    const focused = head.contains(document.activeElement)
      && document.activeElement.closest("th").cellIndex;
    fill(head, h("th.tick", all), chosen.columns.map(heading));
    if (focused) head.cells[focused].querySelector("button").focus();
  }

  function show(list, isOld) {
    current = list;
    const arrangement = JSON.stringify([chosen.columns, chosen.sort]);
    const isNew = arrangement !== arranged;
    arranged = arrangement;
    if (isNew) showHead();
    const names = new Set(list.map((row) => row.name));
    for (const name of rows.keys()) if (!names.has(name)) rows.delete(name);
    const elements = list.map((row) => {
      if (!rows.has(row.name)) rows.set(row.name, tableRow());
      rows.get(row.name).update(row, isOld || isNew);
      return rows.get(row.name).element;
    });
    const isSame = elements.length === body.children.length
      && elements.every((element, index) => element === body.children[index]);
    if (!isSame) body.replaceChildren(...elements);
    const count = list.filter((row) => ticked.has(row.name)).length;
    all.checked = count > 0 && count === list.length;
    all.indeterminate = count > 0 && count < list.length;
  }

  return { element: h("table.list", h("thead", head), body), show };
}

// -- Above the table

function tile(value, label, tone, title) {
  const isOn = Boolean(tone) && filters.tone === tone;
  return h("button", { type: "button", class: `tile ${tone}${isOn ? " is-on" : ""}`, title,
    "aria-pressed": String(isOn), disabled: !tone,
    onclick: () => filter({ tone: isOn ? "" : tone }) }, h("b", value), " ", h("span", label));
}

function tiles() {
  const element = h("div.tiles");
  function show() {
    const rows = [...state.rows.values()];
    const of = (tone) => rows.filter((row) => row.tone === tone).length;
    const billed = rows.filter((row) => row.is_billed && row.price);
    const cost = billed.reduce((sum, row) => sum + row.price, 0);
    const counts = { moving: of("moving"), failed: of("failed"),
      forgotten: rows.filter((row) => row.is_forgotten).length };
    fill(element, tile(T.ofAll(of("running"), rows.length), T.tiles.running, "running"),
      tile(money(cost, billed[0] && billed[0].currency), T.tiles.cost, "", T.costWhy),
      Object.keys(counts).map((tone) => counts[tone] > 0 && tile(counts[tone], T.tiles[tone], tone,
        tone === "forgotten" ? T.forgottenWhy : "")));
  }
  return { element, show };
}

function verbButtons() {
  const rows = () => [...ticked].map((name) => state.rows.get(name));
  async function use(verb) {
    const names = rows().map((row) => row.name);
    if (await attempt(T.failed[verb], () => send(verb, names))) ticked.clear();
    changed();
  }
  const buttons = VERBS.map((verb) => button(T.verbs[verb], () => use(verb), "", ICONS[verb],
    { data: { verb } }));
  const count = h("span.count");
  const none = iconButton(T.untick, "close", () => tick(rows(), false));

  function show() {
    for (const control of buttons) {
      const reason = obstacle(control.dataset.verb, rows());
      control.disabled = reason !== undefined;
      control.title = reason || T.verbHelp[control.dataset.verb];
    }
    count.textContent = T.ticked(ticked.size);
    count.hidden = none.hidden = ticked.size === 0;
  }
  return { element: h("div.verbs", buttons, count, none), show };
}

function filterBar() {
  const search = h("input", { type: "search", placeholder: T.search, title: T.searchKey,
    "aria-label": T.search, value: filters.text, oninput: () => filter({ text: search.value }) });
  const scopes = Object.keys(SCOPES).map((scope) => h("button", { type: "button",
    onclick: () => filter({ scope }) }, T.scopes[scope]));
  const selects = Object.fromEntries(["tone", "size", "tag"].map((name) => [name, h("select", {
    "aria-label": T.any[name], onchange: (event) => filter({ [name]: event.target.value }) })]));
  const clear = button(T.clearFilters, () => {
    search.value = "";
    filter(NO_FILTERS);
  }, "ghost");
  let shown = "";

  function setOptions(name, values) {
    fill(selects[name], h("option", { value: "" }, T.any[name]), values.map(([value, text]) =>
      h("option", { value }, text)));
    selects[name].value = filters[name];
  }

  function show() {
    const rows = [...state.rows.values()];
    const sizes = [...new Set(rows.map((row) => row.size))].sort();
    const tags = [...new Set(rows.flatMap(tagTexts))].sort();
    const text = JSON.stringify([filters, sizes, tags]);
    if (text === shown) return;
    shown = text;
    clear.hidden = JSON.stringify(filters) === JSON.stringify(NO_FILTERS);
    setOptions("tone", Object.entries(T.stateGroups));
    setOptions("size", sizes.map((size) => [size, sizeName(size)]));
    setOptions("tag", tags.map((tag) => [tag, tag]));
    selects.tag.hidden = tags.length === 0;
    Object.keys(SCOPES).forEach((scope, index) =>
      scopes[index].setAttribute("aria-pressed", String(filters.scope === scope)));
  }
  return { show, element: h("div.filters", h("label.search", icon("search"), search),
    h("div.segments", { role: "group", "aria-label": T.scope }, scopes), Object.values(selects),
    clear) };
}

// Choose the columns in a menu that a button opens.
function columnMenu() {
  const toggle = (name, isOn) => choose("columns", Object.keys(COLUMNS).filter((each) =>
    (each === name ? isOn : chosen.columns.includes(each))));
  function reset() {
    for (const name of Object.keys(DEFAULTS)) choose(name, DEFAULTS[name]);
    showMenu();
  }
  const menu = h("div.menu", { popover: "auto" });
  function showMenu() {
    fill(menu, Object.keys(COLUMNS).filter((name) => !COLUMNS[name].isFixed).map((name) =>
      h("label", checkbox(chosen.columns.includes(name), (isOn) => toggle(name, isOn)),
        T.columns[name])), button(T.resetColumns, reset, "ghost small"));
  }
  const control = button(T.editColumns, () => {
    showMenu();
    menu.togglePopover();
    const place = control.getBoundingClientRect();
    menu.style.setProperty("top", `${place.bottom + 4}px`);
    menu.style.setProperty("right", `${innerWidth - place.right}px`);
  }, "ghost", "columns");
  return [control, menu];
}

// -- Below the table

function pager() {
  const range = h("span.faint");
  const move = (step) => () => {
    page += step;
    changed();
  };
  const previous = iconButton(T.previousPage, "back", move(-1));
  const next = iconButton(T.nextPage, "next", move(1));
  const size = h("select", { "aria-label": T.pageSize, onchange: () => {
    page = 0;
    choose("pageSize", Number(size.value));
  } }, PAGE_SIZES.map((number) => h("option", { value: number }, number)));
  function show(total) {
    const first = page * chosen.pageSize;
    const last = Math.min(total, first + chosen.pageSize);
    range.textContent = T.range(total && first + 1, last, total);
    previous.disabled = page === 0;
    next.disabled = last === total;
    size.value = chosen.pageSize;
  }
  return { show, element: h("nav.pager", { "aria-label": T.pages },
    h("label", h("span.faint", T.pageSize), " ", size), range, previous, next) };
}

function newButton(label) {
  const reason = forbidden("create");
  return button(label, () => {
    location.hash = "#/new";
  }, "primary", "plus", { disabled: Boolean(reason), title: reason || T.verbHelp.new,
    data: { verb: "new" } });
}

const emptyView = () => h("div.view", h("h1", T.instances), h("section.empty",
  h("img", { src: "/icon.svg", alt: "", width: 72, height: 72 }), h("h2", T.emptyTitle),
  h("p", T.emptyText), newButton(T.emptyButton)));

// -- The view

function onKey(event) {
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  const wanted = { "/": ".search input", n: "[data-verb=new]:not(:disabled)" }[event.key];
  const found = wanted && document.querySelector(wanted);
  if (!found) return;
  event.preventDefault();
  event.key === "n" ? found.click() : found.focus();
}

export function listView() {
  const [summary, verbs, bar, lines, pages] = [tiles, verbButtons, filterBar, table, pager]
    .map((make) => make());
  const none = h("p.none", T.noMatch);
  const full = h("div.view.list-view", h("div.heading", h("h1", T.instances), summary.element),
    h("div.toolbar", newButton(T.verbs.new), verbs.element, h("span.grow"),
      iconButton(T.refresh, "refresh", () => post("refresh")), columnMenu()),
    bar.element, h("div.scroller", lines.element, none), pages.element);
  const element = h("div");

  function show(isOld) {
    const isEmpty = state.rows.size === 0;
    if (isEmpty) {
      if (!element.querySelector(".empty")) fill(element, emptyView());
      return;
    }
    if (element.firstChild !== full) fill(element, full);
    for (const name of ticked) if (!state.rows.has(name)) ticked.delete(name);
    const rows = sorted([...state.rows.values()].filter(isShown));
    page = Math.max(0, Math.min(page, Math.ceil(rows.length / chosen.pageSize) - 1));
    const first = page * chosen.pageSize;
    for (const part of [summary, verbs, bar]) part.show();
    lines.show(rows.slice(first, first + chosen.pageSize), isOld === true);
    pages.show(rows.length);
    none.hidden = rows.length > 0;
  }

  const stop = subscribe(show);
  const clock = setInterval(() => show(true), 30000);      // "5 min. ago" grows old
  document.addEventListener("keydown", onKey);
  show();
  return { element, leave() {
    stop();
    clearInterval(clock);
    document.removeEventListener("keydown", onKey);
  } };
}
