// While the sheet of a check that takes a gauge is open: asks every second what the gauges of this station sent.

import { config, state } from "./tablet_state.js";

const [EVERY_MS, ANSWER_MS] = [1000, 6000];
let asking = false;

async function ask(sheet) {
  const { plan, characteristic } = sheet.item;
  const said = { plan, characteristic, gauge: sheet.gauge, ...(sheet.after === null ? {} : { after: sheet.after }) };
  const query = new URLSearchParams(Object.entries(said).filter(([, value]) => value !== ""));
  const answer = await fetch(`${config.gauge_lines}?${query}`, { signal: AbortSignal.timeout(ANSWER_MS) });
  if (!answer.ok) return;
  const { last, items } = await answer.json();
  if (state.form !== sheet) return;
  sheet.after = last;
  for (const line of items) sheet.hear(line);
}

async function turn() {
  const sheet = state.form;
  if (asking || document.hidden || !sheet?.listens) return;
  asking = true;
  try {
    await ask(sheet);
  } catch {
    // without the server there are no lines: the pad is there
  }
  asking = false;
}

// What was sent before the sheet was open is of something else: the first answer only says where that ends.
export function listenToGauges() {
  setInterval(turn, EVERY_MS);
  document.addEventListener("sheet", () => {
    if (state.form?.after === null) turn();
  });
}
