/* An answer is sent without leaving the page, so that a line that breaks off loses nothing: the entries stay and can be sent again.
   Without this file the form posts as any other. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-answer]") || !navigator.onLine || form.dataset.busy !== undefined) return;
  event.preventDefault();
  send(form, event.submitter);
}, true);

async function send(form, button) {
  const trouble = form.querySelector("[data-answer-trouble]");
  trouble.hidden = true;
  let answer;
  try {
    const headers = { "X-Answer": "1" };
    answer = await fetch(form.action, { method: "POST", headers, body: new FormData(form), signal: AbortSignal.timeout(30000) });
  } catch {
    // The line broke off.
  }
  const next = answer?.headers.get("X-Next");
  if (next) return location.assign(next);
  for (const element of [form, button]) if (element) delete element.dataset.busy;
  if (!answer || answer.status === 429 || answer.status >= 500) trouble.hidden = false;
  else show(await answer.text());
}

/* The same screen with its errors, or a refusal, in place of the present one. */
function show(html) {
  const page = new DOMParser().parseFromString(html.replace(/<style[\s\S]*?<\/style>/g, ""), "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
  (document.querySelector("[data-form-errors]") ?? document.querySelector("main")).focus();
  scrollTo(0, 0);
}
