// Fields that the wizard and the details share.

import { checkbox, h, iconButton } from "/dom.js";
import { minutes } from "/format.js";
import { T } from "/texts.js";

const D = T.details;

export function field(label, control, help, extra) {
  return h("label.field", h("span.label", label), control, help && h("small", help), extra);
}

// A tick box with its label.
export function check(label, help, onchange, checked = false) {
  return h("label.check", checkbox(checked, onchange), h("span", label, help && h("small", help)));
}

// The choice of an idle time. Source: spec/contract/compute-rest.md, section 9.2.
export function idleChoice(current) {
  const known = new Set([15, 30, 60, 120, 240, 480, 1440, 4320]);
  if (current) known.add(current);
  const select = h("select", h("option", { value: "" }, D.noIdle), [...known].sort((a, b) => a - b)
    .map((number) => h("option", { value: number, selected: number === current },
      D.afterIdle(minutes(number)))));
  return { element: select, value: () => (select.value ? select.value + "m" : false) };
}

// Fields for tags: a pair for each, and an empty one at the end.
export function tagFields(tags) {
  const element = h("div.pairs");
  const pairs = [];
  function add(name, value) {
    const pair = [[name, D.tagName], [value, D.tagValue]].map(([text, label]) =>
      h("input", { value: text, placeholder: label, "aria-label": label, oninput: grow }));
    pairs.push(pair);
    const line = h("div.pair", pair, iconButton(T.remove, "close", () => {
      pairs.splice(pairs.indexOf(pair), 1);
      line.remove();
      grow();
    }));
    element.append(line);
  }
  function grow() {
    if (!pairs.length || pairs.at(-1).some((each) => each.value)) add("", "");
  }
  for (const name of Object.keys(tags).sort()) add(name, tags[name]);
  grow();
  return { element, value: () => Object.fromEntries(pairs.map((pair) => [pair[0].value.trim(),
    pair[1].value]).filter(([name]) => name)) };
}

export const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

// The fields of a custom application.
export function serviceFields() {
  const port = () => h("input", { type: "number", min: 1026, max: 65534, value: 8787 });
  const inputs = {
    name: h("input"), image: h("input", { placeholder: "ghcr.io/…/rstudio:latest" }),
    target: port(), published: port(),
    variables: h("textarea", { rows: 2, placeholder: "NAME=value" }),
    mounts: h("textarea", { rows: 2,
      placeholder: "/home/azureuser/cloudfiles:/home/azureuser/cloudfiles" }),
  };
  function value() {
    const variables = linesOf(inputs.variables.value).map((line) =>
      [line.split("=")[0], line.slice(line.indexOf("=") + 1)]);
    const volumes = linesOf(inputs.mounts.value).map((line) => {
      const [source, target] = line.split(":");
      return { source, target: target || source };
    });
    return {
      name: inputs.name.value.trim(), image: inputs.image.value.trim(),
      endpoints: [{ target: Number(inputs.target.value),
        published: Number(inputs.published.value) }],
      environment: variables.length ? Object.fromEntries(variables) : undefined,
      volumes: volumes.length ? volumes : undefined,
    };
  }
  const element = h("div.form-grid", Object.entries(inputs).map(([name, input]) =>
    field(D.serviceFields[name], input)));
  return { element, value };
}
