// The same in other tools: tabs of texts to copy.

import { copyButton } from "/dialog.js";
import { fill, h, newId } from "/dom.js";
import { T } from "/texts.js";

const ORDER = ["lua", "command", "yaml", "template", "parameters"];

// Tabs after the pattern of WAI-ARIA: arrows move, only the selected tab is in the tab order.
export function tabs(label, panels) {
  const [id, names] = [newId("tabs"), Object.keys(panels)];
  const panel = h("div", { role: "tabpanel", id: id + "-panel", tabIndex: 0 });
  const controls = names.map((name) => h("button", { type: "button", role: "tab",
    id: `${id}-${name}`, "aria-controls": id + "-panel", onclick: () => select(name) },
  panels[name].label));
  function select(name, hasFocus) {
    names.forEach((each, index) => {
      controls[index].setAttribute("aria-selected", String(each === name));
      controls[index].tabIndex = each === name ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", `${id}-${name}`);
    if (hasFocus) controls[names.indexOf(name)].focus();
    fill(panel, panels[name].show());
  }
  const bar = h("div", { role: "tablist", class: "tabs", "aria-label": label, onkeydown(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const index = controls.indexOf(document.activeElement);
    select(names[(index + step + names.length) % names.length], true);
  } }, controls);
  select(names[0]);
  return h("div", bar, panel);
}

function codeBlock(text) {
  return h("div.code", copyButton(text), h("pre", { tabIndex: 0 }, text));
}

export function recipeTabs(recipe) {
  const panels = {};
  for (const name of ORDER) {
    if (recipe[name]) panels[name] = { label: T.recipe[name], show: () => codeBlock(recipe[name]) };
  }
  return tabs(T.recipe.title, panels);
}
