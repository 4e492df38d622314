// The event stream of this page: one connection, closed while nobody looks, resumed where it was.

import { setClock } from "./words.js";

const root = document.documentElement;
const listeners = new Map();
let source = null;
let number = Number(root.dataset.change);

export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, []);
  listeners.get(topic).push(listener);
}

function tell(topic, facts) {
  for (const listener of listeners.get(topic) ?? []) listener(facts);
}

function open() {
  if (source || document.hidden) return;
  const address = new URL(root.dataset.events, location.href);
  address.searchParams.set("since", number);
  if (root.dataset.station) address.searchParams.set("station", root.dataset.station);
  source = new EventSource(address);
  source.addEventListener("hello", (event) => {
    const facts = JSON.parse(event.data);
    setClock(facts.now_ms);
    tell("link", { live: true });
    tell("health", facts.health);
    tell("hello", facts);
  });
  for (const topic of ["samples", "station", "lots", "health", "alarms", "reset"]) {
    source.addEventListener(topic, (event) => tell(topic, JSON.parse(event.data)));
  }
  source.addEventListener("mark", (event) => { number = JSON.parse(event.data).change; });
  source.addEventListener("error", () => {
    tell("link", { live: false });
    // The browser gives up for good on an answer that is no stream, such as "too many pages".
    if (source?.readyState === EventSource.CLOSED) {
      close();
      setTimeout(open, 5000);
      reloadWhenSignedOut();
    }
  });
}

async function reloadWhenSignedOut() {
  try {
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" });
    if (answer.type === "opaqueredirect") location.reload();
  } catch {
    // No network: that is another matter.
  }
}

function close() {
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
addEventListener("pageshow", open);

// A page whose modules all listen by now.
addEventListener("DOMContentLoaded", open);
if (document.readyState === "complete") open();
