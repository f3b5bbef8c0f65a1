/* One live stream per page. <body data-live="/staff/…/events" data-live-cursor="last event id when the page was made">.

   Every event of the stream becomes a DOM event on the body, `live:<event>` with detail {items: [data, …]}, so a fragment says
   hx-trigger="live:booking-updated from:body, live:resync from:body" and fetches itself. Equal events are gathered: the first goes
   out at once, then at most four a second. After a break `live:resync` is sent once the stream is back; the server sends one too
   when more was missed than it will replay.

   It reads the stream with fetch and not EventSource, which gives up for good on a 503, cannot say where to begin, hides the
   server's heartbeats and needs every event name in advance. The server writes at least a comment line every 25 s. */
const GAP_MS = 250;
const SILENCE_MS = 60_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;
const HIDDEN_MS = 120_000;

const url = document.body.dataset.live;
let cursor = document.body.dataset.liveCursor ?? "";
let attempts = 0;
let connection = null;
let retry = 0;
let hiddenTimer = 0;
let wasBroken = false;
const waiting = new Map();

if (url) {
  connect();
  window.addEventListener("online", reconnectNow);
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => event.persisted && reconnectNow());
  document.addEventListener("visibilitychange", onVisibility);
}

async function connect() {
  stop();
  const mine = { abort: new AbortController(), silence: 0 };
  connection = mine;
  const headers = { Accept: "text/event-stream" };
  if (cursor) headers["Last-Event-ID"] = cursor;
  try {
    heard(mine);
    const response = await fetch(url, { headers, signal: mine.abort.signal, cache: "no-store" });
    if (response.status === 204 || response.status === 401 || response.status === 403) return end();
    if (!response.ok || !response.body) throw new Error(`stream answered ${response.status}`);
    connected();
    await read(response.body, mine);
    throw new Error("stream ended");
  } catch {
    if (connection === mine) later();
  } finally {
    clearTimeout(mine.silence);
  }
}

function stop() {
  clearTimeout(retry);
  const old = connection;
  connection = null;
  clearTimeout(old?.silence);
  old?.abort.abort();
}

/* Signed out or closed by the server: no use in trying again. */
function end() {
  stop();
  show("off");
}

function connected() {
  attempts = 0;
  show("on");
  if (wasBroken) send("resync", [{}]);
  wasBroken = false;
}

function later() {
  stop();
  wasBroken = true;
  show(attempts ? "off" : "wait"); // the first new try comes within half a second: no alarm for that
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempts++);
  retry = setTimeout(connect, longest * (0.5 + Math.random() / 2));
}

function reconnectNow() {
  wasBroken = true;
  attempts = 0;
  connect();
}

function onVisibility() {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(stop, HIDDEN_MS);
  else if (!connection) reconnectNow();
}

/* Any byte is a sign of life, a heartbeat comment too. */
function heard(mine) {
  clearTimeout(mine.silence);
  mine.silence = setTimeout(() => connection === mine && later(), SILENCE_MS);
}

async function read(body, mine) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let message = { event: "", data: [], id: null };
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard(mine);
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) message = take(line, message);
  }
}

function take(line, message) {
  if (line === "") {
    if (message.id !== null) cursor = message.id;
    if (message.data.length || message.event) gather(message.event || "message", parse(message.data.join("\n")));
    return { event: "", data: [], id: null };
  }
  const colon = line.indexOf(":");
  if (colon === 0) return message;
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (name === "event") message.event = value;
  else if (name === "data") message.data.push(value);
  else if (name === "id") message.id = value;
  return message;
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return { data };
  }
}

function gather(name, item) {
  const queued = waiting.get(name);
  if (queued) return queued.push(item);
  waiting.set(name, []);
  send(name, [item]);
  setTimeout(() => release(name), GAP_MS);
}

function release(name) {
  const items = waiting.get(name);
  if (!items.length) return waiting.delete(name);
  waiting.set(name, []);
  send(name, items);
  setTimeout(() => release(name), GAP_MS);
}

function send(name, items) {
  document.body.dispatchEvent(new CustomEvent(`live:${name}`, { bubbles: true, detail: { items } }));
}

function show(state) {
  for (const indicator of document.querySelectorAll("[data-live-indicator]")) indicator.dataset.state = state;
}
