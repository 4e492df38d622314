// The reader's words, as the page brought them, and how values, ages and times are written.

let texts = JSON.parse(document.getElementById("words").textContent);
const root = document.documentElement;
const zone = root.dataset.timezone;
let ahead = Number(root.dataset.nowMs) - Date.now();

export function t(key, facts = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
}

// Another language, without the server.
export function useTexts(others) {
  texts = others;
}

export function known(group, name) {
  return texts[`${group}.${name}`] ?? name;
}

// The server's clock: a tablet's own may be minutes off.
export function now() {
  return Date.now() + ahead;
}

export function setClock(nowMs) {
  ahead = nowMs - Date.now();
}

const STEPS = [[86400000, "d"], [3600000, "h"], [60000, "min"], [1000, "s"]];

export function age(spanMs) {
  const span = Math.max(0, spanMs);
  const [size, unit] = STEPS.find(([size]) => span >= size) ?? [1000, "s"];
  return t(`js.age.${unit}`, { n: Math.floor(span / size) });
}

const styles = {
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  minute: { hour: "2-digit", minute: "2-digit" },
  full: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};
const writers = {};

// Plant time. sv-SE writes dates as ISO 8601 does, in every language of the page.
export function time(atMs, style = "full") {
  if (style === "day") return time(atMs).slice(5, 10);
  writers[style] ??= new Intl.DateTimeFormat("sv-SE", { ...styles[style], hourCycle: "h23", timeZone: zone });
  return writers[style].format(atMs);
}

export function valueText(sample, isState) {
  if (sample.value === null) return "–";
  if (sample.text !== null) return sample.text;
  if (typeof sample.value === "boolean") return t(`value.${sample.value}`);
  return isState ? known("state", sample.value) : String(sample.value);
}

export function sign(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "sign");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${root.dataset.signs}#${name}`);
  svg.append(use);
  return svg;
}

export function setSign(parent, name) {
  parent.querySelector(".sign use")?.setAttribute("href", `${root.dataset.signs}#${name}`);
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export function raised(power) {
  return String(power).replace(/\d/g, (digit) => RAISED[digit]).replace("-", "⁻");
}

// A number under the cursor, written as formats.py writes the latest one.
export function numberText(value, { places = null, whole = false, log = false } = {}) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size && (size < 1e-3 || (!whole && size >= 1e7) || (log && size < 0.1))) {
    const [mantissa, power] = value.toExponential(1).split("e");
    return `${mantissa.replace("-", "−")}×10${raised(Number(power))}`;
  }
  let digits = whole && Number.isInteger(value) ? 0 : places;
  digits ??= size ? Math.max(0, 3 - Math.floor(Math.log10(size))) : 0;
  const [integer, fraction] = value.toFixed(digits).replace("-", "−").split(".");
  const grouped = integer.replace("−", "").length > 4 ? integer.replace(/\B(?=(\d{3})+$)/g, "\u202f") : integer;
  return fraction ? `${grouped}.${fraction}` : grouped;
}
