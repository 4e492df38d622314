// The station tablet: hears codes, keeps what is to be sent, tells every outcome four ways.

import { on } from "./live.js";
import { now, setClock, t } from "./words.js";
import { closeCamera, openCamera } from "./tablet_camera.js";
import { askDue, CheckSheet, checkOf, checkKey, drawChecks, ReadSheet } from "./tablet_checks.js";
import { cardOf, lotIn } from "./tablet_codes.js";
import { listenToGauges } from "./tablet_gauge.js";
import { markAllKept, seen, send, sendAllAgain } from "./tablet_queue.js";
import { keepPage, speakTo, switchLanguage, switchTheme, wearAsBefore } from "./tablet_looks.js";
import { closeGate, Gate, leave, watch } from "./tablet_people.js";
import { testSounds } from "./tablet_sound.js";
import { forgetOld, itemsThatAre, loadItem, recall, remember } from "./tablet_store.js";
import { byId, config, root, state, titles } from "./tablet_state.js";
import { submit } from "./tablet_submit.js";
import { Task, taskKey, taskOf } from "./tablet_lots.js";
import { closeSheet, openSheet } from "./tablet_sheet.js";
import { callHelp, chooseOperation, clearLine, offerMount, openMenu, stopLine, waysOut } from "./tablet_station.js";
import { draftKey, fits, openUnload } from "./tablet_unload.js";
import { attention, tell, tellAgain, tellAnswer } from "./tablet_tell.js";
import { drawChip, drawLine, drawQueue, drawSamples, drawStanding, drawUndo, drawWho, drawWork, hideOutcome } from "./tablet_view.js";
import { listen } from "./tablet_wedge.js";
import { reason } from "./tablet_words.js";

const [TWICE_MS, ANSWER_MS, ASK_MS] = [500, 6000, 5000];

// -- what is sent ---------------------------------------------------------------------------

// `operation`: of the list that was tapped; else the worker is asked where several may come next.
function scan(code, operation = "") {
  if (state.form?.take(code)) return;
  if (!state.who) return attention("tablet.badge_first");
  if (!operation && offerMount(code, () => load(code))) return;
  load(code, operation);
}

function load(code, operation = "") {
  const lot = lotIn(code);
  state.hand = lot;
  const groups = (state.work?.waiting ?? []).filter((group) => group.lots.some((one) => one.code === lot));
  if (!operation && !state.work?.run && groups.length > 1) {
    return chooseOperation(code, groups.map((group) => group.operation), (chosen) => load(code, chosen));
  }
  const chosen = groups.length > 1 ? { operation } : {};
  submit("load", code.slice(0, 40), [`lot:${lot}`], config.scans, { station: config.station, code, ...chosen });
}

function undo() {
  if (!state.undo || state.undo.until < now()) {
    attention("tablet.nothing_to_undo");
    return;
  }
  const { id, label, keys } = state.undo;
  submit("undo", label, keys, config.undo.replace("SCAN", id), {});
}

const primary = () => (state.form ? state.form.act?.() : openUnload());

// -- what is done to lots and to the station --------------------------------------------------

function beginTask(what) {
  if (!state.who) return attention("tablet.badge_first");
  const free = !state.work?.run?.lots.some((lot) => lot.code === state.hand);
  openSheet(new Task(what, free ? state.hand : ""));
}

const asSomebody = (act) => () => (state.who ? act() : attention("tablet.badge_first"));

// -- codes ----------------------------------------------------------------------------------

const COMMANDS = {
  OK: () => (byId("primary").hidden ? hideOutcome() : primary()),
  CANCEL: () => (byId("gate").hidden ? (state.form ? closeSheet() : hideOutcome()) : closeGate()),
  UNDO: undo,
  UNLOAD: () => unloadNow(),
  PART: () => beginTask("part"),
  SPLIT: () => beginTask("split"),
  MERGE: () => beginTask("merge"),
  SCRAP: () => beginTask("scrap"),
  HOLD: () => beginTask("hold"),
  CLEAR: asSomebody(clearLine),
  HELP: asSomebody(callHelp),
  LEAVE: () => signOut(),
};
const MENU = ["PART", "SPLIT", "MERGE", "SCRAP", "HOLD", "CLEAR", "HELP"];

function command(name, code) {
  if (state.form?.command(name)) return;
  (COMMANDS[name] ?? (() => attention("tablet.command_unknown", { code })))();
}

let before = { code: "", at: -Infinity };
// Right after a load the run may not be known here yet: then the server is asked first.
const unloadNow = () => (state.work?.run ? openUnload() : ask().then(() => openUnload()));

function heard(code, operation = "", atMs = performance.now()) {
  closeCamera();
  const twice = code === before.code && atMs - before.at < TWICE_MS;
  before = { code, at: atMs };
  const { kind, name } = cardOf(code);
  if (twice) tell("attention", "attention", () => ({ word: t("tablet.attention"), code: name, lines: [t("tablet.already")] }));
  else if (kind === "badge") signIn(name);
  else if (kind === "station") goTo(name);
  else if (kind === "command") command(name, code);
  else if (kind === "misread") tell("refused", "refused", () => ({ word: t("tablet.refused"), code: name, lines: [reason({ rule: "code_is_misread", facts: { code: name } })] }));
  else scan(code, operation);
}

// A card names its station in capitals and without underscores.
function goTo(name) {
  if (name === config.station.toUpperCase().replaceAll("_", "-")) attention("tablet.here_already");
  else location.assign(config.tablet.replace("STATION", encodeURIComponent(name)));
}

// -- who ------------------------------------------------------------------------------------

function signIn(badge) {
  if (badge === state.who) return become(badge, "in");
  if (state.link === "offline") return become(badge, "unproven");
  state.gate = new Gate(config, badge, (how) => become(badge, how));
}

async function become(badge, how) {
  state.gate = null;
  state.who = badge;
  state.turn += 1;
  await remember("who", badge);
  await speakTo(badge);
  const proven = how === "in";
  tell(proven ? "ok" : "wait", proven ? "accepted" : "attention", () => (
    { word: badge, lines: [t(proven ? "tablet.welcome" : "tablet.unproven", { badge })] }));
  await ask();
  send();
}

async function signOut() {
  if (!state.who) return;
  state.who = "";
  state.turn += 1;
  await Promise.all([remember("who", ""), leave(config)]);
  tell("attention", null, () => ({ word: t("tablet.sign_out"), lines: [t("tablet.bye")] }));
  ask();
}

// The server says who is signed in here: another tab, an administrator or the clock may have ended it.
function isNow(badge) {
  if (badge === state.who) return;
  state.who = badge;
  remember("who", badge);
}

// -- drawing --------------------------------------------------------------------------------

const blind = () => drawStanding({ look: "unknown", known: false });

async function draw() {
  const [waiting, review] = await Promise.all([itemsThatAre("waiting"), itemsThatAre("review")]);
  drawWho(state.who);
  drawChip(state.link, waiting.length, review.length);
  drawQueue(waiting, review, titles(), (item) => seen(item.seq));
  drawWork(state.work, state.who, state.stale, (code, operation) => heard(code, operation));
  drawLine(state.work);
  drawChecks(state.due, openCheck);
  drawKeys();
}

function openCheck(item) {
  if (!state.who) return attention("tablet.badge_first");
  openSheet(item.text ? new ReadSheet(item) : new CheckSheet(item));
}

function drawKeys() {
  const { form } = state;
  if (form) byId("checks").hidden = true;
  else drawChecks(state.due, openCheck);
  byId("lots").hidden = byId("next").hidden = Boolean(form);
  byId("cancel").hidden = !form;
  const key = byId("primary");
  key.textContent = form ? form.primary : t("tablet.unload");
  key.hidden = form ? !form.primary : !state.work?.run;
}

// The answer to the last question counts: an older one may be from before somebody signed in or out.
async function ask() {
  const turn = ++state.turn;
  try {
    const answer = await fetch(config.work, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (turn !== state.turn) return;
    state.link = "online";
    if (answer.status === 401) isNow("");
    if (!answer.ok) throw new Error(String(answer.status));
    const work = await answer.json();
    if (turn !== state.turn) return;
    state.work = work;
    isNow(state.work.badge);
    state.stale = false;
    drawStanding(state.standing);
    remember(`work:${config.station}`, state.work);
    await askDue();
  } catch (error) {
    if (turn !== state.turn) return;
    state.stale = true;
    if (error.name !== "Error") state.link = "offline"; // no answer: whatever the open stream believes
    blind();
  }
  draw();
}

document.addEventListener("queue", async () => {
  if (state.current !== null) {
    const item = await loadItem(state.current);
    if (item && item.state !== "waiting") {
      state.current = null;
      if (item.state !== "done" || item.kind === "undo") state.undo = null;
      else if (state.undo?.id === item.id) state.undo.label = item.answer.lot || item.label;
      tellAnswer(item, titles(), waysOut(item));
      ask();
    }
  }
  draw();
});

document.addEventListener("sheet", drawKeys);

document.addEventListener("language", () => {
  tellAgain();
  state.form?.draw();
  if (!byId("gate").hidden) state.gate?.draw();
  draw();
});

on("link", ({ live }) => {
  if (live) {
    remember("ahead", now() - Date.now());
    send();
  } else blind();
  ask();
});
on("samples", ({ samples }) => drawSamples(samples));
on("station", (standing) => drawStanding(state.standing = standing));
on("reset", ask);

// -- keys -----------------------------------------------------------------------------------

const press = (id, act) => byId(id).addEventListener("click", act);

press("camera-key", () => (byId("camera").hidden ? openCamera(heard) : closeCamera()));
press("primary", primary);
press("cancel", closeSheet);
press("menu", () => openMenu([...MENU.map((name) => [name, COMMANDS[name]]), ["STOP", asSomebody(stopLine)]]));
press("undo-button", undo);
press("who", signOut);
press("chip", () => showQueue(byId("queue").hidden));
press("queue-close", () => showQueue(false));
press("queue-again", sendAllAgain);
press("sound", testSounds);
press("language", () => switchLanguage(state.who));
press("theme", () => switchTheme(config.themes));

function showQueue(open) {
  byId("queue").hidden = !open;
  byId("chip").setAttribute("aria-expanded", String(open));
}

// -- begin ----------------------------------------------------------------------------------

async function begin() {
  navigator.storage?.persist?.();
  if (root.dataset.kept) {
    // The page is from before: its clock and its values are, too.
    setClock(Date.now() + ((await recall("ahead")) ?? 0));
    blind();
    await wearAsBefore();
    state.work = (await recall(`work:${config.station}`)) ?? config.begin;
    state.stale = true;
    state.link = "offline";
  } else state.work = config.begin;
  state.who = root.dataset.kept ? ((await recall("who")) ?? "") : config.begin.badge;
  remember("who", state.who);
  await markAllKept();
  await forgetOld(now());
  const [draft, task, check] = [await recall(draftKey), await recall(taskKey), await recall(checkKey)];
  await draw();
  listen((code) => heard(code));
  watch(config, signOut);
  listenToGauges();
  setInterval(() => drawUndo(state.undo), 200);
  setInterval(() => { if (!document.hidden) ask(); }, ASK_MS);
  await send();
  await ask();
  if (draft && fits(draft, state.work?.run)) openUnload(draft);
  else if (task) openSheet(taskOf(task));
  else if (check) openSheet(checkOf(check));
  root.dataset.tablet = "ready";
  keepPage(config);
}

begin();
