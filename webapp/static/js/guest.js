/* The guest's pages: sent once, kept while offline. Small on purpose; everything works without it. */
const notice = document.querySelector("[data-offline]");

function tell() {
  if (notice) notice.hidden = navigator.onLine;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (!navigator.onLine || form.dataset.busy !== undefined) {
    event.preventDefault();
    tell();
    return;
  }
  form.dataset.busy = "";
  if (event.submitter) event.submitter.dataset.busy = "";
});

window.addEventListener("pageshow", () => {
  for (const element of document.querySelectorAll("[data-busy]")) delete element.dataset.busy;
});
window.addEventListener("online", tell);
window.addEventListener("offline", tell);

document.addEventListener("click", async (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  const copy = event.target.closest("[data-copy]");
  const source = copy && document.querySelector(copy.dataset.copy);
  if (!source) return;
  try {
    await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
    copy.dataset.done = "";
  } catch {
    source.select?.();
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.querySelector("[data-form-errors]")?.focus();
tell();
