// Draws what the tablet knows: the last outcome, what lies here, what waits for the server. Decides nothing.

import { known, now, setSign, sign, t, time, valueText } from "./words.js";
import { massText, reason, titleOf } from "./tablet_words.js";

const byId = (id) => document.getElementById(id);
const LOTS_SHOWN = 6;
const SIGNS = { ok: "ok", wait: "cut", refused: "alarm", attention: "warn", read: "live" };

export function element(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

export function button(className, text, pressed) {
  const made = element("button", `key ${className}`, text);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}

// One outcome: shape, word, colour; every reason with what to do. `lines`: texts or [text, next]; `keys`: [text, act].
export function drawOutcome({ kind, word, code = "", lines = [], keys = [] }) {
  const box = byId("outcome");
  box.hidden = false;
  box.dataset.kind = kind;
  setSign(box, SIGNS[kind]);
  byId("outcome-word").textContent = word;
  byId("outcome-code").textContent = code;
  byId("outcome-text").replaceChildren(...lines.map((line) => {
    const [text, next] = [line].flat();
    return element("li", "", text, ...(next ? [element("strong", "", ` ${next}`)] : []));
  }));
  byId("outcome-keys").replaceChildren(...keys.map(([text, act]) => button("", text, act)));
  byId("outcome-keys").hidden = !keys.length;
  box.classList.remove("flash");
  void box.offsetWidth;
  box.classList.add("flash");
}

export function hideOutcome() {
  byId("outcome").hidden = true;
}

export function drawWho(badge) {
  const who = byId("who");
  who.dataset.level = badge ? "ok" : "warn";
  setSign(who, badge ? "ok" : "warn");
  byId("who-text").textContent = badge || t("tablet.nobody");
  who.setAttribute("aria-label", badge ? `${badge} · ${t("tablet.sign_out")}` : t("tablet.nobody"));
}

export function drawChip(link, waiting, review) {
  const chip = byId("chip");
  const parts = [t(`tablet.chip.${link}`)];
  if (waiting) parts.push(t("tablet.chip.waiting", { n: waiting }));
  if (review) parts.push(t("tablet.chip.review", { n: review }));
  chip.dataset.level = review ? "fault" : waiting || link === "offline" ? "warn" : link === "online" ? "ok" : "wait";
  chip.dataset.link = link;
  chip.dataset.waiting = waiting;
  chip.dataset.review = review;
  setSign(chip, review ? "warn" : link === "online" ? "live" : "cut");
  byId("chip-text").textContent = parts.join(" · ");
}

function lotItem(lot, pressed) {
  const facts = [lot.grade, lot.part, lot.pieces ? t("tablet.pieces", { n: lot.pieces }) : "", massText(lot.mass_mg)];
  const code = element("span", "code", lot.code);
  const details = element("span", "quiet", [lot.position, ...facts].filter(Boolean).join(" · "));
  const inside = [element("span", "lot", code, details)];
  if (lot.holds.length) {
    inside.push(element("span", "held", sign("warn"), `${t("tablet.hold")}: ${lot.holds.join("; ")}`));
  }
  const item = element("li", "");
  item.dataset.lot = lot.code;
  if (pressed) {
    const key = button("lot-key", "", () => pressed(lot.code));
    key.append(...inside);
    item.append(key);
  } else item.append(...inside);
  return item;
}

// A part is drawn anew only when it says something else: a key stays where a glove presses it.
const drawn = new Map();
function isAsDrawn(part, ...facts) {
  const said = JSON.stringify([document.documentElement.lang, ...facts]);
  if (drawn.get(part) === said) return true;
  drawn.set(part, said);
  return false;
}

const note = (text) => element("li", "quiet note", text);

// `work`: what the server said last; `stale`: it cannot be asked now; null: it never was.
export function drawWork(work, badge, stale, pressed) {
  if (isAsDrawn("work", work && { ...work, at: stale && work.at }, badge, stale)) return;
  const run = work?.run;
  byId("run").textContent = run ? `${run.code} · ${titleOf(run.operation.title) || run.operation.code}` : "";
  const inside = run ? run.lots.map((lot) => lotItem(lot)) : [note(t("tablet.running.none"))];
  byId("running").replaceChildren(...inside);
  const groups = work?.waiting ?? [];
  const waiting = groups.flatMap((group) => group.lots.map((lot) => [group, lot]));
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  byId("waiting-count").textContent = count ? String(count) : "";
  const shown = [];
  let title = "";
  for (const [group, lot] of waiting.slice(0, LOTS_SHOWN)) {
    const name = `${titleOf(group.operation.title)} · ${group.route}`;
    if (name !== title) shown.push(element("li", "group quiet", name));
    title = name;
    shown.push(lotItem(lot, (code) => pressed(code, group.operation.code)));
  }
  const left = count - Math.min(waiting.length, LOTS_SHOWN);
  if (left > 0) shown.push(note(t("tablet.more", { n: left })));
  if (!count) shown.push(note(t("tablet.waiting.none")));
  if (stale && work) shown.push(note(t("tablet.as_of", { at: time(Date.parse(work.at)) })));
  byId("waiting").replaceChildren(...shown);
  drawNext(work, badge, stale);
}

// What stands at the station itself, where there is something.
export function drawLine(work) {
  if (isAsDrawn("line", work?.mounted, work?.locked, work?.help_since, work?.reviews)) return;
  const lines = [];
  if (work?.locked) lines.push(element("li", "held", sign("alarm"), t("tablet.locked", { why: work.locked })));
  if (work?.help_since) lines.push(element("li", "held", sign("warn"), t("tablet.help.since", { at: time(Date.parse(work.help_since), "minute") })));
  if (work?.reviews) lines.push(element("li", "", t("tablet.reviews", { n: work.reviews })));
  for (const [role, what] of Object.entries(work?.mounted ?? {})) {
    lines.push(element("li", "", `${known("tablet.role", role)} `, element("b", "id", what)));
  }
  byId("line").hidden = !lines.length;
  byId("line").replaceChildren(...lines);
}

// The one thing to do: the server says it; without it only that scans are kept.
function drawNext(work, badge, stale) {
  const next = !badge ? { do: "sign_in", lot: "" } : !work || stale ? { do: "unknown", lot: "" } : work.next;
  const box = byId("next");
  box.dataset.do = next.do;
  byId("next-word").textContent = t(`tablet.next.${next.do}`);
  byId("next-code").textContent = next.lot;
}

export function drawQueue(waiting, review, titles, onSeen) {
  if (isAsDrawn("queue", waiting, review, titles)) return;
  const lines = review.map((item) => {
    const told = (item.refusals ?? []).map((refusal) => {
      const [text, next] = reason(refusal, titles);
      return element("p", "", text, element("strong", "", ` ${next}`));
    });
    const line = element("li", "review", heading(item), ...told);
    line.append(button("", t("tablet.queue.seen"), () => onSeen(item)));
    return line;
  });
  for (const item of waiting) {
    const why = item.stuck === "401" ? t("tablet.queue.sign_in")
      : item.stuck ? t("tablet.queue.stuck", { why: item.stuck }) : t("tablet.queue.waiting");
    lines.push(element("li", "", heading(item), element("p", "quiet", why)));
  }
  if (!lines.length) lines.push(note(t("tablet.queue.none")));
  byId("queue-items").replaceChildren(...lines);
}

const heading = (item) =>
  element("p", "", element("b", "code", item.label), ` ${t(`tablet.kind.${item.kind}`)} · ${time(item.at)} · ${item.body.badge}`);

export function drawUndo(undo) {
  const left = undo ? undo.until - now() : 0;
  byId("undo").hidden = left <= 0;
  if (left <= 0) return;
  byId("undo-text").textContent = t("tablet.undo", { what: undo.label });
  byId("undo-left").textContent = t("tablet.undo_left", { n: Math.ceil(left / 1000) });
  byId("undo-bar").value = left;
}

// Live values; without fresh data they look unknown, never normal.
export function drawSamples(samples) {
  for (const sample of samples) {
    const line = document.querySelector(`.values [data-metric="${CSS.escape(sample.metric)}"]`);
    if (!line) continue;
    line.dataset.quality = sample.quality;
    line.dataset.band = sample.quality === "good" ? (sample.band ?? "none") : "none";
    line.querySelector(".v").textContent = valueText(sample, false);
  }
}

export function drawStanding({ look, known: isKnown }) {
  const box = byId("standing");
  box.dataset.known = String(isKnown);
  box.dataset.look = look;
  setSign(box.querySelector(".look"), look);
  const word = box.querySelector(".look b");
  word.dataset.t = `state.${look}`;
  word.textContent = known("state", look);
}
