/* Photos made smaller on the phone before they are sent, with progress and another try. The form also works without this file. */
const SIDE = 2000;
const MOST = 15 * 1024 * 1024;

const form = document.querySelector("[data-photo-form]");
if (form) enhance(form);

function enhance(form) {
  const words = form.dataset;
  const status = form.querySelector("[data-photo-progress]");
  const actions = form.querySelector("[data-photo-actions]");
  const button = actions.querySelector("[type=submit]");
  let chosen = null;
  form.classList.add("is-enhanced");
  button.hidden = true;

  form.addEventListener("change", async (event) => {
    if (event.target.type !== "file" || !event.target.files[0]) return;
    chosen = { file: event.target.files[0] };
    say(words.wordsReading);
    chosen.file = await smaller(chosen.file);
    event.target.value = ""; // so that the same file can be chosen again
    if (chosen.file.size <= MOST) return send();
    chosen = null;
    say(words.wordsLarge, true);
  });

  form.addEventListener("submit", (event) => {
    if (!chosen) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    send();
  }, true);

  function send() {
    const data = new FormData(form);
    for (const name of ["photo", "file"]) data.delete(name);
    data.append("photo", chosen.file, "photo.jpg");
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Answer", "1");
    request.timeout = 120000;
    request.upload.onprogress = (event) => say(words.wordsSending, false, event.loaded / event.total);
    request.onload = () => {
      const next = request.getResponseHeader("X-Next");
      if (next) return next === location.pathname ? location.reload() : location.assign(next);
      if (request.status === 409) return location.reload();
      const told = request.status < 500 && parsed(request.responseText).querySelector("main .callout p")?.textContent;
      if (told) chosen = null;
      say(told || words.wordsOffline, true);
    };
    request.onerror = request.ontimeout = () => say(words.wordsOffline, true);
    say(words.wordsSending, false, 0);
    request.send(data);
  }

  function say(text, isOver = false, part = null) {
    status.hidden = false;
    status.replaceChildren(Object.assign(document.createElement("p"), { textContent: text }));
    if (part !== null) status.append(Object.assign(document.createElement("progress"), { max: 1, value: part, ariaLabel: text }));
    else if (!isOver) status.append(Object.assign(document.createElement("progress"), { ariaLabel: text }));
    form.toggleAttribute("data-is-sending", !isOver);
    button.hidden = !isOver || !chosen;
    button.querySelector("span").textContent = words.wordsRetry;
  }
  window.addEventListener("online", () => { if (chosen && !button.hidden) send(); });
}

/* What the browser can read it makes smaller; what it cannot (HEIC, mostly) goes as it is. */
async function smaller(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size < 1500000) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.88));
    return blob && blob.size < file.size ? blob : file;
  } catch {
    return file;
  }
}

/* Without its style block: that one's nonce belongs to another answer. */
function parsed(html) {
  return new DOMParser().parseFromString(html.replace(/<style[\s\S]*?<\/style>/g, ""), "text/html");
}
