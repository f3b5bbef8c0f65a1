/* What every staff and public page does beyond htmx. All listeners are on the document, so swapped content needs no set-up. */
import { initKeys } from "./keys.js";
import { initDialogs, ask } from "./dialogs.js";
import { initToasts, toast } from "./toasts.js";
import { initForms } from "./forms.js";
import { remember } from "./store.js";
import { initReveal } from "./reveal.js";
import { initTabs } from "./tabs.js";

const words = JSON.parse(document.getElementById("kit-words")?.textContent || "{}");

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (/^(GET|HEAD)$/.test(request.method)) return;
  request.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
});

// The server words its refusals in a toast; the page stays as it is, unless the element itself says otherwise (hx-status:…).
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status < 400 || ctx.hx.reswap) return;
  if (/data-error-fragment|^\s*<!doctype/i.test(ctx.text.slice(0, 2000))) ctx.hx.reswap = "none";
});

// These two speak only when the server could not.
document.addEventListener("htmx:response:error", (event) => {
  const { response, hx } = event.detail.ctx;
  if (response.status !== 422 && !hx.trigger && !hx.redirect) toast({ message: words.failed, kind: "error" });
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx) toast({ message: words.offline, kind: "error" });
});

document.addEventListener("htmx:confirm", (event) => {
  event.preventDefault();
  const { ctx, issueRequest, dropRequest } = event.detail;
  ask(ctx.confirm).then((yes) => (yes ? issueRequest() : dropRequest()));
});

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) copyFrom(copy);
  const theme = event.target.closest("[data-theme-set]");
  if (theme) setTheme(theme.dataset.themeSet);
  if (event.target.closest("[data-nav-fold]")) foldNav();
  if (event.target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target) || event.target.closest(".menu-item")) menu.open = false;
  }
});

async function copyFrom(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text.trim());
  } catch {
    source?.select?.();
    document.execCommand("copy");
  }
  toast({ message: words.copied, kind: "success" });
}

function setTheme(theme) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  remember("theme", theme === "auto" ? null : theme);
  markTheme();
}

function markTheme() {
  const current = document.documentElement.dataset.theme ?? "auto";
  for (const item of document.querySelectorAll("[data-theme-set]")) {
    if (item.dataset.themeSet === current) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  }
}

function foldNav() {
  const root = document.documentElement;
  if (root.dataset.nav === "rail") delete root.dataset.nav;
  else root.dataset.nav = "rail";
  remember("nav", root.dataset.nav ?? null);
}

initToasts(words);
initDialogs();
initForms();
initKeys();
initReveal();
initTabs();
for (const choice of document.querySelectorAll("[data-theme-choice]")) choice.hidden = false;
markTheme();
