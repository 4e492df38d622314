// The runs of the station on the time axis, each with the lots that were in it; a click leads to them.

import * as timeline from "./timeline.js";
import { t, time } from "./words.js";

// Where a run began or ended, in ms: every chart draws a line there.
export const marks = [];
let runs = [];
let config = null;
const lane = document.createElement("div");
export const box = document.createElement("div");

export function start(given) {
  config = given;
  box.className = "strip station-runs";
  const name = document.createElement("span");
  name.className = "name";
  name.textContent = t("js.runs");
  lane.className = "lane";
  box.append(name, lane);
  box.hidden = true;
}

export async function load(signal) {
  const { view } = timeline;
  const query = new URLSearchParams({
    from: new Date(view.from).toISOString(), to: new Date(view.to).toISOString(), limit: 300,
  });
  try {
    const answer = await fetch(`${config.runs}?${query}`, { signal });
    if (!answer.ok) return;
    runs = (await answer.json()).items.map((run) => ({
      ...run, from: Date.parse(run.opened_at), to: run.closed_at ? Date.parse(run.closed_at) : null,
    }));
  } catch {
    return; // Aborted, or the link is cut: the chip says so.
  }
  marks.splice(0, marks.length, ...runs.flatMap((run) => [run.from, run.to]).filter((at) => at !== null));
  show();
}

function link(className, text, address, title) {
  const made = document.createElement("a");
  made.className = className;
  made.textContent = text;
  made.href = address;
  made.title = title;
  return made;
}

function bar(run) {
  const { from, spanMs } = timeline.view;
  const share = (at) => Math.min(100, Math.max(0, ((at - from) / spanMs) * 100));
  const end = run.to ?? timeline.view.to;
  const made = document.createElement("span");
  made.className = run.to === null ? "run open" : "run";
  made.style.left = `${share(run.from)}%`;
  made.style.width = `${Math.max(share(end) - share(run.from), 0.4)}%`;
  const title = `${run.run}  ${time(run.from)} – ${run.to === null ? "" : time(run.to)}\n${run.lots.join("\n")}`;
  const count = run.count > 1 ? ` (${t("js.runs.lots", { n: run.count })})` : "";
  made.append(link("whole", run.run + count, config.run + run.run, title));
  made.append(...run.lots.map((lot) => link("code", lot, `${config.lot + lot}?run=${run.run}#curves`, title)));
  return made;
}

export function show() {
  const { from, to } = timeline.view;
  const seen = runs.filter((run) => run.from <= to && (run.to ?? to) >= from);
  box.hidden = seen.length === 0;
  lane.replaceChildren(...seen.map(bar));
}

// Behind the lines of a chart: thin lines where runs begin and end.
export function drawMarks(u, stroke) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  for (const at of marks) {
    const x = Math.round(u.valToPos(at, "x", true)) + 0.5;
    if (x < left || x > left + width) continue;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
  }
  ctx.restore();
}
