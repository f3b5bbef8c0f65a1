/* On every staff page: links that open in the drawer, the open reservation kept up to date, and the list under the search box. */
const LIVE_ABOUT_STAYS = ["booking-updated", "room-assigned", "room-assignment-changed", "access-code-changed", "message-updated", "message-received", "checkin-updated", "task-done"];

document.addEventListener("click", onClick);
for (const name of LIVE_ABOUT_STAYS) document.body.addEventListener(`live:${name}`, onStayChanged);
document.body.addEventListener("live:resync", () => refreshReservation());
initSearch(document.querySelector("[data-search]"));

export function openInDrawer(link, url = link.href) {
  window.htmx.ajax("GET", url, { source: link, target: "#drawer-body", swap: "innerHTML" });
}

function onClick(event) {
  const link = event.target.closest("a[data-drawer-link], a.bar[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (!document.getElementById("drawer-body")) return;
  event.preventDefault();
  openInDrawer(link);
}

function onStayChanged(event) {
  const booking = document.getElementById("reservation")?.dataset.booking;
  /* A change of very many stays names none of them. */
  if (booking && event.detail.items.some((item) => item.booking_id === booking || item.stays)) refreshReservation();
}

/* Only where it shows the stay; a form that somebody fills in is left alone. */
function refreshReservation() {
  const panel = document.querySelector("#reservation[data-booking]");
  if (!panel || panel.contains(document.activeElement) && document.activeElement.matches("textarea, input")) return;
  panel.dispatchEvent(new CustomEvent("stay-changed"));
}

/* The search box is a combobox: arrows walk the results while the cursor stays in the box. */
function initSearch(input) {
  const list = document.getElementById("search-results");
  if (!input || !list) return;
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) input.setAttribute(name, value);
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label"));
  list.removeAttribute("aria-live");
  new MutationObserver(() => onResults(input, list)).observe(list, { childList: true });
  input.addEventListener("keydown", (event) => onSearchKey(event, input, list));
  input.addEventListener("input", () => input.value.trim().length < 2 && list.replaceChildren());
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".desk-search") || event.target.closest(".found")) list.replaceChildren();
  });
  document.addEventListener("focusin", (event) => !event.target.closest(".desk-search") && list.replaceChildren());
}

function onResults(input, list) {
  for (const option of list.querySelectorAll(".found")) {
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.tabIndex = -1;
  }
  input.setAttribute("aria-expanded", String(Boolean(list.querySelector(".found"))));
  input.removeAttribute("aria-activedescendant");
}

function onSearchKey(event, input, list) {
  const options = [...list.querySelectorAll(".found")];
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "Enter" && at >= 0) {
    event.preventDefault();
    options[at].click();
    list.replaceChildren();
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !options.length) return;
  event.preventDefault();
  const next = at < 0 ? (step > 0 ? 0 : options.length - 1) : (at + step + options.length) % options.length;
  options.forEach((option, n) => option.setAttribute("aria-selected", String(n === next)));
  input.setAttribute("aria-activedescendant", options[next].id);
  options[next].scrollIntoView({ block: "nearest" });
}
