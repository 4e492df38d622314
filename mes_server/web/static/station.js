// The station page: loads what is visible, no finer than its pixels, and follows the event stream.

import { drawChart } from "./chart.js";
import { on } from "./live.js";
import * as runs from "./runs.js";
import { Strip } from "./strip.js";
import * as timeline from "./timeline.js";
import { known, now, setSign, t, time, valueText } from "./words.js";

const config = JSON.parse(document.getElementById("station-config").textContent);
const strips = document.getElementById("strips");
const charts = document.getElementById("charts");
const AT_ONCE = 3;
let drawn = [];
let loading = 0;
let round = new AbortController();

timeline.start(config.spans, config.span, now);
runs.start(config);
strips.before(runs.box);

// -- which metrics -----------------------------------------------------------------------------

function picked() {
  const names = new URLSearchParams(location.search).get("metrics");
  return names ? new Set(names.split(",")) : null;
}

function pick(names) {
  const query = new URLSearchParams(location.search);
  if (names) query.set("metrics", names.join(","));
  else query.delete("metrics");
  history.pushState(null, "", `${location.pathname}?${query}`);
  build();
}

function link(text, title, act) {
  const made = document.createElement("a");
  made.textContent = text;
  made.title = title;
  made.href = "#";
  if (act) made.addEventListener("click", (event) => { event.preventDefault(); act(); });
  return made;
}

const links = {
  only: (chart) => (picked()
    ? link(t("js.chart.all"), "", () => pick(null))
    : link(t("js.chart.only"), t("js.chart.only_title"), () => pick(chart.lines.map((line) => line.name)))),
  csv: (line) => {
    const made = link("CSV", t("js.chart.csv_title", { metric: line.name }));
    made.addEventListener("click", () => {
      const query = new URLSearchParams({
        metric: line.name, from: new Date(timeline.view.from).toISOString(), to: new Date(timeline.view.to).toISOString(),
      });
      made.href = `${config.csv}?${query}`;
    });
    return made;
  },
};

function buildPicker() {
  const picker = document.getElementById("picker");
  const chosen = picked();
  const all = [...config.charts.flatMap((chart) => chart.lines), ...config.strips];
  const boxes = all.map((line) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = line.name;
    box.checked = !chosen || chosen.has(line.name);
    label.append(box, line.title);
    return label;
  });
  const button = document.createElement("button");
  button.className = "button";
  button.type = "button";
  button.textContent = t("js.pick.show");
  button.addEventListener("click", () => {
    const names = boxes.map((label) => label.firstChild).filter((box) => box.checked).map((box) => box.value);
    picker.parentElement.open = false;
    pick(names.length && names.length < all.length ? names : null);
  });
  picker.replaceChildren(...boxes, button);
}

// -- drawing and loading -----------------------------------------------------------------------

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const chart = drawn.find((each) => each.box === entry.target);
    if (!chart) continue;
    chart.visible = entry.isIntersecting;
    if (chart.visible) chart.show();
  }
  load();
}, { rootMargin: "150px" });

function build() {
  const chosen = picked();
  const wanted = (line) => !chosen || chosen.has(line.name);
  watcher.disconnect();
  for (const chart of drawn) chart.uplot?.destroy();
  const shownStrips = config.strips.filter(wanted).map((line) => new Strip(line));
  const shown = config.charts
    .map((chart) => ({ ...chart, lines: chart.lines.filter(wanted) }))
    .filter((chart) => chart.lines.length)
    .map((chart) => drawChart(chart, links));
  drawn = [...shownStrips, ...shown];
  strips.hidden = shownStrips.length === 0;
  strips.replaceChildren(...shownStrips.map((strip) => strip.box));
  charts.classList.toggle("single", shown.length === 1);
  charts.replaceChildren(...shown.map((chart) => chart.box));
  for (const chart of drawn) {
    chart.make(shown.length === 1);
    watcher.observe(chart.box);
  }
  buildPicker();
  tell();
}

function reload() {
  round.abort();
  round = new AbortController();
  loading = 0;
  for (const chart of drawn) chart.stale = true;
  load();
  loadRuns();
}

async function loadRuns() {
  await runs.load(round.signal);
  for (const chart of drawn) if (chart.visible) chart.uplot?.redraw(false);
}

function load() {
  while (loading < AT_ONCE) {
    const chart = drawn.find((each) => each.visible && each.stale);
    if (!chart) return;
    chart.stale = false;
    loading += 1;
    fetchInto(chart, round.signal);
  }
}

async function fetchInto(chart, signal) {
  const { view } = timeline;
  const lines = chart.chart ? chart.chart.lines : [chart.line];
  // A value holds until the next report: the line enters the picture from the left.
  const lead = Math.min(view.spanMs, 1.5 * Math.max(...lines.map((line) => line.report_ms)));
  const query = new URLSearchParams();
  for (const metric of chart.metrics) query.append("metric", metric);
  query.set("from", new Date(view.from - lead).toISOString());
  query.set("to", new Date(view.to).toISOString());
  query.set("points", chart.points);
  chart.box.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${config.curves}?${query}`, { signal });
    if (answer.ok) chart.take((await answer.json()).curves);
  } catch {
    // Aborted, or the link is cut: the chip says so and the charts load afresh when it is back.
  } finally {
    if (!signal.aborted) {
      loading -= 1;
      chart.box.removeAttribute("aria-busy");
      load();
    }
  }
}

// -- time moves --------------------------------------------------------------------------------

function tell() {
  const { view } = timeline;
  for (const button of document.querySelectorAll("[data-span]")) {
    button.setAttribute("aria-pressed", String(view.name === button.dataset.span));
  }
  document.querySelector('[data-move="live"]').setAttribute("aria-pressed", String(view.live));
  const [from, to] = [time(view.from), time(view.to)];
  const sameDay = from.slice(0, 10) === to.slice(0, 10);
  document.getElementById("shown-span").textContent = sameDay
    ? `${from} – ${to.slice(11)}` : `${from.slice(0, -3)} – ${to.slice(0, -3)}`;
}

function redraw() {
  runs.show();
  for (const chart of drawn) if (chart.visible) chart.show();
  tell();
}

let settling;
timeline.onMove(() => {
  redraw();
  clearTimeout(settling);
  settling = setTimeout(reload, 120);
});

for (const button of document.querySelectorAll("[data-span]")) {
  button.addEventListener("click", () => timeline.showSpan(button.dataset.span));
}
const moves = {
  back: () => timeline.pan(-0.5), on: () => timeline.pan(0.5), live: timeline.goLive,
  in: () => timeline.zoom(0.5), out: () => timeline.zoom(2),
};
for (const button of document.querySelectorAll("[data-move]")) {
  button.addEventListener("click", moves[button.dataset.move]);
}

let slid = 0;
let loaded = Date.now();
let fresh = false;
setInterval(() => {
  if (document.hidden || !timeline.view.live) return;
  const pixel = timeline.view.spanMs / Math.max(200, charts.clientWidth / 2);
  const due = Date.now() - slid >= Math.min(10000, Math.max(500, pixel));
  if (due || fresh) {
    slid = Date.now();
    fresh = false;
    timeline.follow();
    redraw();
  }
  if (Date.now() - loaded >= Math.min(600000, Math.max(10000, timeline.view.spanMs / 60))) {
    loaded = Date.now();
    reload();
  }
}, 500);

// -- what comes --------------------------------------------------------------------------------

function showValue(sample) {
  const row = document.querySelector(`.values tr[data-metric="${CSS.escape(sample.metric)}"]`);
  if (!row) return;
  row.dataset.quality = sample.quality;
  row.dataset.band = sample.quality === "good" ? (sample.band ?? "none") : "none";
  row.querySelector(".v").textContent = valueText(sample, sample.metric === "state");
  const word = sample.reason ? known("js.gap", `bad_${sample.reason}`) : t(`js.quality.${sample.quality}`);
  row.querySelector("[data-quality-word]").textContent = word;
  row.querySelector("time").dataset.atMs = sample.at_ms;
}

on("samples", ({ station, samples }) => {
  if (station !== config.station) return;
  const last = document.querySelector("#standing time");
  for (const sample of samples) {
    if (sample.at_ms > Number(last.dataset.atMs || 0)) last.dataset.atMs = sample.at_ms;
    showValue(sample);
    for (const chart of drawn) {
      if (timeline.view.live && chart.metrics.includes(sample.metric)) {
        fresh = chart.append(sample.metric, sample) || fresh;
      }
    }
  }
});

function stand({ look, known, reason }) {
  const head = document.getElementById("standing");
  head.dataset.look = look;
  head.dataset.known = String(known);
  setSign(head.querySelector(".look"), look);
  head.querySelector("[data-word]").textContent = t(`state.${look}`);
  const why = document.getElementById("why");
  why.hidden = !reason;
  why.textContent = reason ? t(reason) : "";
}

on("station", (standing) => { if (standing.station === config.station) stand(standing); });
document.addEventListener("blind", () => stand({ look: "unknown", known: false, reason: "js.why.cut" }));
document.addEventListener("afresh", () => location.reload());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
addEventListener("popstate", build);
addEventListener("resize", () => {
  for (const chart of drawn) {
    chart.uplot?.setSize({ width: chart.width, height: chart.uplot.height });
    chart.stale = true;
  }
  redraw();
  load();
});

build();
loadRuns();
