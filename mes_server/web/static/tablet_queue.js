// Sends what waits: in order, one after the other, each with the id it was made with. A stuck item holds
// back only what concerns the same lot. The server answers an id once, so sending it twice does no harm.

import { addItem, changeItem, itemsThatAre } from "./tablet_store.js";

const AGAIN_MS = 4000;
const ANSWER_MS = 15000;
const LOCK = "lodestone-tablet-queue";
const tabs = new BroadcastChannel(LOCK);
let running = null;
let again = false;

// Told to every tab of this tablet: something of the queue is other than it was.
function tell() {
  document.dispatchEvent(new Event("queue"));
  tabs.postMessage("queue");
}

tabs.onmessage = () => document.dispatchEvent(new Event("queue"));

// Keep an item { kind, id, keys, at, url, body } and begin to send; answers its number.
export async function keep(item) {
  const seq = await addItem(item);
  tell();
  send();
  return seq;
}

export const keptMark = (seq) => changeItem(seq, (item) => (item.state === "waiting" ? { kept: true } : {})).then(tell);
export const seen = (seq) => changeItem(seq, () => ({ state: "seen" })).then(tell);

// What waits from before this page was opened: nobody looks at its answer by itself.
export async function markAllKept() {
  for (const item of await itemsThatAre("waiting")) await changeItem(item.seq, () => ({ kept: true }));
}

// A backup of the server was restored: what it had, it is given again. It answers what it still knows.
export async function sendAllAgain() {
  for (const item of await itemsThatAre("done")) {
    await changeItem(item.seq, () => ({ state: "waiting", kept: true }));
  }
  tell();
  send();
}

export function send() {
  again = true;
  running ??= replayAll().finally(() => { running = null; });
  return running;
}

// Resolves when nothing more can be sent now.
export const settled = () => running ?? Promise.resolve();

async function replayAll() {
  while (again) {
    again = false;
    await (navigator.locks ? navigator.locks.request(LOCK, replay) : replay());
  }
}

async function replay() {
  const blocked = new Set();
  for (const item of await itemsThatAre("waiting")) {
    const free = !item.keys.some((key) => blocked.has(key));
    const found = free ? await ask(item) : null;
    if (found === "gone") return;
    if (found?.state) {
      await changeItem(item.seq, (row) => ({ ...found, state: stateOf(found, row), stuck: "" }));
    } else {
      for (const key of item.keys) blocked.add(key);
      if (found) await changeItem(item.seq, () => found);
    }
    tell();
  }
}

const stateOf = (found, row) => (found.state === "done" ? "done" : row.kept ? "review" : "refused");

// "gone": there is no server; { stuck }: it cannot take this now; { state, … }: it has answered.
async function ask(item) {
  try {
    const answer = await fetch(item.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(item.body),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.ok) return { state: "done", answer: await answer.json() };
    if (answer.status === 409) return { state: "no", refusals: await answer.json() };
    if ([400, 404, 413].includes(answer.status)) {
      const { detail, errors = [] } = await answer.json();
      const told = errors.map((e) => ({ rule: "", message: `${e.parameter} ${e.fault}`, next: e.next_step }));
      return { state: "no", refusals: told.length ? told : [{ rule: "", message: detail }] };
    }
    return { stuck: String(answer.status) };
  } catch {
    return "gone";
  }
}

setInterval(async () => {
  if ((await itemsThatAre("waiting")).length) send();
}, AGAIN_MS);
addEventListener("online", send);
