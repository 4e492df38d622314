// One strip: what a station said in words over time (state, recipe, open or closed).

import { hatch } from "./chart_parts.js";
import * as timeline from "./timeline.js";
import { known, t, time } from "./words.js";

const CALM = ["line-2", "line"];
const STATES = { run: "ink-2", setup: "line-2", hold: "line-2", alarm: "alarm-fill", clean: "line-2", maintenance: "line-2", idle: "line", off: "sunken" };

// What is left of a stretch between the gaps.
function without(part, gaps) {
  let left = [part];
  for (const gap of gaps) {
    left = left.flatMap((piece) => [
      { ...piece, to: Math.min(piece.to, gap.from_ms) }, { ...piece, from: Math.max(piece.from, gap.to_ms) },
    ].filter(({ from, to }) => from < to));
  }
  return left;
}

export class Strip {
  constructor(line) {
    this.line = line;
    this.curve = null;
    this.visible = false;
    this.stale = true;
    this.box = document.createElement("div");
    this.box.className = "strip";
    this.box.dataset.chart = line.name;
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = line.title;
    name.title = line.title;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.addEventListener("mousemove", (event) => {
      const at = timeline.view.from + (event.offsetX / this.canvas.clientWidth) * timeline.view.spanMs;
      const part = this.parts().find(({ from, to }) => from <= at && at < to);
      this.canvas.title = part ? `${part.text}  ${time(part.from)} – ${time(part.to)}` : "";
    });
    this.box.append(name, this.canvas);
  }

  get metrics() {
    return [this.line.name];
  }

  get points() {
    return Math.max(60, Math.floor(this.canvas.clientWidth));
  }

  make() {
    this.show();
  }

  take(curves) {
    [this.curve] = curves;
    this.show();
  }

  append(_metric, sample) {
    if (!this.curve || sample.historical || sample.at_ms <= (this.curve.times_ms.at(-1) ?? 0)) return false;
    this.curve.times_ms.push(sample.at_ms);
    this.curve.values.push(sample.value);
    return true;
  }

  text(value) {
    if (typeof value === "boolean") return t(`value.${value}`);
    return this.line.name === "state" ? known("state", value) : String(value);
  }

  // Stretches of one value, then the gaps over them.
  parts() {
    if (!this.curve) return [];
    const { times_ms: times, values, gaps } = this.curve;
    const parts = [];
    times.forEach((from, at) => {
      const value = values[at];
      if (value === null || parts.at(-1)?.value === value) return;
      if (parts.length) parts.at(-1).to = from;
      parts.push({ from, to: Infinity, value, text: this.text(value) });
    });
    const end = Math.min(timeline.view.to, times.at(-1) === undefined ? 0 : Infinity);
    if (parts.length) parts.at(-1).to = end;
    const missing = gaps.map((gap) => ({ from: gap.from_ms, to: gap.to_ms, gap: true, text: known("js.gap", gap.reason) }));
    return [...missing, ...parts.flatMap((part) => without(part, gaps))];
  }

  show() {
    const ratio = devicePixelRatio;
    const width = (this.canvas.width = this.canvas.clientWidth * ratio);
    const height = (this.canvas.height = 24 * ratio);
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    const { from, spanMs } = timeline.view;
    const across = (at) => ((at - from) / spanMs) * width;
    pen.font = `${12 * ratio}px -apple-system, "Segoe UI", Roboto, Arial, "Noto Sans CJK SC", sans-serif`;
    pen.textBaseline = "middle";
    const parts = this.parts();
    const values = [...new Set(parts.filter((part) => !part.gap).map((part) => part.value))];
    for (const part of parts.toReversed()) {
      const x0 = Math.max(0, across(part.from));
      const x1 = Math.min(width, across(part.to));
      if (x1 <= x0) continue;
      if (part.gap) {
        pen.clearRect(x0, 0, x1 - x0, height);
        pen.fillStyle = hatch(pen, color("ink-3"));
        pen.fillRect(x0, 0, x1 - x0, height);
        continue;
      }
      const fill = this.fill(part.value, values);
      pen.fillStyle = color(fill);
      pen.fillRect(x0, 2 * ratio, Math.max(1, x1 - x0 - ratio), height - 4 * ratio);
      if (pen.measureText(part.text).width + 12 * ratio < x1 - x0) {
        pen.fillStyle = color(fill === "ink-2" ? "raised" : fill === "alarm-fill" ? "on-alarm" : "ink");
        pen.fillText(part.text, x0 + 6 * ratio, height / 2 + ratio / 2);
      }
    }
    const last = parts.findLast((part) => !part.gap);
    this.canvas.setAttribute("aria-label", `${this.line.title}: ${last?.text ?? "–"}`);
  }

  fill(value, values) {
    if (typeof value === "boolean") return value ? "line-2" : "sunken";
    if (this.line.name === "state") return STATES[value] ?? "line";
    return CALM[values.indexOf(value) % CALM.length];
  }
}
