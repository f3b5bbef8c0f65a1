/* Keys. "/" finds, "?" shows the keys, Esc closes; anything with data-key="x" or data-key="g b" is pressed by those keys. */
import { closeTop, open } from "./dialogs.js";
import { recall, remember } from "./store.js";

const SEQUENCE_MS = 900;
let typed = "";
let timer = 0;

export function initKeys() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-switch]")) remember("keys", event.target.checked ? null : "off");
  });
  for (const control of document.querySelectorAll("[data-keys-switch]")) control.checked = recall("keys") !== "off";
}

function onKey(event) {
  if (event.key === "Escape") {
    if (closeTop()) event.preventDefault();
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isTyping(event.target) || document.querySelector("dialog:modal") || recall("keys") === "off") return;
  if (event.key === "/") return focusSearch(event);
  if (event.key === "?") {
    event.preventDefault();
    return open("keys");
  }
  press(event);
}

function isTyping(target) {
  return target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio], [type=button]), textarea, select");
}

function focusSearch(event) {
  const search = document.querySelector("[data-search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
}

function press(event) {
  if (event.key.length !== 1 || event.key === " ") return;
  clearTimeout(timer);
  const sequence = typed ? `${typed} ${event.key}` : event.key;
  const target = find(sequence) ?? find(event.key);
  typed = "";
  if (target) {
    event.preventDefault();
    target.matches("a, button, summary") ? target.click() : target.focus();
  } else if (document.querySelector(`[data-key^="${CSS.escape(event.key)} "]`)) {
    typed = event.key;
    timer = setTimeout(() => (typed = ""), SEQUENCE_MS);
  }
}

function find(sequence) {
  return document.querySelector(`[data-key="${CSS.escape(sequence)}"]`);
}
