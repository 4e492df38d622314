// A page about lots when they change: drawn anew by itself, unless somebody is doing something on it.
// Then it only says so, and what was begun stays until they ask for the new one.

import { on } from "./live.js";

const EVERY_MS = 2000;
const changed = document.getElementById("changed");
let part = document.querySelector("[data-fresh]");
let values = valuesOf(part);
let waiting = null;
let fresh = null;

function fields(of) {
  return [...of.querySelectorAll("input:not([type=hidden]), select, textarea")];
}

function valuesOf(of) {
  return fields(of).map((field) => field.value);
}

// Somebody has typed or chosen something, has opened a form, or is about to type.
function busy() {
  if (part.dataset.by === "hand" || part.querySelector("details.act[open]")) return true;
  if (fields(part).includes(document.activeElement)) return true;
  return valuesOf(part).some((value, at) => value !== values[at]);
}

// `lots`: codes of lots and runs that changed; null: any may have.
function heard(lots) {
  const shown = part.dataset.fresh.split(" ");
  if (lots && part.dataset.fresh !== "" && !lots.some((code) => shown.includes(code))) return;
  waiting ??= setTimeout(look, EVERY_MS);
}

async function look() {
  waiting = null;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) return location.reload(); // to sign in
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    fresh = page.querySelector("[data-fresh]");
  } catch {
    return; // The link chip says so; it is looked for again when the line is back.
  }
  if (fresh === null) return location.reload();
  if (fresh.textContent === part.textContent) return; // it was about something else
  if (busy()) changed.hidden = false;
  else draw();
}

function draw() {
  const boxes = [...part.querySelectorAll(".wide")].map((box) => [box.scrollLeft, box.scrollTop]);
  const open = [...part.querySelectorAll("details:not(.act)")].map((one) => one.open);
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  fresh = document.importNode(fresh, true);
  part.replaceWith(fresh);
  part = fresh;
  values = valuesOf(part);
  changed.hidden = true;
  part.querySelectorAll(".wide").forEach((box, at) => {
    if (boxes[at]) [box.scrollLeft, box.scrollTop] = boxes[at];
  });
  part.querySelectorAll("details:not(.act)").forEach((one, at) => { one.open = open[at] ?? false; });
  if (focused) part.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

changed.querySelector("button").addEventListener("click", draw);
on("lots", (facts) => heard(facts.lots));
on("hello", (facts) => { if (facts.ledger !== Number(part.dataset.ledger)) heard(null); });
document.addEventListener("afresh", () => heard(null));
