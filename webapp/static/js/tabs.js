/* A row of tabs that is wider than the screen shows the current one; nothing but the row itself is scrolled. */
export function initTabs() {
  showCurrent();
  document.addEventListener("htmx:after:swap", showCurrent);
}

function showCurrent() {
  for (const tab of document.querySelectorAll(".tabs > [aria-current]")) {
    const row = tab.parentElement;
    if (row.scrollWidth <= row.clientWidth || row.dataset.shown === tab.textContent) continue;
    row.dataset.shown = tab.textContent; /* a person may have scrolled on since */
    const [outer, inner] = [row.getBoundingClientRect(), tab.getBoundingClientRect()];
    row.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
  }
}
