/* Runs before the first paint: the chosen appearance and the width of the menu. A classic script on purpose. */
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("nav") === "rail") root.dataset.nav = "rail";
  } catch {
    // A browser that keeps nothing shows the device's own scheme.
  }
})();
