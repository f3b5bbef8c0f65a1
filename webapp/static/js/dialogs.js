/* Dialogs, the drawer and questions. Focus goes in on opening and back on closing. */
const openers = new WeakMap();

export function initDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) {
      event.preventDefault();
      open(opener.dataset.open, opener);
    }
    const closer = event.target.closest("[data-close]");
    if (closer) close(closer.closest("dialog"));
    if (event.target instanceof HTMLDialogElement && event.target.matches(":modal") && isOutside(event)) close(event.target);
  });
  // The element that asked for the drawer's content gets the focus back.
  document.addEventListener("htmx:before:request", (event) => {
    const { target, sourceElement } = event.detail.ctx;
    const drawer = target instanceof Element && target.closest("dialog[data-drawer]");
    if (drawer && !drawer.contains(sourceElement)) openers.set(drawer, sourceElement);
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const { target, response } = event.detail.ctx;
    const drawer = target instanceof Element && target.closest("dialog[data-drawer]");
    if (!drawer || response?.status >= 500) return;
    if (!drawer.firstElementChild.childElementCount) close(drawer);
    else if (!drawer.open) openDrawer(drawer);
  });
  document.addEventListener("close-drawer", () => close(document.querySelector("dialog[data-drawer][open]")));
  document.addEventListener("close-dialog", () => close(document.querySelector("dialog:modal")));
}

export function open(id, opener = document.activeElement) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  openers.set(dialog, opener);
  if (dialog.matches("[data-drawer]")) openDrawer(dialog);
  else dialog.showModal();
}

function openDrawer(drawer) {
  drawer.show();
  (drawer.querySelector("[autofocus]") ?? drawer.querySelector("h2[tabindex]") ?? drawer).focus({ preventScroll: true });
}

export function close(dialog) {
  if (!dialog?.open) return;
  dialog.close();
  if (dialog.matches("[data-drawer]")) dialog.firstElementChild.replaceChildren();
  const opener = openers.get(dialog);
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  else if (opener?.id) document.getElementById(opener.id)?.focus({ preventScroll: true });
}

/* Esc: a modal dialog closes by itself; then menus, then search results, then the drawer. True when something closed. */
export function closeTop() {
  if (document.querySelector("dialog:modal")) return false;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  }
  const results = document.getElementById("search-results");
  if (results?.childElementCount && results.parentElement.contains(document.activeElement)) {
    results.replaceChildren();
    return true;
  }
  const drawer = document.querySelector("dialog[data-drawer][open]");
  if (drawer) close(drawer);
  return Boolean(drawer);
}

/* Ask a yes-or-no question. Resolves to true only for yes. */
export function ask(question) {
  const dialog = document.getElementById("confirm");
  if (!dialog) return Promise.resolve(window.confirm(question));
  dialog.querySelector("#confirm-text").textContent = question;
  dialog.returnValue = "no";
  const before = document.activeElement;
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        if (before?.isConnected) before.focus({ preventScroll: true });
        resolve(dialog.returnValue === "yes");
      },
      { once: true },
    );
  });
}

function isOutside(event) {
  const box = event.target.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
