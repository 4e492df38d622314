// Forms that post to the API: fields become a body, signatures become badge and PIN, refusals are said in words.

import { act } from "./acts.js";

const day = (value) => `${value}T23:59:59+00:00`;
const yes = (value) => value === "true";
const list = (value) => value.toUpperCase().split(/[\s,;，；、]+/).filter(Boolean);
// A line for each point: what it should read, and what it read.
const points = (value) => value.split("\n").filter((line) => line.trim()).map((line) => {
  const [reference, ...rest] = line.trim().split(/[\s;→]+/);
  return { reference, reading: rest.join(" ") };
});
const KINDS = { pieces: Number, percent: Number, interval_days: Number, until: day, due: day, check: day, done: yes, effective: yes, approved: yes, takes_customer: yes, lots: list, linked: list };
const told = document.getElementById("answer");

function bodyOf(form) {
  const said = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  const body = {};
  const signatures = [];
  const readings = {};
  const ofPoints = (form.dataset.points ?? "").split(" ");
  for (const [name, value] of Object.entries(said)) {
    if (/^(badge|pin)\d$/.test(name)) continue;
    const [parameter, field] = name.split(".");
    if (field) {
      readings[parameter] = { ...readings[parameter], parameter, [field]: value.trim() };
      continue;
    }
    if (ofPoints.includes(name)) body[name] = points(value);
    else body[name] = KINDS[name] ? KINDS[name](value) : value;
  }
  for (const n of [1, 2]) {
    if (said[`badge${n}`]) signatures.push({ badge: said[`badge${n}`], pin: said[`pin${n}`] ?? "", meaning: form.dataset.signed ?? form.dataset.signOne });
  }
  if (form.hasAttribute("data-readings")) body.readings = Object.values(readings);
  if (form.hasAttribute("data-sign-one")) return [body, { signature: signatures[0] }];
  return [body, form.hasAttribute("data-signed") ? { signatures } : {}];
}

async function post(form) {
  for (const key of form.querySelectorAll("button")) key.disabled = true;
  try {
    const said = await act(form.dataset.post, ...bodyOf(form));
    if (form.dataset.goto && said.made.length) return location.assign(`${form.dataset.goto}/${said.made[0]}`);
    return location.reload();
  } catch (error) {
    const lines = error.lines ?? [error.message];
    told.replaceChildren(...lines.map((line) => Object.assign(document.createElement("strong"), { className: "void", textContent: `${line} ` })));
    told.scrollIntoView({ block: "nearest" });
  }
  for (const key of form.querySelectorAll("button")) key.disabled = false;
  for (const pin of form.querySelectorAll("input[type=password]")) pin.value = "";
}

// Also of forms that a part of the page brings later.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-post]")) return;
  event.preventDefault();
  post(event.target);
});
