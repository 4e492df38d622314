// Actions sent to the API. Each has an id and a time of its own until an answer came: pressed again after a lost answer
// it is the same action, and is done once.

import { now, t } from "./words.js";

const unanswered = new Map();

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function stampOf(key) {
  if (!unanswered.has(key)) unanswered.set(key, { act_id: newId(), at: new Date(now()).toISOString() });
  return unanswered.get(key);
}

// What the server says to it; an Error with its `lines` when that is no. `signed`: what is not to be remembered.
export async function act(url, body, signed = {}) {
  const key = url + JSON.stringify(body);
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ ...stampOf(key), ...body, ...signed }),
  }).catch(() => {
    throw new Error(t("js.no_answer"));
  });
  const said = await answer.json();
  if (answer.status < 500) unanswered.delete(key);
  if (answer.ok) return said;
  const lines = Array.isArray(said)
    ? said.map((one) => `${one.message} ${one.next}`)
    : [said.detail, ...(said.errors ?? []).map((one) => [one.parameter, one.fault].filter(Boolean).join(": "))];
  throw Object.assign(new Error(lines.join(" ")), { lines });
}
