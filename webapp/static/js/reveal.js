/* Shows a password while it is typed; it is hidden again before it is sent, so that no browser keeps it as plain text. */
export function initReveal() {
  for (const button of document.querySelectorAll("[data-reveal]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reveal]");
    if (button) show(button, button.getAttribute("aria-pressed") !== "true");
  });
  document.addEventListener("submit", (event) => {
    for (const button of event.target.querySelectorAll("[data-reveal][aria-pressed=true]")) show(button, false);
  });
}

function show(button, is) {
  const input = document.getElementById(button.dataset.reveal);
  if (!input) return;
  input.type = is ? "text" : "password";
  button.setAttribute("aria-pressed", String(is));
}
