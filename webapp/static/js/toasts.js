/* Toasts: short words that need no answer. From the server: HX-Trigger: {"toast": {"message", "kind"?, "undo"?: url}}. */
const SHOWN_MS = 6000;
const WITH_ACTION_MS = 12000;
const MOST = 3;
const SIGNS = { success: "circle-check", error: "circle-alert" };
const SVG = "http://www.w3.org/2000/svg";
let words = {};

export function initToasts(texts) {
  words = texts;
  document.addEventListener("toast", (event) => toast(event.detail));
}

/* kind: success, error, info. An error stays until it is dismissed. Returns the element. */
export function toast({ message, value, kind = "info", undo }) {
  const region = document.getElementById("toasts");
  const text = message ?? value;
  if (!region || !text) return null;
  while (region.children.length >= MOST) region.firstElementChild.remove();
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.kind = kind;
  const line = document.createElement("p");
  line.textContent = text;
  box.append(sign(SIGNS[kind] ?? "info"), line);
  if (undo) box.append(button(words.undo, () => takeBack(undo, box)));
  const cross = button("", () => box.remove());
  cross.append(sign("x"));
  cross.classList.add("button-icon");
  cross.setAttribute("aria-label", words.dismiss ?? "Dismiss");
  box.append(cross);
  region.append(box);
  if (kind !== "error") expire(box, undo ? WITH_ACTION_MS : SHOWN_MS);
  return box;
}

function button(label, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button button-small";
  element.textContent = label;
  element.addEventListener("click", act);
  return element;
}

function sign(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${words.icons}#${name}`);
  svg.append(use);
  return svg;
}

function takeBack(undo, box) {
  box.remove();
  window.htmx.ajax("POST", undo, { source: document.body, target: document.getElementById("toasts"), swap: "none" });
}

/* The time runs only while nobody points at it or has the focus in it. */
function expire(box, ms) {
  let timer = setTimeout(() => box.remove(), ms);
  const hold = () => clearTimeout(timer);
  const go = () => {
    clearTimeout(timer);
    timer = setTimeout(() => box.remove(), ms / 2);
  };
  box.addEventListener("pointerenter", hold);
  box.addEventListener("focusin", hold);
  box.addEventListener("pointerleave", go);
  box.addEventListener("focusout", go);
}
