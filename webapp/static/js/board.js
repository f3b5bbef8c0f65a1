/* The tape chart under keys, mouse and finger. A dropped stay asks the same service as the form; refused, it goes back. */
import { openInDrawer } from "./desk.js";
import { toast } from "./toasts.js";

const START_PX = 6;
const LONG_PRESS_MS = 350;
const EDGE_PX = 48;
let drag = null;

document.addEventListener("keydown", onKey);
document.addEventListener("focusin", (event) => event.target.matches(".bar") && makeCurrent(event.target));
document.addEventListener("htmx:after:swap", (event) => event.detail.ctx?.target?.id === "chart" && settle());
document.addEventListener("pointerover", explain);
document.addEventListener("pointerdown", onDown);
document.addEventListener("pointermove", onMove);
document.addEventListener("pointerup", onUp);
document.addEventListener("pointercancel", cancelDrag);
document.addEventListener("touchmove", (event) => drag?.ghost && event.preventDefault(), { passive: false });
document.addEventListener("contextmenu", (event) => drag && event.preventDefault());
document.addEventListener("dragstart", (event) => event.target.closest?.(".bar") && event.preventDefault());
document.addEventListener("click", swallowClick, true);
settle();

/* Keys: one bar is in the tab order; arrows walk from bar to bar. */

function settle() {
  const bars = document.querySelectorAll("#chart .bar");
  const current = document.activeElement?.matches?.("#chart .bar") ? document.activeElement : bars[0];
  for (const bar of bars) bar.tabIndex = bar === current ? 0 : -1;
}

function makeCurrent(bar) {
  for (const other of document.querySelectorAll('#chart .bar[tabindex="0"]')) other.tabIndex = -1;
  bar.tabIndex = 0;
}

function onKey(event) {
  if (event.key === "Escape" && drag) return cancelDrag();
  const bar = event.target.closest?.("#chart .bar");
  if (!bar || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "m" && bar.dataset.version && bar.closest("[data-movable]")) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return openInDrawer(bar, `${bar.href}/room`);
  }
  const next = neighbour(bar, event.key);
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function neighbour(bar, key) {
  const flip = getComputedStyle(bar).direction === "rtl" ? -1 : 1;
  const lane = [...(bar.closest(".tape-row, .tape-tray")?.querySelectorAll(".bar") ?? [])].sort((a, b) => place(a).x - place(b).x);
  if (key === "Home") return lane[0];
  if (key === "End") return lane.at(-1);
  if (key === "ArrowRight") return lane[lane.indexOf(bar) + flip];
  if (key === "ArrowLeft") return lane[lane.indexOf(bar) - flip];
  if (key !== "ArrowDown" && key !== "ArrowUp") return null;
  const rows = [...document.querySelectorAll("#tray, #chart .tape-row")].filter((row) => row.querySelector(".bar"));
  const row = rows[rows.indexOf(bar.closest(".tape-row, .tape-tray")) + (key === "ArrowDown" ? 1 : -1)];
  return row && nearest([...row.querySelectorAll(".bar")], place(bar).x);
}

function nearest(bars, x) {
  return bars.reduce((best, bar) => (Math.abs(place(bar).x - x) < Math.abs(place(best).x - x) ? bar : best));
}

/* Where a bar lies, in half days: the server wrote it as classes. */
function place(bar) {
  const x = Number(/\bx(\d+)\b/.exec(bar.className)?.[1] ?? 0);
  return { x, w: Number(/\bw(\d+)\b/.exec(bar.className)?.[1] ?? 1) };
}

function explain(event) {
  const bar = event.target.closest?.("#chart .bar");
  if (bar && !bar.title) bar.title = bar.getAttribute("aria-label") ?? bar.querySelector(".vh").textContent;
}

/* Dragging. A finger holds for a moment first, so that the chart can still be swept. */

function onDown(event) {
  const bar = event.target.closest?.(".bar[data-version]");
  if (!bar || event.button || !event.isPrimary || !bar.closest("[data-movable]")) return;
  drag = { bar, x: event.clientX, y: event.clientY, touch: event.pointerType !== "mouse", ghost: null, row: null, timer: 0 };
  if (drag.touch) drag.timer = setTimeout(() => drag && lift(), LONG_PRESS_MS);
}

function onMove(event) {
  if (!drag) return;
  const moved = Math.hypot(event.clientX - drag.x, event.clientY - drag.y);
  if (!drag.ghost) {
    if (moved < START_PX) return;
    if (drag.touch) return endDrag();
    lift();
  }
  drag.at = { x: event.clientX, y: event.clientY };
  follow();
}

function lift() {
  const { bar } = drag;
  const box = bar.getBoundingClientRect();
  drag.box = box;
  drag.at = { x: drag.x, y: drag.y };
  drag.ghost = bar.cloneNode(true);
  drag.ghost.removeAttribute("id");
  drag.ghost.classList.add("drag-ghost");
  drag.ghost.style.setProperty("--ghost-width", `${Math.min(box.width, 384)}px`);
  drag.ghost.style.setProperty("--ghost-height", `${box.height}px`);
  document.body.append(drag.ghost);
  drag.origin = drag.ghost.getBoundingClientRect();
  bar.classList.add("is-waiting");
  document.documentElement.classList.add("is-dragging");
  if (drag.touch) navigator.vibrate?.(10);
  requestAnimationFrame(sweep);
  follow();
}

function follow() {
  const { ghost, origin, box, at, x, y } = drag;
  const left = Math.max(box.left, x - 360);
  ghost.style.setProperty("--dx", `${left + at.x - x - origin.left}px`);
  ghost.style.setProperty("--dy", `${box.top + at.y - y}px`);
  const row = document.elementFromPoint(at.x, at.y)?.closest("#chart .tape-row") ?? null;
  if (row === drag.row) return;
  unmark();
  drag.row = row;
  if (row && row !== drag.bar.closest(".tape-row")) row.classList.add(isTaken(row, drag.bar) ? "is-refused" : "is-target");
}

/* A hint only: the service decides. */
function isTaken(row, bar) {
  const mine = bar.closest(".tape-tray") ? null : place(bar);
  return Boolean(mine) && [...row.querySelectorAll(".bar")].some((other) => {
    const its = place(other);
    return its.x < mine.x + mine.w && mine.x < its.x + its.w;
  });
}

/* Near an edge the chart moves along. */
function sweep() {
  if (!drag?.ghost) return;
  const scroll = document.getElementById("tape-scroll");
  const box = scroll.getBoundingClientRect();
  const { x, y } = drag.at;
  const down = y > box.bottom - EDGE_PX ? 1 : y < box.top + EDGE_PX ? -1 : 0;
  const right = x > box.right - EDGE_PX ? 1 : 0;
  if (down || right) {
    scroll.scrollBy(right * 8, down * 8);
    follow();
  }
  requestAnimationFrame(sweep);
}

function onUp() {
  if (!drag) return;
  const { bar, row, ghost } = drag;
  endDrag();
  if (!ghost) return;
  justDragged = true;
  setTimeout(() => (justDragged = false));
  if (row && row !== bar.closest(".tape-row")) move(bar, row);
}

function cancelDrag() {
  if (drag) endDrag();
}

function endDrag() {
  clearTimeout(drag.timer);
  unmark();
  drag.ghost?.remove();
  drag.bar.classList.remove("is-waiting");
  document.documentElement.classList.remove("is-dragging");
  drag = null;
}

function unmark() {
  drag.row?.classList.remove("is-target", "is-refused");
}

let justDragged = false;
function swallowClick(event) {
  if (!justDragged || !event.target.closest(".bar")) return;
  event.preventDefault();
  event.stopPropagation();
}

/* Show it in its new room at once; the answer makes it so, or takes it back. */
async function move(bar, row) {
  const home = { parent: bar.parentNode, next: bar.nextSibling };
  if (home.parent.matches(".tape-lane")) row.querySelector(".tape-lane").append(bar);
  bar.classList.add("is-waiting");
  const isDone = await post(`${bar.href}/room`, { room_id: row.dataset.room, assignment_version: bar.dataset.version });
  bar.classList.remove("is-waiting");
  if (isDone) return;
  if (home.parent.isConnected) home.parent.insertBefore(bar, home.next?.parentNode === home.parent ? home.next : null);
  row.classList.add("is-refused");
  setTimeout(() => row.classList.remove("is-refused"), 1500);
}

async function post(url, values) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "HX-Request": "true", "HX-Request-Type": "partial", "X-CSRFToken": token },
      body: new URLSearchParams(values),
    });
    const elsewhere = response.headers.get("HX-Redirect");
    if (elsewhere) window.location = elsewhere;
    announce(response.headers.get("HX-Trigger"));
    if (response.ok && document.querySelector('[data-live-indicator]:not([data-state="on"])')) {
      document.body.dispatchEvent(new CustomEvent("live:resync", { detail: { items: [{}] } }));
    }
    return response.ok;
  } catch {
    toast({ message: document.getElementById("chart").dataset.offline, kind: "error" });
    return false;
  }
}

function announce(trigger) {
  if (!trigger) return;
  for (const [name, detail] of Object.entries(JSON.parse(trigger))) document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}
