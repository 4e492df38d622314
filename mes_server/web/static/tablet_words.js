// Both languages at hand: one tap switches, with or without the server, and nothing else changes.

import { known, t, time, useTexts } from "./words.js";

const both = JSON.parse(document.getElementById("both-words").textContent);
const root = document.documentElement;

export const language = () => (root.lang.startsWith("zh") ? "zh" : "en");
export const other = () => (language() === "zh" ? "en" : "zh");

export function speak(wanted) {
  root.lang = wanted === "zh" ? "zh-Hans" : "en";
  useTexts(both[wanted]);
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
  for (const element of document.querySelectorAll("[data-en]")) element.textContent = element.dataset[wanted];
  document.dispatchEvent(new Event("language"));
}

export const titleOf = (titles) => titles[language()] ?? Object.values(titles)[0] ?? "";

const WORDS = { status: "lot_status", gauge_fault: "gauge_fault", state: "qualification", kind: "scan_kind", expected: "scan_kind" };

// As web/refusals.py words them: times in plant time, names by their titles, a dash for what nobody told.
function shown(facts, titles) {
  const said = {};
  for (const [name, value] of Object.entries(facts)) {
    if (name === "at_ms" || name === "since_ms") said[name] = value ? time(Number(value)) : "";
    else if (WORDS[name]) said[name] = value.split(", ").map((word) => known(WORDS[name], word)).join(", ");
    else if (name === "operation" || name === "next") {
      said[name] = value.split(", ").map((code) => (titles[code] ? titleOf(titles[code]) : code)).join(", ");
    } else said[name] = value;
  }
  return new Proxy(said, { get: (known, name) => known[name] || "–" });
}

// What is wrong, and what to do; a rule of a newer server is told in the server's words.
export function reason(refusal, titles = {}) {
  if (!both.en[`refusal.${refusal.rule}`]) return [refusal.message ?? refusal.rule, refusal.next ?? ""];
  const facts = shown(refusal.facts ?? {}, titles);
  return [t(`refusal.${refusal.rule}`, facts), t(`refusal.${refusal.rule}.next`, facts)];
}

const BLANK = "\u202f";

export function grouped(number) {
  const text = String(Math.round(number));
  return text.length > 4 ? text.replace(/\B(?=(\d{3})+$)/g, BLANK) : text;
}

export function massText(mg) {
  if (mg >= 1e6) return `${(mg / 1e6).toFixed(mg >= 1e8 ? 1 : 3)} kg`;
  return `${(mg / 1000).toFixed(mg < 10000 ? 3 : 0)} g`;
}
