// The span that all charts of the page show: in the address, moved by buttons, drag and keys.

const address = new URL(location.href);
const listeners = [];
const SPAN_MIN_MS = 5000;
const SPAN_MAX_MS = 3 * 366 * 86400000;

// span: length in ms while the right edge follows the clock; from, to: otherwise.
export const view = { live: true, spanMs: 3600000, from: 0, to: 0, name: "1h" };
let spans = {};
let opening = "1h";
let clock = Date.now;

export function start(knownSpans, first, now) {
  spans = knownSpans;
  opening = first;
  clock = now;
  read();
}

function read() {
  const query = new URLSearchParams(location.search);
  const from = Date.parse(query.get("from"));
  const to = Date.parse(query.get("to"));
  if (from < to) {
    Object.assign(view, { live: false, from, to, spanMs: to - from, name: "" });
  } else {
    const name = query.get("span") in spans ? query.get("span") : opening;
    Object.assign(view, { live: true, name, spanMs: spans[name] * 1000 });
    follow();
  }
}

export function onMove(listener) {
  listeners.push(listener);
}

// While live, the right edge is now.
export function follow() {
  if (!view.live) return;
  view.to = clock();
  view.from = view.to - view.spanMs;
}

function moved(replace) {
  const query = new URLSearchParams(location.search);
  for (const name of ["span", "from", "to"]) query.delete(name);
  if (view.live) {
    query.set("span", view.name);
  } else {
    query.set("from", new Date(view.from).toISOString());
    query.set("to", new Date(view.to).toISOString());
  }
  const target = `${address.pathname}?${query}`;
  if (replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  for (const listener of listeners) listener();
}

export function showSpan(name) {
  const spanMs = spans[name] * 1000;
  if (view.live) {
    Object.assign(view, { name, spanMs });
    follow();
  } else {
    const middle = (view.from + view.to) / 2;
    let to = middle + spanMs / 2;
    Object.assign(view, { name: "", spanMs });
    if (to >= clock()) Object.assign(view, { live: true, name });
    view.to = to;
    view.from = to - spanMs;
    follow();
  }
  moved();
}

export function showRange(from, to, replace = false) {
  const spanMs = Math.min(SPAN_MAX_MS, Math.max(SPAN_MIN_MS, to - from));
  const middle = (from + to) / 2;
  Object.assign(view, { live: false, name: "", spanMs, from: middle - spanMs / 2, to: middle + spanMs / 2 });
  moved(replace);
}

export function goLive() {
  const fits = Object.entries(spans).find(([, seconds]) => seconds * 1000 >= view.spanMs);
  const name = view.name || (fits ?? Object.entries(spans).at(-1))[0];
  Object.assign(view, { live: true, name, spanMs: spans[name] * 1000 });
  follow();
  moved();
}

export function pan(share, replace = false) {
  const by = view.spanMs * share;
  if (view.to + by >= clock() && share > 0) goLive();
  else showRange(view.from + by, view.to + by, replace);
}

export function zoom(factor, at = (view.from + view.to) / 2, replace = false) {
  showRange(at - (at - view.from) * factor, at + (view.to - at) * factor, replace);
}

addEventListener("popstate", () => {
  read();
  for (const listener of listeners) listener();
});
