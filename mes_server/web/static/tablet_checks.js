// What the control plan asks for here: the list of due checks, the sheet of one, an instruction to be read.

import { now, sign, t } from "./words.js";
import { pad } from "./tablet_pad.js";
import { closeSheet, heading } from "./tablet_sheet.js";
import { byId, config, state } from "./tablet_state.js";
import { remember } from "./tablet_store.js";
import { submit } from "./tablet_submit.js";
import { attention } from "./tablet_tell.js";
import { button, element } from "./tablet_view.js";
import { reason, titleOf } from "./tablet_words.js";

const box = document.getElementById("sheet");
const [SHOWN, DIGITS_MAX, ANSWER_MS] = [5, 12, 6000];
const SIGNS = { due: "live", missed: "alarm", out: "alarm", unread: "warn" };
export const checkKey = `check:${config.station}`;

// What the server says is due; without an answer, what it said before.
export async function askDue() {
  try {
    const answer = await fetch(config.due, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (answer.ok) state.due = await answer.json();
  } catch {
    // as it was
  }
}

const open = (due) => [
  ...(due?.instructions ?? []).filter((one) => !one.read),
  ...(due?.items ?? []).filter((one) => one.state !== "done" && one.state !== "conceded"),
];

export function specText({ lower, upper, unit, sample, kind }) {
  if (kind === "attribute") return t("tablet.check.pieces", { n: sample });
  const limits = lower && upper ? `${lower} – ${upper}` : lower ? `≥ ${lower}` : `≤ ${upper}`;
  return `${limits} ${unit} · ${sample} ×`;
}

let drawn = "";
export function drawChecks(due, pressed) {
  const items = open(due);
  byId("checks").hidden = !items.length || Boolean(state.form);
  const said = JSON.stringify([document.documentElement.lang, items]);
  if (said === drawn) return;
  drawn = said;
  byId("checks-count").textContent = String(items.length);
  const rank = (one) => (one.text ? 1 : { missed: 0, out: 0, due: 2 }[one.state]);
  const shown = [...items].sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN);
  const more = items.length - shown.length;
  byId("checks-items").replaceChildren(...shown.map((one) => line(one, pressed)),
    ...(more > 0 ? [element("li", "quiet note", t("tablet.more", { n: more }))] : []));
}

function line(item, pressed) {
  const what = item.text ? "unread" : item.state;
  const key = button("lot-key", "", () => pressed(item));
  const about = item.text ? item.name : [item.lot || item.run, specText(item)].filter(Boolean).join(" · ");
  key.append(element("span", "lot", element("b", "", titleOf(item.title)), element("span", "quiet", about)),
    element("span", what === "due" ? "quiet" : "held", sign(SIGNS[what]), t(`tablet.due.${what}`)));
  const made = element("li", "", key);
  made.dataset.check = item.characteristic ?? item.name;
  made.dataset.state = what;
  return made;
}

// One check: readings by the pad, by the gauge itself, a gauge by scan, or pieces good and bad.
// `lines`: of each value the number of the gauge line that it is, 0 for what a person wrote.
export class CheckSheet {
  constructor(item, kept = null) {
    const values = Array(item.kind === "attribute" ? 0 : item.sample).fill("");
    const lines = values.map(() => 0);
    Object.assign(this, { box, item, at: 0, gauge: "", values, lines, sample: item.sample, rejected: 0, unit: "rejected", ...kept });
    Object.assign(this, { after: null, heard: null });
  }

  get listens() {
    return Boolean(this.item.gauge) && this.values.length > 0;
  }

  get primary() {
    const whole = this.values.every((value) => value && !value.endsWith("."));
    return whole && (!this.item.gauge || this.gauge) ? t("tablet.check.record") : "";
  }

  act() {
    if (!this.primary) return;
    if (!state.who) return attention("tablet.badge_first");
    const { item, gauge, values, lines, sample, rejected } = this;
    const readings = values.map((value, i) => ({ value, position: item.positions[i] ?? "", ...(lines[i] ? { line: lines[i] } : {}) }));
    const source = lines.length && lines.every(Boolean) ? "serial" : "tablet";
    const about = item.lot ? { lot: item.lot } : item.run ? { run: item.run } : { plan: item.plan, part: item.part };
    const counted = item.kind === "attribute" ? { sample, rejected } : {};
    const keys = [`check:${item.characteristic}`, ...(item.lot ? [`lot:${item.lot}`] : [])];
    closeSheet();
    submit("check", titleOf(item.title), keys, config.checks,
      { station: config.station, characteristic: item.characteristic, gauge, readings, source, ...about, ...counted });
  }

  command() {
    return false;
  }

  forget() {
    remember(checkKey, null);
  }

  // Here a scan is the gauge, or what a gauge types: a figure.
  take(code) {
    const figure = code.trim().replace(",", ".");
    if (/^[+-]?\d+(\.\d+)?$/.test(figure) && this.values.length) this.fill(code.trim());
    else this.gauge = code.trim().toUpperCase();
    this.update();
    return true;
  }

  fill(value, line = 0) {
    this.values[this.at] = line ? value : value.slice(0, DIGITS_MAX);
    this.lines[this.at] = line;
    this.fresh = false;
    this.next();
  }

  // A line of a gauge: the server has said whether it may be taken. It goes where somebody tapped, else to what is empty.
  hear(line) {
    const full = !this.fresh && this.values.every(Boolean);
    const value = `${line.value} ${line.unit}`.trim();
    // Two gauges may have sent something in the same second: the first of them is the gauge of this check.
    const other = this.gauge && this.gauge !== line.gauge && !line.refusals.length;
    if (other) line.refusals = [{ rule: "gauge_line_is_of_gauge", facts: { gauge: line.gauge, value, asked: this.gauge } }];
    this.heard = { line, value, full };
    if (!line.refusals.length && !full) {
      if (!this.fresh) this.next();
      this.gauge = line.gauge;
      this.fill(line.value, line.number);
    }
    this.update();
  }

  next() {
    const empty = this.values.findIndex((one) => !one);
    this.at = empty < 0 ? this.at : empty;
  }

  update() {
    const { item, at, gauge, values, lines, sample, rejected, unit } = this;
    remember(checkKey, { item, kept: { at, gauge, values, lines, sample, rejected, unit }, at: now() });
    this.draw();
    document.dispatchEvent(new Event("sheet"));
  }

  draw() {
    const { item } = this;
    const facts = [specText(item), titleOf(item.method), item.gauge ? t("tablet.check.gauge_type", { type: item.gauge }) : ""];
    const told = [
      heading(titleOf(item.title), item.lot || item.run),
      element("p", "", facts.filter(Boolean).join(" · ")),
      ...(item.state === "out" ? [element("p", "held", sign("alarm"), titleOf(item.reaction))] : []),
      ...(item.gauge ? [this.gaugeLine()] : []),
      ...(this.listens ? [this.told()] : []),
    ];
    box.replaceChildren(...told, item.kind === "attribute" ? this.pieces() : this.readings());
  }

  gaugeLine() {
    if (this.gauge) return element("p", "", t("tablet.check.gauge"), " ", element("b", "code", this.gauge));
    return element("p", "held", sign("warn"), t("tablet.check.scan_gauge"));
  }

  // What the gauge sent last: taken, or why not, in words.
  told() {
    const { heard } = this;
    const made = element("p", "quiet", t("tablet.check.listens"));
    made.id = "heard";
    made.setAttribute("role", "status");
    if (!heard) return made;
    const { line, value, full } = heard;
    if (line.refusals.length) {
      made.className = "held";
      made.replaceChildren(sign("warn"), line.refusals.flatMap((one) => reason(one)).join(" "));
    } else if (full) made.textContent = t("tablet.check.full", { gauge: line.gauge, value });
    else made.textContent = t("tablet.check.from", { gauge: line.gauge, line: line.text });
    return made;
  }

  readings() {
    const keys = this.values.map((value, i) => {
      const key = button("value", value || "–", () => { this.at = i; this.fresh = true; this.update(); });
      const name = this.item.positions[i] ?? String(i + 1);
      key.setAttribute("aria-pressed", String(i === this.at));
      const by = this.lines[i] ? t("tablet.check.by_gauge") : "";
      key.setAttribute("aria-label", [name, value || t("tablet.check.empty"), by].filter(Boolean).join(" "));
      key.dataset.line = this.lines[i] || "";
      return element("div", "part", element("span", "name", name), by ? element("span", "quiet", by) : "", key);
    });
    const digits = pad((digit) => this.press(digit), ".");
    return element("div", "entry", element("div", "parts", ...keys), digits);
  }

  press(digit) {
    const before = this.fresh ? "" : this.values[this.at];
    this.fresh = false;
    this.lines[this.at] = 0;
    if (digit === "erase") this.values[this.at] = before.slice(0, -1);
    else if (digit !== "." || (before && !before.includes("."))) this.values[this.at] = (before + digit).slice(0, DIGITS_MAX);
    this.update();
  }

  pieces() {
    const row = (name, unit) => {
      const step = (by) => { this[unit] = Math.max(0, this[unit] + by); this.update(); };
      const value = button("value", String(this[unit]), () => {});
      value.setAttribute("aria-label", `${t(name)} ${this[unit]}`);
      const [less, more] = [button("square", "−", () => step(-1)), button("square", "+", () => step(1))];
      less.setAttribute("aria-label", `${t(name)}: ${t("tablet.less")}`);
      more.setAttribute("aria-label", `${t(name)}: ${t("tablet.one_more")}`);
      return element("div", "part", element("span", "name", t(name)), less, value, more);
    };
    return element("div", "parts", row("tablet.check.looked_at", "sample"), row("tablet.check.bad", "rejected"));
  }
}

// A check that was left when the tab was closed.
export const checkOf = (kept) => new CheckSheet(kept.item, kept.kept);

// An instruction: read here, and acknowledged.
export class ReadSheet {
  constructor(item) {
    Object.assign(this, { box, item });
  }

  get primary() {
    return t("tablet.read.acknowledge");
  }

  act() {
    const { name } = this.item;
    closeSheet();
    submit("acknowledge", name, [`read:${name}`], config.acknowledge, { station: config.station, instruction: name });
  }

  take() {
    return false;
  }

  command() {
    return false;
  }

  draw() {
    box.replaceChildren(heading(titleOf(this.item.title), this.item.name),
      ...titleOf(this.item.text).split("\n").map((text) => element("p", "", text)));
  }
}
