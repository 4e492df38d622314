// Parts of a page that the server draws anew while samples come: <div data-redraw="address">.

import { on } from "./live.js";

const EVERY_MS = 5000;
const parts = document.querySelectorAll("[data-redraw]");
let due = null;

async function redraw(part) {
  try {
    const answer = await fetch(part.dataset.redraw, { headers: { Accept: "text/html" } });
    if (answer.redirected) return location.reload(); // to sign in
    if (!answer.ok) return;
    const held = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    part.innerHTML = await answer.text();
    if (held) part.querySelector(`[href="${CSS.escape(held)}"]`)?.focus();
  } catch {
    // The link chip says so.
  }
}

function soon() {
  due ??= setTimeout(() => {
    due = null;
    if (!document.hidden) parts.forEach(redraw);
  }, EVERY_MS);
}

on("samples", soon);
on("station", soon);
on("lots", soon);
on("reset", soon);
document.addEventListener("visibilitychange", soon);
