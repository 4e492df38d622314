// Tiles follow the event stream; when stations come or go the server draws all of them anew.

import { on } from "./live.js";
import { setSign, t, valueText } from "./words.js";

const plant = document.getElementById("plant");
const REDRAW_EVERY_MS = 30000; // the small curves
let redrawing = false;

function tileOf(station) {
  return plant.querySelector(`[data-station="${CSS.escape(station)}"]`);
}

async function redraw() {
  if (redrawing || document.hidden) return;
  redrawing = true;
  try {
    const answer = await fetch(plant.dataset.tiles, { headers: { Accept: "text/html" } });
    if (answer.redirected) location.reload(); // to sign in
    if (answer.redirected || !answer.ok) return;
    const focused = document.activeElement?.dataset?.station;
    plant.innerHTML = await answer.text();
    if (focused) tileOf(focused)?.focus();
  } catch {
    // The link chip says so.
  } finally {
    redrawing = false;
  }
}

let soon = 0;
function redrawSoon() {
  clearTimeout(soon);
  soon = setTimeout(redraw, 1000);
}

function stand(tile, { look, known, mark, excursions }) {
  tile.dataset.look = look;
  tile.dataset.known = String(known);
  tile.dataset.mark = mark;
  setSign(tile.querySelector(".look"), look);
  tile.querySelector("[data-word]").textContent = t(`state.${look}`);
  const line = tile.querySelector(".mark");
  line.hidden = mark === "none";
  line.dataset.level = mark;
  setSign(line, mark === "alarm" ? "alarm" : "warn");
  if (mark !== "none") line.lastElementChild.textContent = t(`js.mark.${mark}`, { n: excursions });
}

on("station", (standing) => {
  const tile = tileOf(standing.station);
  const { look, mark } = tile?.dataset ?? {};
  if (tile) stand(tile, standing);
  if (look !== standing.look || mark !== standing.mark) redrawSoon(); // the summary counts them
});

on("lots", redrawSoon); // what lies in which station

on("samples", ({ station, samples }) => {
  const tile = tileOf(station);
  if (!tile) return;
  const age = tile.querySelector("time");
  for (const sample of samples) {
    if (sample.at_ms > Number(age.dataset.atMs || 0)) age.dataset.atMs = sample.at_ms;
    const line = tile.querySelector(`[data-metric="${CSS.escape(sample.metric)}"]`);
    if (!line) continue;
    line.dataset.quality = sample.quality;
    line.dataset.band = sample.quality === "good" ? (sample.band ?? "none") : "none";
    line.querySelector(".v").textContent = valueText(sample, false);
  }
});

document.addEventListener("blind", () => {
  for (const tile of plant.querySelectorAll(".tile")) {
    stand(tile, { look: "unknown", known: false, mark: "none", excursions: 0 });
  }
});
document.addEventListener("afresh", redraw);
setInterval(redraw, REDRAW_EVERY_MS);
