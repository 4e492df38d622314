// What is done to lots at hand apart from loading them: a part of one, split, merge, scrap, hold.

import { now, t } from "./words.js";
import { lotIn } from "./tablet_codes.js";
import { pad, pressed, stepper, valueKey } from "./tablet_pad.js";
import { closeSheet, heading, picks, reasonsFor } from "./tablet_sheet.js";
import { config, state } from "./tablet_state.js";
import { remember } from "./tablet_store.js";
import { submit } from "./tablet_submit.js";
import { attention } from "./tablet_tell.js";
import { button, element } from "./tablet_view.js";
import { massText } from "./tablet_words.js";

const box = document.getElementById("sheet");
const [SHOWN, ANSWER_MS] = [6, 6000];
const HALF = new Set(["split", "part"]);
const REASONED = new Set(["scrap", "hold"]);
const taskKey = `task:${config.station}`;

// Lots that lie here and are in no run.
export function lotsHere() {
  const found = (state.work?.waiting ?? []).flatMap((group) => group.lots);
  return [...new Map(found.map((lot) => [lot.code, lot])).values()];
}

export class Task {
  // `what`: part, split, merge, scrap or hold. `task`: as it was left; `lot`: the code of one at hand.
  constructor(what, lot = "", task = null) {
    this.box = box;
    this.task = task ?? { what, lots: [], pieces: 0, mass_mg: 0, whole: null, unit: "pieces", fresh: true, byHand: false };
    const only = lotsHere();
    if (task || what === "merge") return; // what is merged is told lot by lot: no lot slips in
    if (lot) this.add(lot);
    else if (only.length === 1) this.add(only[0].code);
  }

  get what() {
    return this.task.what;
  }

  get primary() {
    const { what, lots, pieces, mass_mg: mass } = this.task;
    if (REASONED.has(what) || lots.length < (what === "merge" ? 2 : 1)) return "";
    if (what !== "merge" && !pieces && !mass) return "";
    const much = pieces ? t("tablet.pieces", { n: pieces }) : massText(mass);
    return t(`tablet.task.${what}.do`, { much, n: lots.length });
  }

  act() {
    if (this.primary) this.send();
  }

  command() {
    return false;
  }

  forget() {
    remember(taskKey, null);
  }

  take(code) {
    const lot = lotIn(code);
    if (this.what !== "merge" && this.task.lots.length && this.task.lots[0] !== lot) this.task.lots = [];
    if (!this.task.lots.includes(lot)) this.add(lot);
    this.update();
    return true;
  }

  add(code) {
    this.task.lots.push(code);
    if (this.what === "merge" || this.what === "hold") return;
    const here = lotsHere().find((lot) => lot.code === code);
    if (here) this.measure(here.pieces, here.mass_mg);
    else this.ask(code);
  }

  // A lot that does not wait here: the server knows how much it is. Without it both are told by hand.
  async ask(code) {
    this.measure(null, null);
    try {
      const answer = await fetch(config.lots.replace("CODE", encodeURIComponent(code)), { signal: AbortSignal.timeout(ANSWER_MS) });
      if (!answer.ok || state.form !== this || this.task.lots[0] !== code) return;
      const { amount } = await answer.json();
      this.measure(amount.pieces, amount.mass_mg);
      this.update();
    } catch {
      // told by hand
    }
  }

  measure(pieces, mass) {
    const { task } = this;
    task.whole = pieces === null ? null : { pieces, mass_mg: mass };
    task.unit = pieces === 0 ? "mass_mg" : "pieces";
    Object.assign(task, { fresh: true, byHand: false });
    task.pieces = task.mass_mg = 0;
    if (!task.whole) return;
    if (pieces) this.set("pieces", HALF.has(task.what) ? Math.floor(pieces / 2) : 1);
    else this.set("mass_mg", Math.round(HALF.has(task.what) ? mass / 2 : mass));
  }

  // The mass of pieces follows, until it is told by hand.
  set(unit, value) {
    const { task } = this;
    const most = task.whole?.[unit] || Infinity;
    task[unit] = Math.min(Math.max(0, value), most);
    if (unit === "pieces" && task.whole?.pieces && !task.byHand) task.mass_mg = Math.round((task.whole.mass_mg * task.pieces) / task.whole.pieces);
  }

  send(reason = "") {
    if (!state.who) return attention("tablet.badge_first"); // what was told stays
    const { what, lots, pieces, mass_mg, whole, byHand } = this.task;
    const much = { pieces, mass_mg: pieces && whole && !byHand ? 0 : mass_mg }; // 0: their share
    const [lot] = lots;
    const keys = lots.map((code) => `lot:${code}`);
    closeSheet();
    const at = { station: config.station };
    const address = (verb) => config.lots.replace("CODE", `${encodeURIComponent(lot)}/${verb}`);
    if (what === "part") submit("load", lot, keys, config.scans, { ...at, code: lot, facts: { part: much } });
    if (what === "split") submit("split", lot, keys, address("split"), { ...at, parts: [much] });
    if (what === "scrap") submit("scrap", lot, keys, address("scrap"), { ...at, ...much, reason });
    if (what === "hold") submit("hold", lot, keys, address("hold"), { ...at, reason });
    if (what === "merge") submit("merge", lots.join(" + "), keys, config.lots.replace("CODE", "merge"), { ...at, lots });
  }

  update() {
    remember(taskKey, { ...this.task, at: now() });
    this.draw();
    document.dispatchEvent(new Event("sheet"));
  }

  draw() {
    const { what, lots } = this.task;
    if (what === "merge" || !lots.length) return this.drawLots();
    const title = heading(t(`tablet.task.${what}`), lots[0]);
    const why = REASONED.has(what) ? picks(reasonsFor(what, (reason) => this.send(reason))) : "";
    box.replaceChildren(title, what === "hold" ? why : this.amount(why));
  }

  drawLots() {
    const { what, lots } = this.task;
    const told = lots.map((code) => this.key(code, true));
    const others = lotsHere().filter((lot) => !lots.includes(lot.code)).slice(0, SHOWN).map((lot) => this.key(lot.code, false));
    box.replaceChildren(heading(t(`tablet.task.${what}`)), element("p", "", t(`tablet.task.${what}.scan`)),
      element("div", "row tabs", ...told, ...others));
  }

  key(code, chosen) {
    const key = button("", code, () => {
      if (chosen) this.task.lots = this.task.lots.filter((one) => one !== code);
      else this.add(code);
      this.update();
    });
    key.setAttribute("aria-pressed", String(chosen));
    return key;
  }

  amount(why) {
    const { task } = this;
    const name = t(`tablet.task.${task.what}.much`);
    const value = (unit) => valueKey(name, unit, task[unit], task.unit === unit, () => {
      Object.assign(task, { unit, fresh: true });
      this.update();
    });
    const step = (by) => {
      Object.assign(task, { unit: "pieces", fresh: true });
      this.set("pieces", task.pieces + by);
      this.update();
    };
    const counted = task.whole?.pieces !== 0;
    const cells = counted ? stepper(name, value("pieces"), step) : [element("span", "name", name)];
    const whole = task.whole
      ? t("tablet.task.of", { much: [task.whole.pieces ? t("tablet.pieces", { n: task.whole.pieces }) : "", massText(task.whole.mass_mg)].filter(Boolean).join(" · ") })
      : t("tablet.task.unknown");
    const parts = element("div", "parts", element("p", "sum", whole), element("div", "part", ...cells, value("mass_mg")), why);
    return element("div", "entry", parts, pad((digit) => {
      task.byHand ||= task.unit === "mass_mg";
      this.set(task.unit, pressed(task[task.unit], task.unit, digit, task.fresh));
      task.fresh = false;
      this.update();
    }));
  }
}

// A task that was left when the tab was closed.
export const taskOf = (kept) => new Task(kept.what, "", kept);
export { taskKey };
