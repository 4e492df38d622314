// What came out of a run, lot by lot, told with steppers and a number pad: nothing is typed.
//
// The form reckons what follows from the lot (all of it is product until something else is told);
// whether it adds up is the server's to say.

import { t } from "./words.js";
import { pad, pressed, stepper, valueKey } from "./tablet_pad.js";
import { closeSheet, openSheet } from "./tablet_sheet.js";
import { config, state } from "./tablet_state.js";
import { itemsThatAre, remember } from "./tablet_store.js";
import { submit } from "./tablet_submit.js";
import { attention } from "./tablet_tell.js";
import { button, element } from "./tablet_view.js";
import { grouped } from "./tablet_words.js";

const PARTS = ["product", "scrap", "coupons", "swarf"];
const form = document.getElementById("unload");
export const draftKey = `draft:${config.station}`;

function newDraft(run) {
  return {
    run: run.code,
    counted: run.operation.counted,
    at: 0,
    field: "scrap.pieces",
    fresh: true,
    lots: run.lots.map((lot) => ({
      lot: lot.code,
      pieces: lot.pieces,
      mass_mg: lot.mass_mg,
      product: { pieces: lot.pieces, mass_mg: lot.mass_mg },
      scrap: { pieces: 0, mass_mg: 0 },
      coupons: { pieces: 0, mass_mg: 0 },
      swarf: { pieces: 0, mass_mg: 0 }, // weighed alone: nobody counts chips
      touched: [],
    })),
  };
}

export function fits(draft, run) {
  if (!draft.lots.every((lot) => PARTS.every((part) => lot[part]))) return false; // of an older version
  const inside = run?.lots.map((lot) => lot.code).join();
  return draft.run === run?.code && draft.lots.map((lot) => lot.lot).join() === inside;
}

// As POST /api/v1/runs/…/unload wants it.
const outcomesOf = (draft) =>
  draft.lots.map(({ lot, product, scrap, coupons, swarf }) => ({ lot, product, scrap, coupons, swarf }));

// What was not told by hand follows: mass by pieces, product by what is left.
function follow(lot, counted) {
  const byHand = (name) => lot.touched.includes(name);
  for (const part of ["scrap", "coupons"]) {
    if (!byHand(`${part}.mass_mg`) && lot.pieces) {
      lot[part].mass_mg = Math.round((lot.mass_mg * lot[part].pieces) / lot.pieces);
    }
  }
  const rest = (name) => Math.max(0, lot[name] - lot.scrap[name] - lot.coupons[name] - lot.swarf[name]);
  if (!byHand("product.pieces") && (counted || lot.pieces)) lot.product.pieces = rest("pieces");
  if (!byHand("product.mass_mg")) lot.product.mass_mg = rest("mass_mg");
}

class Unloading {
  // `changed` hears of every change of the draft: it is kept. `done`: everything is told.
  constructor(draft, changed, done) {
    Object.assign(this, { box: form, draft, changed, act: done });
  }

  get primary() {
    return t("tablet.unload.done");
  }

  command(name) {
    if (name !== "SCRAP") return false;
    this.step("scrap", 1);
    return true;
  }

  get lot() {
    return this.draft.lots[this.draft.at];
  }

  set(name, value) {
    const [part, unit] = name.split(".");
    if (!this.lot.touched.includes(name)) this.lot.touched.push(name);
    this.lot[part][unit] = Math.max(0, value);
    follow(this.lot, this.draft.counted);
    this.update();
  }

  step(part, by) {
    this.draft.field = `${part}.pieces`;
    this.draft.fresh = true;
    this.set(`${part}.pieces`, this.lot[part].pieces + by);
  }

  press(digit) {
    const [part, unit] = this.draft.field.split(".");
    const value = pressed(this.lot[part][unit], unit, digit, this.draft.fresh);
    this.draft.fresh = false;
    this.set(this.draft.field, value);
  }

  // A lot of the run was scanned, by its code or a label that holds it: tell of that one.
  take(code) {
    const at = this.draft.lots.findIndex((lot) => code.toUpperCase().includes(lot.lot));
    if (at < 0) return false;
    this.go(at);
    return true;
  }

  go(at) {
    this.draft.at = at;
    this.draft.fresh = true;
    this.update();
  }

  update() {
    this.changed(this.draft);
    this.draw();
  }

  draw() {
    const { draft, lot } = this;
    const tabs = element("div", "row tabs", ...draft.lots.map((one, at) => {
      const tab = button("", one.lot, () => this.go(at));
      tab.setAttribute("aria-pressed", String(at === draft.at));
      return tab;
    }));
    const rest = lot.mass_mg - PARTS.reduce((sum, part) => sum + lot[part].mass_mg, 0);
    const line = (label, pieces, grams, name) => element("p", `sum ${name}`, `${label} `,
      element("b", "", `${grouped(pieces)} ${t("tablet.unload.pieces")}`), " ",
      element("b", "", `${grouped(grams / 1000)} ${t("tablet.unload.grams")}`));
    const restPieces = lot.pieces - PARTS.reduce((sum, part) => sum + lot[part].pieces, 0);
    form.replaceChildren(
      element("h2", "", t("tablet.unload.lot", { n: draft.at + 1, of: draft.lots.length }), " ", element("span", "code", lot.lot)),
      draft.lots.length > 1 ? tabs : "",
      element("div", "entry",
        element("div", "parts", line(t("tablet.unload.in"), lot.pieces, lot.mass_mg, "in"),
          ...PARTS.map((part) => this.row(part)), line(t("tablet.unload.rest"), restPieces, rest, "rest")),
        pad((digit) => this.press(digit))),
    );
  }

  row(part) {
    if (part === "swarf") return element("div", "part", element("span", "name", t("tablet.unload.swarf")), this.value(part, "mass_mg"));
    const cells = stepper(t(`tablet.unload.${part}`), this.value(part, "pieces"), (by) => this.step(part, by));
    cells.at(-1).dataset.more = part;
    return element("div", "part", ...cells, this.value(part, "mass_mg"));
  }

  value(part, unit) {
    const field = `${part}.${unit}`;
    const key = valueKey(t(`tablet.unload.${part}`), unit, this.lot[part][unit], this.draft.field === field, () => {
      this.draft.field = field;
      this.draft.fresh = true;
      this.update();
    });
    key.dataset.field = field;
    return key;
  }
}

export async function openUnload(draft) {
  if ((await itemsThatAre("waiting")).length) return attention("tablet.unload.waits");
  if (!state.work?.run) return attention("tablet.running.none");
  const unloading = new Unloading(draft ?? newDraft(state.work.run), (changed) => remember(draftKey, changed), unloadAll);
  unloading.forget = () => remember(draftKey, null);
  openSheet(unloading);
}

function unloadAll() {
  if (!state.who) return attention("tablet.badge_first");
  const { draft } = state.form;
  const keys = [`run:${draft.run}`, ...draft.lots.map((lot) => `lot:${lot.lot}`)];
  const url = config.unload.replace("CODE", encodeURIComponent(draft.run));
  submit("unload", draft.run, keys, url, { station: config.station, lots: outcomesOf(draft) });
  closeSheet();
}
