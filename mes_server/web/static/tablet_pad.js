// How much: values that are keys, steppers, and a number pad; nothing is typed.

import { t } from "./words.js";
import { button, element } from "./tablet_view.js";
import { grouped } from "./tablet_words.js";

const DIGITS_MAX = 9;
const SCALE = { pieces: 1, mass_mg: 1000 };

// A field after a key of the pad; `fresh`: what it holds is written over.
export function pressed(value, unit, digit, fresh) {
  const before = fresh ? "" : String(Math.round(value / SCALE[unit]));
  const text = digit === "erase" ? before.slice(0, -1) : (before + digit).slice(0, DIGITS_MAX);
  return Number(text || 0) * SCALE[unit];
}

// `third`: the key beside the zero, thousands or the decimal point.
export function pad(press, third = "000") {
  const keys = ["7", "8", "9", "4", "5", "6", "1", "2", "3", third, "0"].map((digit) => button("digit", digit, () => press(digit)));
  const erase = button("digit", "⌫", () => press("erase"));
  erase.setAttribute("aria-label", t("tablet.erase"));
  return element("div", "pad", ...keys, erase);
}

export const unitName = (unit) => t(unit === "mass_mg" ? "tablet.unload.grams" : "tablet.unload.pieces");

// The key of a value: tapped, the pad writes there.
export function valueKey(name, unit, value, chosen, choose) {
  const key = button("value", `${grouped(value / SCALE[unit])} ${unitName(unit)}`, choose);
  key.setAttribute("aria-pressed", String(chosen));
  key.setAttribute("aria-label", `${name} ${key.textContent}`);
  return key;
}

// A name, one less, the pieces, one more.
export function stepper(name, value, step) {
  const [less, more] = [button("square", "−", () => step(-1)), button("square", "+", () => step(1))];
  less.setAttribute("aria-label", `${name}: ${t("tablet.less")}`);
  more.setAttribute("aria-label", `${name}: ${t("tablet.one_more")}`);
  return [element("span", "name", name), less, value, more];
}
