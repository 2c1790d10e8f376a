// The list of instances: columns, filters, pages, and the buttons for many.

import { post } from "/api.js";
import { ICONS, VERBS, forbidden, obstacle, send } from "/bulk.js";
import { attempt } from "/dialog.js";
import { button, external, fill, h, icon, iconButton } from "/dom.js";
import * as format from "/format.js";
import { keep, kept, state, subscribe } from "/store.js";
import { T } from "/texts.js";

// -- Columns

const MOST_APPLICATIONS = 3;

function nameCell(row) {
  return h("a.name", { href: "#/i/" + encodeURIComponent(row.name) }, row.name);
}

export function stateBadge(row) {
  const problem = row.problems[0];
  return h("span", { class: "state " + row.tone, title: problem
    ? `${problem.code}: ${problem.message}` : row.is_forgotten ? T.forgottenWhy : "" },
  row.tone === "moving" ? h("span.spinner") : h("i"), format.words(row.state),
  row.is_forgotten && h("span.flag", T.tiles.forgotten));
}

export function applicationLinks(row, most = MOST_APPLICATIONS) {
  const links = row.applications.slice(0, most).map((item) =>
    external(item.url, format.application(item.name)));
  const rest = row.applications.slice(most).map((item) => format.application(item.name));
  if (rest.length > 0) {
    links.push(h("a", { href: "#/i/" + encodeURIComponent(row.name),
      title: T.moreApplications(rest) }, "…"));
  }
  return links.length > 0 ? h("span.links", links)
    : h("span.faint", { title: row.is_usable ? "" : T.notUsable }, "–");
}

function nextCell(row) {
  const [start, stop] = [row.next_start, row.next_stop];
  if (!start && !stop) return format.orDash();
  const isStart = start && (!stop || start < stop);
  const time = isStart ? start : stop;
  return h("span", { title: format.exact(time) }, h("span.faint",
    isStart ? T.willStart : T.willStop, " "), format.upcoming(time));
}

function operationCell(row) {
  const operation = row.operation;
  if (!operation) return format.orDash();
  const isFailed = /Failed$/.test(operation.status || "");
  return h("span", { title: format.exact(operation.time) },
    h("span", { class: isFailed ? "bad" : "" }, T.operation(operation.name, operation.status || "")),
    " ", h("span.faint", [T.triggers[operation.trigger], format.ago(operation.time)]
      .filter(Boolean).join(", ")));
}

function tagsCell(row) {
  const names = Object.keys(row.tags).sort();
  if (names.length === 0) return format.orDash();
  return h("span.chips", names.map((name) =>
    h("span.chip", { title: `${name}: ${row.tags[name]}` },
      h("span.faint", name + " "), row.tags[name])));
}

const nextOf = (row) => [row.next_start, row.next_stop].filter(Boolean).sort()[0] || "~";

// key: what the column sorts by. Rows without a value come last.
const plain = (field, show = format.orDash) => ({ cell: (row) => show(row[field]),
  key: (row) => row[field] || "~" });
const number = (field, show = format.orDash) => ({ cell: (row) => show(row[field] || undefined),
  key: (row) => row[field] || 0, isNumber: true });
const since = (time) => h("span", { title: format.exact(time) }, format.ago(time));

const COLUMNS = {
  name: { cell: nameCell, key: (row) => row.name.toLowerCase(), isFixed: true },
  state: { cell: stateBadge, key: (row) => row.state },
  applications: { cell: applicationLinks, key: (row) => -row.applications.length },
  size: plain("size", format.size),
  vcpus: number("vcpus"),
  gpus: number("gpus"),
  memory: number("memory_gb", (amount) => (amount ? T.memory(amount) : "–")),
  price: { ...number("price"), cell: (row) => h("span", { title: T.perHour,
    class: row.is_billed ? "" : "faint" }, row.price ? T.anHour(format.price(row)) : "–") },
  idle: { ...plain("idle_minutes", format.minutes), key: (row) => row.idle_minutes || 1e9 },
  next: { cell: nextCell, key: nextOf },
  operation: { cell: operationCell, key: (row) => (row.operation && row.operation.time) || "" },
  created: plain("created_on", since),
  creator: { cell: (row) => (row.is_created_by_me ? T.you : format.orDash(row.created_by)),
    key: (row) => (row.is_created_by_me ? "" : row.created_by || "~") },
  assigned: plain("assigned_to"),
  ssh: plain("ssh"),
  ip: plain("ip"),
  tags: { cell: tagsCell, key: (row) => tagTexts(row).sort().join() || "~" },
};

const DEFAULT_COLUMNS = ["name", "state", "applications", "size", "vcpus", "memory", "price", "idle",
  "next", "operation", "created", "creator", "tags"];

const chosen = {
  columns: kept("columns", DEFAULT_COLUMNS).filter((name) => COLUMNS[name]),
  sort: kept("sort", { column: "name", isDown: false }),
  pageSize: kept("pageSize", 50),
};
if (!COLUMNS[chosen.sort.column]) chosen.sort = { column: "name", isDown: false };

// -- Filters

// They last as long as the page, so that a look at the details does not lose them.
const filters = { text: "", scope: "all", tone: "", size: "", tag: "" };
let page = 0;
const ticked = new Set();

const SCOPES = { all: () => true, usable: (row) => row.is_usable, mine: (row) =>
  row.is_created_by_me };

function fitsTone(row) {
  return !filters.tone || (filters.tone === "forgotten" ? row.is_forgotten
    : row.tone === filters.tone);
}

function isShown(row) {
  return row.name.toLowerCase().includes(filters.text.toLowerCase())
    && SCOPES[filters.scope](row) && fitsTone(row)
    && (!filters.size || row.size === filters.size)
    && (!filters.tag || tagTexts(row).includes(filters.tag));
}

const tagTexts = (row) => Object.entries(row.tags).map(([name, value]) => `${name}: ${value}`);

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sorted(rows) {
  const { key } = COLUMNS[chosen.sort.column];
  const sign = chosen.sort.isDown ? -1 : 1;
  return rows.map((row) => [key(row), row]).sort((a, b) => sign * compare(a[0], b[0])
    || compare(a[1].name, b[1].name)).map((pair) => pair[1]);
}

// -- The table

// A cell is made again only when its row changed, so that the focus and the selection of texts stay.
function tableRow(onTick) {
  const tick = h("input", { type: "checkbox", onchange: () => onTick(tick.value, tick.checked) });
  const element = h("tr", h("td.tick", tick));
  const cells = new Map();
  let shown;
  function update(row, columns, isOld) {
    const text = JSON.stringify(row);
    if (shown !== text || isOld) {
      shown = text;
      tick.value = row.name;
      tick.setAttribute("aria-label", T.tickRow(row.name));
      element.dataset.name = row.name;
      for (const name of columns) fill(cellOf(name), COLUMNS[name].cell(row));
    }
    tick.checked = ticked.has(row.name);
    element.classList.toggle("is-ticked", tick.checked);
  }
  function cellOf(name) {
    if (!cells.has(name)) {
      cells.set(name, h("td", { class: "c-" + name + (COLUMNS[name].isNumber ? " number" : "") }));
    }
    return cells.get(name);
  }
  function arrange(columns) {
    element.replaceChildren(element.firstChild, ...columns.map(cellOf));
  }
  return { element, update, arrange };
}

function table(onChange) {
  const head = h("tr");
  const body = h("tbody");
  const all = h("input", { type: "checkbox", "aria-label": T.tickAll, onchange: () => {
    for (const row of current) all.checked ? ticked.add(row.name) : ticked.delete(row.name);
    onChange();
  } });
  const rows = new Map();
  let current = [];
  let arranged = "";

  function sortBy(name) {
    const isDown = chosen.sort.column === name && !chosen.sort.isDown;
    chosen.sort = { column: name, isDown };
    keep("sort", chosen.sort);
    onChange();
  }

  function heading(name) {
    const isSorted = chosen.sort.column === name;
    return h("th", { scope: "col", class: "c-" + name + (COLUMNS[name].isNumber ? " number" : ""),
      "aria-sort": isSorted ? (chosen.sort.isDown ? "descending" : "ascending") : null },
    h("button", { type: "button", class: "sort", title: T.sortBy(T.columns[name]),
      onclick: () => sortBy(name) }, T.columns[name], isSorted && h("span", { "aria-hidden": "true" },
      chosen.sort.isDown ? " ↓" : " ↑")));
  }

  function showHead() {
    const focused = head.contains(document.activeElement)
      && document.activeElement.closest("th").cellIndex;
    fill(head, h("th.tick", all), chosen.columns.map(heading));
    if (focused) head.cells[focused].querySelector("button").focus();
  }

  function rowOf(name) {
    if (!rows.has(name)) {
      rows.set(name, tableRow((ticking, isOn) => {
        isOn ? ticked.add(ticking) : ticked.delete(ticking);
        onChange();
      }));
      rows.get(name).arrange(chosen.columns);
    }
    return rows.get(name);
  }

  function show(list, isOld) {
    current = list;
    const arrangement = chosen.columns.join() + JSON.stringify(chosen.sort);
    if (arrangement !== arranged) {
      arranged = arrangement;
      showHead();
      for (const row of rows.values()) row.arrange(chosen.columns);
      isOld = true;
    }
    const names = new Set(list.map((row) => row.name));
    for (const name of rows.keys()) if (!names.has(name)) rows.delete(name);
    const elements = list.map((row) => {
      const line = rowOf(row.name);
      line.update(row, chosen.columns, isOld);
      return line.element;
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

function tiles(onChange) {
  const element = h("div.tiles");
  function tile(value, label, tone, title) {
    const isOn = tone && filters.tone === tone;
    return h("button", { type: "button", class: "tile " + (tone || "") + (isOn ? " is-on" : ""),
      title, "aria-pressed": tone ? String(Boolean(isOn)) : null, disabled: !tone,
      onclick: () => {
        filters.tone = isOn ? "" : tone;
        onChange();
      } }, h("b", value), " ", h("span", label));
  }
  function show() {
    const rows = [...state.rows.values()];
    const of = (test) => rows.filter(test).length;
    const billed = rows.filter((row) => row.is_billed && row.price);
    const cost = billed.reduce((sum, row) => sum + row.price, 0);
    const [moving, failed] = ["moving", "failed"].map((tone) => of((row) => row.tone === tone));
    const forgotten = of((row) => row.is_forgotten);
    fill(element,
      tile(T.ofAll(of((row) => row.tone === "running"), rows.length), T.tiles.running, "running"),
      tile(format.money(cost, billed[0] && billed[0].currency), T.tiles.cost, null, T.costWhy),
      moving > 0 && tile(moving, T.tiles.moving, "moving"),
      forgotten > 0 && tile(forgotten, T.tiles.forgotten, "forgotten", T.forgottenWhy),
      failed > 0 && tile(failed, T.tiles.failed, "failed"));
  }
  return { element, show };
}

function verbButtons(onChange) {
  const buttons = VERBS.map((verb) => [verb, button(T.verbs[verb], { data: { verb },
    onclick: () => use(verb) }, ICONS[verb])]);
  const count = h("span.count");
  const none = iconButton(T.untick, "close", { onclick: () => {
    ticked.clear();
    onChange();
  } });
  const rows = () => [...ticked].map((name) => state.rows.get(name)).filter(Boolean);

  async function use(verb) {
    const names = rows().map((row) => row.name);
    if (await attempt(T.failed[verb], () => send(verb, names))) ticked.clear();
    onChange();
  }

  function show() {
    const list = rows();
    for (const [verb, control] of buttons) {
      const reason = obstacle(verb, list);
      control.disabled = reason !== undefined;
      control.title = reason || T.verbHelp[verb];
    }
    count.textContent = T.ticked(list.length);
    count.hidden = none.hidden = list.length === 0;
  }
  return { element: h("div.verbs", buttons.map((pair) => pair[1]), count, none), show };
}

function options(select, first, values, current) {
  fill(select, h("option", { value: "" }, first), values.map(([value, text]) =>
    h("option", { value, selected: value === current }, text)));
  select.value = current;
}

function filterBar(onChange) {
  const search = h("input", { type: "search", placeholder: T.search, title: T.searchKey,
    "aria-label": T.search, value: filters.text, spellcheck: false, autocomplete: "off",
    oninput: () => change("text", search.value) });
  const scopes = Object.keys(SCOPES).map((scope) => h("button", { type: "button",
    onclick: () => change("scope", scope) }, T.scopes[scope]));
  const selects = {};
  for (const [name, label] of [["tone", T.anyState], ["size", T.anySize], ["tag", T.anyTag]]) {
    selects[name] = h("select", { "aria-label": label,
      onchange: () => change(name, selects[name].value) });
  }
  const clear = button(T.clearFilters, { class: "ghost", onclick: () => {
    Object.assign(filters, { text: "", scope: "all", tone: "", size: "", tag: "" });
    search.value = "";
    onChange();
  } });

  function change(name, value) {
    filters[name] = value;
    page = 0;
    onChange();
  }

  let shown = "";
  function show() {
    const rows = [...state.rows.values()];
    const sizes = [...new Set(rows.map((row) => row.size).filter(Boolean))].sort();
    const tags = [...new Set(rows.flatMap(tagTexts))].sort();
    const text = JSON.stringify([filters, sizes, tags]);
    clear.hidden = !(filters.text || filters.tone || filters.size || filters.tag
      || filters.scope !== "all");
    if (text === shown) return;
    shown = text;
    options(selects.tone, T.anyState, Object.entries(T.stateGroups), filters.tone);
    options(selects.size, T.anySize, sizes.map((size) => [size, format.size(size)]), filters.size);
    options(selects.tag, T.anyTag, tags.map((tag) => [tag, tag]), filters.tag);
    selects.tag.hidden = tags.length === 0;
    Object.keys(SCOPES).forEach((scope, index) =>
      scopes[index].setAttribute("aria-pressed", String(filters.scope === scope)));
  }
  const element = h("div.filters",
    h("label.search", icon("search"), search),
    h("div.segments", { role: "group", "aria-label": T.scope }, scopes),
    selects.tone, selects.size, selects.tag, clear);
  return { element, show, search };
}

// Choose the columns in a menu that a button opens.
function columnMenu(onChange) {
  function toggle(name, isOn) {
    chosen.columns = Object.keys(COLUMNS).filter((each) =>
      each === name ? isOn : chosen.columns.includes(each));
    keep("columns", chosen.columns);
    onChange();
  }
  function reset() {
    chosen.columns = DEFAULT_COLUMNS;
    chosen.sort = { column: "name", isDown: false };
    chosen.pageSize = 50;
    for (const name of ["columns", "sort", "pageSize"]) keep(name, chosen[name]);
    showMenu();
    onChange();
  }
  const menu = h("div.menu", { popover: "auto", id: "columns" });
  function showMenu() {
    fill(menu, Object.keys(COLUMNS).filter((name) => !COLUMNS[name].isFixed).map((name) => {
      const box = h("input", { type: "checkbox", checked: chosen.columns.includes(name),
        onchange: () => toggle(name, box.checked) });
      return h("label", box, T.columns[name]);
    }), button(T.resetColumns, { class: "ghost small", onclick: reset }));
  }
  const control = button(T.editColumns, { class: "ghost", title: T.editColumns,
    onclick: () => {
      showMenu();
      menu.togglePopover();
      const place = control.getBoundingClientRect();
      menu.style.setProperty("top", `${place.bottom + 4}px`);
      menu.style.setProperty("right", `${innerWidth - place.right}px`);
    } }, "columns");
  return h("span", control, menu);
}

// -- Below the table

const PAGE_SIZES = [25, 50, 100, 500];

function pager(onChange) {
  const range = h("span.faint");
  const move = (step) => () => {
    page += step;
    onChange();
  };
  const previous = iconButton(T.previousPage, "back", { onclick: move(-1) });
  const next = iconButton(T.nextPage, "next", { onclick: move(1) });
  const size = h("select", { "aria-label": T.pageSize, onchange: () => {
    chosen.pageSize = Number(size.value);
    keep("pageSize", chosen.pageSize);
    page = 0;
    onChange();
  } }, PAGE_SIZES.map((number) => h("option", { value: number }, number)));
  function show(total) {
    const first = page * chosen.pageSize;
    range.textContent = T.range(total ? first + 1 : 0, Math.min(total, first + chosen.pageSize),
      total);
    previous.disabled = page === 0;
    next.disabled = first + chosen.pageSize >= total;
    size.value = chosen.pageSize;
  }
  return { element: h("nav.pager", { "aria-label": T.pageSize },
    h("label", h("span.faint", T.pageSize + " "), size), range, previous, next),
  show };
}

function emptyState() {
  return h("section.empty", h("img", { src: "/icon.svg", alt: "", width: 72,
    height: 72 }), h("h2", T.emptyTitle), h("p", T.emptyText), newButton(T.emptyButton));
}

function newButton(label) {
  const reason = forbidden("create");
  return button(label, { class: "primary", disabled: Boolean(reason), title: reason || T.verbHelp.new,
    data: { verb: "new" }, onclick: () => {
      location.hash = "#/new";
    } }, "plus");
}

// -- The view

function onKey(event) {
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector(".search input").focus();
  } else if (event.key === "n") {
    const control = document.querySelector("[data-verb=new]:not(:disabled)");
    if (control) control.click();
  }
}

export function listView() {
  const summary = tiles(show);
  const verbs = verbButtons(show);
  const bar = filterBar(show);
  const lines = table(show);
  const pages = pager(show);
  const none = h("p.none", T.noMatch);
  const refresh = iconButton(T.refresh, "refresh", { onclick: () => post("refresh") });
  const full = h("div.view.list-view",
    h("div.heading", h("h1", T.instances), summary.element),
    h("div.toolbar", newButton(T.verbs.new), verbs.element,
      h("span.grow"), refresh, columnMenu(show)),
    bar.element,
    h("div.scroller", { tabIndex: -1 }, lines.element, none), pages.element);
  const element = h("div");

  function show(isOld) {
    const isEmpty = state.rows.size === 0;
    const wanted = isEmpty ? h("div.view", h("h1", T.instances), emptyState())
      : full;
    if (element.firstChild !== wanted && !(isEmpty && element.querySelector(".empty"))) {
      fill(element, wanted);
    }
    if (isEmpty) return;
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
