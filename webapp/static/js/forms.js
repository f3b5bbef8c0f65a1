/* Forms: asked once, sent once, and the first error is found at once. */
import { ask } from "./dialogs.js";

export function initForms() {
  document.addEventListener("submit", onSubmit);
  document.addEventListener("htmx:config:request", (event) => {
    const { sourceElement, request } = event.detail.ctx;
    // htmx would queue a second press; a change must be sent once.
    if (request.method !== "GET" && sourceElement.dataset.busy !== undefined) event.preventDefault();
  });
  document.addEventListener("htmx:before:request", (event) => {
    const { sourceElement, request } = event.detail.ctx;
    if (request.method !== "GET" && sourceElement !== document.body) busy(sourceElement, request.submitter, true);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const { sourceElement, request } = event.detail.ctx;
    busy(sourceElement, request.submitter, false);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-busy]")) busy(form, null, false);
  });
  focusErrors(document);
}

function onSubmit(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
  if (form.dataset.busy !== undefined) return event.preventDefault();
  if (form.dataset.confirm && form.dataset.confirmed === undefined) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    ask(form.dataset.confirm).then((yes) => {
      if (!yes) return;
      form.dataset.confirmed = "";
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    });
    return;
  }
  busy(form, event.submitter, true);
}

function busy(element, submitter, is) {
  for (const one of [element, submitter]) {
    if (!one?.dataset) continue;
    if (is) one.dataset.busy = "";
    else delete one.dataset.busy;
  }
  if (!is) for (const one of element?.querySelectorAll?.("[data-busy]") ?? []) delete one.dataset.busy;
}

export function focusErrors(root) {
  root.querySelector("[data-form-errors]")?.focus({ preventScroll: false });
}
