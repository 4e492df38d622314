// Forms that post to the API: fields become a body, signatures become badge and PIN, refusals are said in words.

import { now } from "./words.js";

const day = (value) => `${value}T23:59:59+00:00`;
const yes = (value) => value === "true";
const list = (value) => value.toUpperCase().split(/[\s,;，；、]+/).filter(Boolean);
const KINDS = { pieces: Number, until: day, due: day, check: day, done: yes, effective: yes, approved: yes, takes_customer: yes, lots: list, linked: list };
const told = document.getElementById("answer");

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bodyOf(form) {
  const said = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  const body = { act_id: newId(), at: new Date(now()).toISOString() };
  const signatures = [];
  const readings = {};
  for (const [name, value] of Object.entries(said)) {
    if (/^(badge|pin)\d$/.test(name)) continue;
    const [parameter, field] = name.split(".");
    if (field) {
      readings[parameter] = { ...readings[parameter], parameter, [field]: value.trim() };
      continue;
    }
    body[name] = KINDS[name] ? KINDS[name](value) : value;
  }
  for (const n of [1, 2]) {
    if (said[`badge${n}`]) signatures.push({ badge: said[`badge${n}`], pin: said[`pin${n}`] ?? "", meaning: form.dataset.signed ?? form.dataset.signOne });
  }
  if (form.hasAttribute("data-readings")) body.readings = Object.values(readings);
  if (form.hasAttribute("data-sign-one")) return { ...body, signature: signatures[0] };
  return form.hasAttribute("data-signed") ? { ...body, signatures } : body;
}

async function post(form) {
  for (const key of form.querySelectorAll("button")) key.disabled = true;
  try {
    const answer = await fetch(form.dataset.post, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(bodyOf(form)),
    });
    const said = await answer.json();
    if (answer.ok && form.dataset.goto && said.made.length) return location.assign(`${form.dataset.goto}/${said.made[0]}`);
    if (answer.ok) return location.reload();
    const lines = Array.isArray(said) ? said.map((one) => `${one.message} ${one.next}`) : [said.detail, ...(said.errors ?? []).map((one) => `${one.parameter}: ${one.fault}`)];
    told.replaceChildren(...lines.map((line) => Object.assign(document.createElement("strong"), { className: "void", textContent: `${line} ` })));
  } catch (error) {
    told.textContent = String(error.message);
  }
  for (const key of form.querySelectorAll("button")) key.disabled = false;
  for (const pin of form.querySelectorAll("input[type=password]")) pin.value = "";
}

for (const form of document.querySelectorAll("form[data-post]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    post(form);
  });
}
