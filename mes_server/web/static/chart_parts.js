// Behind the lines: how far the axis reaches, its labels, normal bands, alarm limits, hatched gaps.

import { numberText, raised, time } from "./words.js";

const FONT = "11px -apple-system, 'Segoe UI', Roboto, Arial, 'Noto Sans CJK SC', sans-serif";
const BAND_TIMES = 4; // the axis reaches for a band up to so many times as tall as the data

export function rangeOf(chart, low, high) {
  const bounds = [...(chart.normal ?? []), ...(chart.alarm ?? [])].filter((b) => b !== null);
  if (low === null || high === null) {
    [low, high] = bounds.length > 1 ? [Math.min(...bounds), Math.max(...bounds)] : [chart.log ? 0.1 : 0, 1];
    return chart.log && low <= 0 ? [1e-3, Math.max(high, 1)] : [low, high];
  }
  if (chart.log) return [10 ** Math.floor(Math.log10(low) - 0.05), 10 ** Math.ceil(Math.log10(high) + 0.05)];
  const span = Math.max(high - low, Math.abs(high) * 0.01, 1e-6);
  const flat = high === low; // nothing to zoom in on: its place in the band says most
  for (const bound of chart.normal ?? []) {
    if (bound !== null && (flat || Math.max(high, bound) - Math.min(low, bound) <= BAND_TIMES * span)) {
      low = Math.min(low, bound);
      high = Math.max(high, bound);
    }
  }
  const margin = Math.max((high - low) * 0.07, span * 0.07, high === low ? span : 0);
  return [low - margin, high + margin];
}

export function axes(color, log) {
  const common = {
    stroke: color("ink-3"), font: FONT,
    grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line"), width: 1, size: 4 },
  };
  return [
    { ...common, size: 24, space: 64, values: (_u, splits, _axis, _space, step) => timeLabels(splits, step) },
    {
      ...common, size: 58, space: log ? 22 : 26, gap: 4,
      grid: log ? { ...common.grid, filter: powersOnly } : common.grid,
      ticks: log ? { ...common.ticks, filter: powersOnly } : common.ticks,
      values: (_u, splits) => splits.map((v) => label(v, splits, log)),
    },
  ];
}

function powersOnly(_u, splits) {
  return splits.map((v) => (isPower(v) ? v : null));
}

function isPower(value) {
  return value !== null && Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}

function label(value, splits, log) {
  if (value === null) return "";
  if (!log) return numberText(Number(value.toPrecision(6)), { places: placesOf(splits) });
  if (!isPower(value)) return "";
  return value < 0.1 || value > 1e4 ? `10${raised(Math.round(Math.log10(value)))}` : numberText(value, { places: value < 1 ? 1 : 0 });
}

function placesOf(splits) {
  const known = splits.filter((v) => v !== null);
  const step = known.length > 1 ? Math.abs(known[1] - known[0]) : 1;
  let places = 0;
  while (places < 6 && Math.abs(step * 10 ** places - Math.round(step * 10 ** places)) > 1e-6) places += 1;
  return places;
}

function timeLabels(splits, step) {
  let day = "";
  return splits.map((at) => {
    const date = time(at, "day");
    if (step >= 86400000) return time(at).slice(step >= 28 * 86400000 ? 0 : 5, step >= 28 * 86400000 ? 7 : 10);
    const clock = time(at, step < 60000 ? "second" : "minute");
    const turned = day !== "" && date !== day;
    day = date;
    return turned && clock.startsWith("00:00") ? date : clock;
  });
}

export function drawBehind(u, chart, gaps, color) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  if (chart.normal) {
    const [low, high] = chart.normal;
    const y0 = high === null ? top : u.valToPos(high, "y", true);
    const y1 = low === null || (chart.log && low <= 0) ? top + height : u.valToPos(low, "y", true);
    ctx.fillStyle = color("band");
    ctx.fillRect(left, y0, width, y1 - y0);
  }
  ctx.strokeStyle = color("alarm-fill");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const bound of chart.alarm ?? []) {
    if (bound === null || (chart.log && bound <= 0)) continue;
    const y = Math.round(u.valToPos(bound, "y", true)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
  }
  ctx.setLineDash([]);
  ctx.fillStyle = hatch(ctx, color("ink-3"));
  const drawn = new Set();
  for (const gap of gaps) {
    const key = `${gap.from_ms} ${gap.to_ms}`;
    if (drawn.has(key)) continue;
    drawn.add(key);
    const from = u.valToPos(gap.from_ms, "x", true);
    const to = u.valToPos(gap.to_ms, "x", true);
    ctx.fillRect(from, top, Math.max(to - from, 2 * devicePixelRatio), height);
  }
  ctx.restore();
}

export function hatch(ctx, stroke) {
  const size = 8 * devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext("2d");
  pen.strokeStyle = stroke;
  pen.globalAlpha = 0.5;
  pen.lineWidth = devicePixelRatio;
  pen.beginPath();
  for (const at of [-size / 2, size / 2, size * 1.5]) {
    pen.moveTo(at - size / 2, size);
    pen.lineTo(at + size / 2, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, "repeat");
}

