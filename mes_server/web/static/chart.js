// One chart: lines with their bands, envelopes and gaps, drawn by uPlot. It decides nothing.

import { axes, drawBehind, rangeOf } from "./chart_parts.js";
import { drawMarks } from "./runs.js";
import * as timeline from "./timeline.js";
import { known, numberText, t, time } from "./words.js";
import uPlot from "./vendor/uplot.js";

const HEIGHT = 148;
const HEIGHT_SINGLE = 420;
const DASH = [5, 4];

export function drawChart(chart, links) {
  return new Chart(chart, links);
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

class Chart {
  constructor(chart, links) {
    this.chart = chart;
    this.curves = new Map();
    this.visible = false;
    this.stale = true;
    this.box = element("article", "card chart");
    this.box.dataset.chart = chart.key;
    const header = element("header");
    const title = element("h3", "", chart.title);
    if (chart.unit) title.append(" ", element("span", "unit", chart.unit));
    const end = element("span", "end");
    end.append(links.only(chart), ...chart.lines.slice(0, 1).map(links.csv));
    header.append(title, end);
    this.readout = element("div", "readout");
    this.plot = element("div", "plot");
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "img");
    this.box.append(header, this.readout, this.plot);
    this.plot.addEventListener("keydown", (event) => this.key(event));
  }

  get metrics() {
    return this.chart.lines.map((line) => line.name);
  }

  get width() {
    return Math.max(120, Math.floor(this.plot.clientWidth));
  }

  // Pixels that can show a point: nobody asks the server for more.
  get points() {
    return Math.max(60, this.width - 78);
  }

  make(single) {
    this.uplot?.destroy();
    const style = getComputedStyle(document.documentElement);
    this.color = (name) => style.getPropertyValue(`--${name}`).trim();
    const series = [{}];
    const bands = [];
    this.chart.lines.forEach((line, at) => {
      const stroke = this.color(`curve-${at + 1}`);
      const setPoint = /(^|_)setpoint_/.test(line.name) && this.chart.lines.length > 1;
      const paths = line.stepped || setPoint ? uPlot.paths.stepped({ align: 1 }) : uPlot.paths.linear();
      const hidden = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
      bands.push({ series: [series.length + 2, series.length + 1], fill: `${stroke}38` });
      series.push(
        { label: line.title, stroke, width: 1.5, paths, dash: setPoint ? DASH : undefined, points: { show: isolated, size: 4, fill: stroke } },
        { ...hidden, paths }, { ...hidden, paths },
      );
    });
    const size = { width: this.width, height: single ? HEIGHT_SINGLE : HEIGHT };
    this.uplot = new uPlot({
      ...size,
      ms: 1,
      legend: { show: false },
      padding: [6, 20, 0, 0],
      scales: {
        x: { time: true, range: () => [timeline.view.from, timeline.view.to] },
        y: { distr: this.chart.log ? 3 : 1, range: (_u, low, high) => rangeOf(this.chart, low, high) },
      },
      series,
      bands,
      axes: axes(this.color, this.chart.log),
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: 6 },
        points: { size: 6 },
        sync: { key: "station", scales: ["x", null], filters: { pub: onlyMoves, sub: onlyMoves } },
        bind: { dblclick: () => () => timeline.zoom(4) },
      },
      hooks: {
        drawClear: [(u) => drawBehind(u, this.chart, this.gaps(), this.color), (u) => drawMarks(u, this.color("ink-3"))],
        setSelect: [(u) => this.selected(u)],
        setCursor: [() => this.read()],
      },
    }, this.data(), this.plot);
    touch(this.uplot);
    this.read();
    this.name();
  }

  name() {
    this.plot.setAttribute("aria-label", t("js.chart.label", {
      title: this.chart.title, from: time(timeline.view.from), to: time(timeline.view.to),
    }));
  }

  take(curves) {
    for (const curve of curves) this.curves.set(curve.metric, curve);
    this.show();
  }

  // A sample that just came; the next load puts it in its place among the others.
  append(metric, sample) {
    const curve = this.curves.get(metric);
    if (!curve || sample.historical || sample.at_ms <= (curve.times_ms.at(-1) ?? 0)) return false;
    curve.times_ms.push(sample.at_ms);
    curve.values.push(sample.value);
    curve.lows?.push(sample.value);
    curve.highs?.push(sample.value);
    const last = curve.gaps.at(-1);
    if (last?.reason === "silent" && last.open) last.to_ms = sample.at_ms;
    return true;
  }

  show() {
    if (!this.uplot) return;
    this.uplot.setData(this.data());
    this.read();
    this.name();
  }

  gaps() {
    return this.chart.lines.flatMap((line) =>
      (this.curves.get(line.name)?.gaps ?? []).map((gap) => ({ ...gap, title: line.title })));
  }

  data() {
    const lines = this.chart.lines.map((line) => withGaps(this.curves.get(line.name), this.chart.log));
    const times = [...new Set(lines.flatMap((line) => line.times))].sort((a, b) => a - b);
    const place = new Map(times.map((at, index) => [at, index]));
    const columns = [times];
    for (const line of lines) {
      for (const values of [line.values, line.lows, line.highs]) {
        const column = new Array(times.length);
        if (values) line.times.forEach((at, index) => { column[place.get(at)] = values[index]; });
        columns.push(column);
      }
    }
    return columns;
  }

  selected(u) {
    if (u.select.width < 6) return;
    const from = u.posToVal(u.select.left, "x");
    const to = u.posToVal(u.select.left + u.select.width, "x");
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    timeline.showRange(from, to);
  }

  key(event) {
    const moves = {
      ArrowLeft: () => timeline.pan(-0.25), ArrowRight: () => timeline.pan(0.25),
      "+": () => timeline.zoom(0.5), "-": () => timeline.zoom(2), Home: () => timeline.goLive(),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  // Under the cursor, else the latest.
  read() {
    const index = this.uplot?.cursor.idx;
    const pointed = this.uplot && this.uplot.cursor.left >= 0 && index !== null && index !== undefined;
    const atMs = pointed ? this.uplot.posToVal(this.uplot.cursor.left, "x") : null;
    const parts = this.chart.lines.map((line, at) => {
      const key = element("span", "key");
      const swatch = element("i", `swatch swatch-${at + 1}`);
      const value = element("b", "", numberText(this.valueAt(line.name, atMs), { ...line, log: this.chart.log }));
      key.append(swatch, this.chart.lines.length > 1 ? `${line.label} ` : "", value);
      return key;
    });
    if (pointed) {
      parts.unshift(element("span", "at", time(atMs)));
      const gap = this.gaps().find((each) => each.from_ms <= atMs && atMs <= each.to_ms);
      if (gap) parts.push(element("span", "gap", gapText(gap, this.chart.lines.length > 1)));
    }
    this.readout.replaceChildren(...parts);
  }

  valueAt(metric, atMs) {
    const curve = this.curves.get(metric);
    if (!curve?.times_ms.length) return null;
    if (atMs === null) return curve.values.at(-1);
    if (curve.gaps.some((gap) => gap.from_ms < atMs && atMs < gap.to_ms)) return null;
    const times = curve.times_ms;
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= atMs) low = middle + 1;
      else high = middle;
    }
    return low ? curve.values[low - 1] : null;
  }
}

function gapText(gap, named) {
  const reason = known("js.gap", gap.reason);
  const span = `${time(gap.from_ms, "second")}–${time(gap.to_ms, "second")}`;
  return named ? `${gap.title}: ${reason} (${span})` : `${reason} (${span})`;
}

function onlyMoves(type) {
  return type === "mousemove" || type === "mouseleave" || type === "mouseenter";
}

// Points are drawn only where no line reaches them.
function isolated(u, seriesIndex, from, to) {
  return (to - from) < 60 && u.data[seriesIndex].filter((v) => v !== null && v !== undefined).length < 2;
}

// null breaks a line; where a gap lies, a null is put in.
function withGaps(curve, log) {
  if (!curve) return { times: [], values: [], lows: null, highs: null };
  const drawn = (value) => (typeof value !== "number" || (log && value <= 0) ? null : value);
  const times = curve.times_ms.slice();
  const rows = [curve.values, curve.lows, curve.highs].map((row) => row && row.map(drawn));
  for (const gap of curve.gaps) {
    const index = times.findIndex((at) => at > gap.from_ms);
    if (index < 0 || (times[index] < gap.to_ms && gap.reason !== "silent")) continue;
    times.splice(index, 0, gap.from_ms + 1);
    for (const row of rows) row?.splice(index, 0, null);
  }
  return { times, values: rows[0], lows: rows[1], highs: rows[2] };
}

// One finger moves the span, two change its length, the wheel does with Ctrl.
function touch(u) {
  const fingers = new Map();
  u.over.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.shiftKey) {
      fingers.set(event.pointerId, event.clientX);
      u.over.setPointerCapture(event.pointerId);
    }
  });
  u.over.addEventListener("mousedown", (event) => { if (event.shiftKey) event.stopImmediatePropagation(); }, true);
  u.over.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    const width = u.over.clientWidth;
    const by = event.clientX - fingers.get(event.pointerId);
    if (Math.abs(by) < 4) return;
    const others = [...fingers].filter(([id]) => id !== event.pointerId);
    if (others.length) {
      const apart = Math.abs(event.clientX - others[0][1]);
      const before = Math.abs(fingers.get(event.pointerId) - others[0][1]);
      timeline.zoom(Math.min(2, Math.max(0.5, before / Math.max(20, apart))), undefined, true);
    } else {
      timeline.pan(-by / width, true);
    }
    fingers.set(event.pointerId, event.clientX);
  });
  for (const type of ["pointerup", "pointercancel"]) {
    u.over.addEventListener(type, (event) => fingers.delete(event.pointerId));
  }
  u.over.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const at = u.posToVal(event.offsetX, "x");
    timeline.zoom(event.deltaY > 0 ? 1.5 : 1 / 1.5, at, true);
  }, { passive: false });
}
