// Dialogs, failures and short notices.

import { button, fill, h, icon, iconButton, newId } from "/dom.js";
import { changed } from "/store.js";
import { T } from "/texts.js";

// Ask a question. Resolve to true when the user confirms.
export function ask({ title, body, confirm, isDangerous }) {
  return new Promise((resolve) => {
    const id = newId("dialog");
    const dialog = h("dialog.dialog", { "aria-labelledby": id },
      h("h2", { id }, title),
      h("div.dialog-body", body),
      h("div.dialog-buttons",
        button(T.cancel, () => dialog.close("no"), "", null, { autofocus: true }),
        button(confirm, () => dialog.close("yes"), isDangerous ? "danger" : "primary")));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// Open a dialog with a form. `submit` may refuse by throwing; then the dialog stays and shows why.
export function openForm({ title, body, confirm, submit, isWide }) {
  const id = newId("dialog");
  const trouble = h("div", { role: "alert" });
  const ok = confirm && button(confirm, null, "primary", null, { type: "submit" });
  const dialog = h("dialog", { class: isWide ? "dialog wide" : "dialog", "aria-labelledby": id },
    h("form", { method: "dialog", novalidate: true, onsubmit: send },
      h("header.dialog-head", h("h2", { id }, title),
        iconButton(T.close, "close", () => dialog.close())),
      h("div.dialog-body", body, trouble),
      h("div.dialog-buttons",
        button(confirm ? T.cancel : T.close, () => dialog.close()), ok)));
  async function send(event) {
    event.preventDefault();
    ok.disabled = true;
    fill(trouble);
    try {
      await submit();
      dialog.close();
    } catch (error) {
      fill(trouble, failureOf(error));
    }
    ok.disabled = false;
  }
  dialog.addEventListener("close", () => {
    dialog.remove();
    changed();      // what has changed meanwhile is shown now
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// Do something that the service may refuse, and show why it did.
export async function attempt(title, work) {
  try {
    return await work();
  } catch (error) {
    await ask({ title, body: failureOf(error), confirm: T.close });
    return undefined;
  }
}

export const failureOf = (error) => failureBox(error.failure || { message: error.message });

export const backLink = () => h("a.back", { href: "#/", "aria-label": T.instances,
  title: T.instances }, icon("back"));

export const loading = (text = T.loading) => h("p.wait", h("span.spinner"), text);

// What failed, and what to do: code, message, details, hint and request id.
export function failureBox(failure) {
  return h("div.failure",
    h("p", icon("warn"), failure.code && h("b", failure.code), " ", failure.message),
    failure.details && failure.details.length > 0
      && h("ul", failure.details.map((text) => h("li", text))),
    failure.hint && h("p.hint", h("b", T.hint + ": "), failure.hint),
    failure.request_id && h("p.request", T.request + ": ",
      h("code", failure.request_id)));
}

export function copyButton(text) {
  return iconButton(T.copy, "copy", async (event) => {
    const control = event.currentTarget;
    await navigator.clipboard.writeText(text);
    control.classList.add("is-done");
    announce(T.copied);
    setTimeout(() => control.classList.remove("is-done"), 1500);
  }, { class: "ghost square copy" });
}

// A text to copy: code with a button.
export function copyLine(text) {
  return h("div.copy-line", h("code", text), copyButton(text));
}

const status = h("div", { role: "status", class: "hidden", "aria-live": "polite" });

// Say something to a screen reader.
export function announce(text) {
  if (!status.isConnected) document.body.append(status);
  status.textContent = text;
}
