// Make elements. Values become text nodes or attributes, never markup, so that a name or a message
// with markup in it does nothing.

const SVG = "http://www.w3.org/2000/svg";

function setProperty(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === "class") element.className = value;
  else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name in element && !name.startsWith("aria") && name !== "list" && name !== "form") {
    element[name] = value;
  } else element.setAttribute(name, value === true ? "" : value);
}

// Append children: elements, texts, numbers, and lists of them. Empty values are left out.
export function append(parent, children) {
  for (const child of children.flat(3)) {
    if (child === undefined || child === null || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
  return parent;
}

const isChild = (value) => value === null || typeof value !== "object" || value instanceof Node
  || Array.isArray(value);

// Make an element: h("p.soft.wide", { title }, "text", child). The properties may be left out.
export function h(name, ...children) {
  const [tag, ...classes] = name.split(".");
  const properties = children.length && !isChild(children[0]) ? children.shift() : {};
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  append(element, children);      // a select takes its value after its options
  for (const [key, value] of Object.entries(properties)) setProperty(element, key, value);
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

// Drawings of 16 by 16, as strokes.
const ICONS = {
  plus: "M8 3v10M3 8h10", play: "M5 3.500l7.5 4.500L5 12.500z", stop: "M4 4h8v8H4z",
  restart: "M12.8 8a4.8 4.8 0 1 1-1.5-3.500M12.8 2.200v3h-3",
  trash: "M3 4.500h10M6.5 4.500V3h3v1.500M4.5 4.500l.6 8.500h5.800l.6-8.500M6.8 7v3.500M9.2 7v3.5",
  search: "M7 11.500a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zM10.3 10.300L14 14",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10", refresh:
    "M13 6.500A5.2 5.2 0 0 0 3.6 5M3 2.500V5.200h2.700M3 9.500A5.2 5.2 0 0 0 12.4 11"
    + "M13 13.500v-2.700h-2.7",
  close: "M4 4l8 8M12 4l-8 8", copy: "M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3",
  check: "M3 8.500l3.2 3.200L13 4.8", warn: "M8 2.500l6 10.700H2zM8 6.500v3.200M8 11.300v.4",
  info: "M8 14A6 6 0 1 1 8 2a6 6 0 0 1 0 12zM8 7.200v4M8 5v.4", back: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5", edit: "M3 13l.7-3L11 2.7 13.3 5 6 12.300z",
  sun: "M8 11a3 3 0 1 1 0-6 3 3 0 0 1 0 6zM8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4"
    + "M11.6 11.600L13 13M13 3l-1.4 1.400M4.4 11.600L3 13",
  moon: "M13 9.500A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.500z",
  auto: "M8 14A6 6 0 1 1 8 2a6 6 0 0 1 0 12zM8 2v12",
  link: "M6 3H3v10h10v-3M9 3h4v4M13 3L7.5 8.5",
  clock: "M8 14A6 6 0 1 1 8 2a6 6 0 0 1 0 12zM8 4.800V8l2.2 1.6"
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// A button. look: its classes; mark: the name of its icon.
export function button(label, onclick, look, mark, properties) {
  return h("button", { type: "button", class: look, onclick, ...properties }, mark && icon(mark),
    h("span", label));
}

// A button that has an icon only; its label is for screen readers and the tooltip.
export function iconButton(label, mark, onclick, properties) {
  return h("button", { type: "button", title: label, "aria-label": label, class: "ghost square",
    onclick, ...properties }, icon(mark));
}

export function checkbox(checked, onchange, properties) {
  return h("input", { type: "checkbox", checked, onchange: (event) =>
    onchange(event.target.checked), ...properties });
}

// A link to what the service names. Only https, and http to this machine, become links.
export function external(url, ...children) {
  const isSafe = /^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(url);
  if (!isSafe) return h("span", ...children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

let counter = 0;
export const newId = (prefix) => `${prefix}-${++counter}`;
