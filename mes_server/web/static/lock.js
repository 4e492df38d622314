// A screen that nobody touches goes to the sign-in page; the server has ended the session by then.
// Before it goes, the page hears "locking" and may keep what was not finished.

const root = document.documentElement;
const idleMs = Number(root.dataset.idleMs);
const SHARE = 8; // how often a touched screen tells the server, in parts of the idle time
let touched = false;
let toldAt = performance.now();
let timer = null;

async function ask(address, method) {
  try {
    return await fetch(address, { method, redirect: "manual" });
  } catch {
    return null; // no network: the link chip says so, and the server keeps the time
  }
}

function go() {
  document.dispatchEvent(new Event("locking"));
  location.assign(root.dataset.signIn);
}

async function look() {
  const answer = await ask(root.dataset.left, "GET");
  if (answer?.type === "opaqueredirect" || answer?.status === 401) return go();
  const left = answer?.ok ? (await answer.json()).left_ms : idleMs / SHARE;
  wait(Math.max(left, 500));
}

function wait(ms) {
  clearTimeout(timer);
  timer = setTimeout(look, ms);
}

async function touch() {
  touched = true;
  if (performance.now() - toldAt < idleMs / SHARE) return;
  touched = false;
  toldAt = performance.now();
  await ask(root.dataset.stay, "POST");
}

for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touch, { passive: true });
// A last touch that came soon after the one that was told.
setInterval(() => { if (touched) touch(); }, idleMs / SHARE);
wait(idleMs);
