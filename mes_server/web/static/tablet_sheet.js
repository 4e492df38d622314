// One thing at a time lies over the lots: it hears scans first and says what the large key does.
//
// A sheet has: box, draw(), take(code) → was it for this one, primary: text of the large key or "", act(),
// command(name) → was it for this one.

import { t } from "./words.js";
import { state } from "./tablet_state.js";
import { button, element, hideOutcome } from "./tablet_view.js";

const box = document.getElementById("sheet");
const redraw = () => document.dispatchEvent(new Event("sheet"));

export function openSheet(sheet) {
  if (state.form) leaveSheet();
  state.form = sheet;
  hideOutcome();
  sheet.box.hidden = false;
  sheet.draw();
  redraw();
}

function leaveSheet() {
  state.form.box.hidden = true;
  state.form.box.replaceChildren();
  state.form = null;
}

export function closeSheet() {
  if (!state.form) return;
  state.form.forget?.();
  leaveSheet();
  redraw();
}

export function heading(text, code = "") {
  return element("h2", "", text, ...(code ? [" ", element("span", "code", code)] : []));
}

export function picks(options) {
  return element("div", "picks", ...options.map(([text, chosen, note]) => {
    const key = button("pick", "", chosen);
    key.append(element("span", "", text), ...(note ? [element("span", "quiet", note)] : []));
    return key;
  }));
}

// A question with a few answers, each a large key. `make`: title, code and options in the language of the moment.
export class Pick {
  constructor(make) {
    Object.assign(this, { box, make, primary: "" });
  }

  take() {
    return false;
  }

  command() {
    return false;
  }

  draw() {
    const { title, code, options, note } = this.make();
    box.replaceChildren(heading(title, code), note ? element("p", "quiet", note) : "", picks(options));
  }
}

// Reasons are picked, and the ledger gets them in both languages, whoever picked them.
const both = JSON.parse(document.getElementById("both-words").textContent);

export function reasonsFor(what, chosen) {
  const prefix = `tablet.why.${what}.`;
  return Object.keys(both.en).filter((key) => key.startsWith(prefix)).map((key) =>
    [t(key), () => chosen(`${both.en[key]} / ${both.zh[key]}`)]);
}
