// What every page does: ages tick, the link chip and the fault banner tell the truth.

import { on } from "./live.js";
import { age, now, setSign, sign, t, time } from "./words.js";

const CUT_SHOWN_AFTER_MS = 3000;
const CUT_UNKNOWN_AFTER_MS = 15000;
const root = document.documentElement;
const link = document.getElementById("link");
const banner = document.getElementById("banner");
let cutAt = null;

setInterval(() => {
  for (const element of document.querySelectorAll("time[data-at-ms]")) {
    const at = element.dataset.atMs;
    if (at) element.textContent = age(now() - Number(at));
  }
  if (cutAt !== null) showCut();
}, 1000);

function showCut() {
  const gone = Date.now() - cutAt;
  if (gone < CUT_SHOWN_AFTER_MS) return;
  setSign(link, "cut");
  link.dataset.level = "fault";
  link.lastElementChild.textContent = t("js.link.cut", { age: age(gone) });
  if (!banner.querySelector("[data-cut]")) {
    const box = document.createElement("div");
    box.className = "banner";
    box.dataset.cut = "";
    const text = document.createElement("strong");
    text.textContent = t("js.banner.cut", { at: time(cutAt, "second") });
    box.append(sign("fault"), text);
    banner.append(box);
  }
  if (gone > CUT_UNKNOWN_AFTER_MS) document.dispatchEvent(new Event("blind"));
}

on("link", ({ live }) => {
  if (!live) {
    cutAt ??= Date.now();
    return;
  }
  const wasCut = cutAt !== null;
  cutAt = null;
  setSign(link, "live");
  link.dataset.level = "ok";
  link.lastElementChild.textContent = t("js.link.live");
  banner.querySelector("[data-cut]")?.remove();
  if (wasCut) document.dispatchEvent(new Event("afresh"));
});

on("reset", () => document.dispatchEvent(new Event("afresh")));

// The server words the banner and the chip; told again only when the reasons are others.
let told = root.dataset.reasons;
on("health", async (health) => {
  const reasons = JSON.stringify([health.status, health.faults.map((f) => f.reason)]);
  if (reasons === told) return;
  const answer = await fetch(root.dataset.banner, { headers: { Accept: "text/html" } });
  if (answer.redirected) location.reload(); // to sign in
  if (answer.redirected || !answer.ok) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  const cut = banner.querySelector("[data-cut]");
  banner.replaceChildren(...fresh.content.querySelector("#banner").childNodes);
  if (cut) banner.append(cut);
  document.getElementById("condition").replaceWith(fresh.content.querySelector("#condition"));
  told = reasons;
});

// Parts of a page that the server renders anew: <div data-refresh="/nodes/rows" data-every-s="5">.
for (const part of document.querySelectorAll("[data-refresh]")) {
  let shown = "";
  const refresh = async () => {
    if (document.hidden || part.contains(document.activeElement)) return;
    try {
      const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" } });
      if (answer.redirected) location.reload(); // to sign in
      else if (answer.ok) {
        const text = await answer.text();
        if (text !== shown) part.innerHTML = text; // else what somebody opened or typed there stays
        shown = text;
      }
    } catch {
      // The link chip says so.
    }
  };
  setInterval(refresh, Number(part.dataset.everyS) * 1000);
  document.addEventListener("afresh", refresh);
}
