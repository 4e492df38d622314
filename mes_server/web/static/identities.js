// A board's card through the camera, and its token: shown once, with the time that is left.

import { act } from "./acts.js";
import { findReader, startCamera, stopCamera, troubleOf } from "./code_reader.js";
import { now, t } from "./words.js";

const [LOOK_MS, IDLE_MS, CARD] = [100, 60000, /^lodestone-node:/i];
const byId = (id) => document.getElementById(id);
const key = byId("camera-key");
let look = null; // of the camera that is on

key?.addEventListener("click", () => (look ? close() : open()));

async function open() {
  const mine = look = { stream: null, until: performance.now() + IDLE_MS };
  show(true);
  say("js.identities.camera.hold");
  try {
    if (!navigator.mediaDevices) return trouble("insecure");
    const [stream, read] = await Promise.all([startCamera(), findReader(key.dataset.reader)]);
    mine.stream = stream;
    if (look !== mine) return stopCamera(stream);
    const picture = byId("camera-picture");
    picture.srcObject = stream;
    await picture.play();
    watch(mine, read, picture);
  } catch (error) {
    if (look === mine) trouble(troubleOf(error));
  }
}

async function watch(mine, read, picture) {
  while (look === mine && performance.now() < mine.until) {
    const card = (await read(picture)).find((text) => CARD.test(text));
    if (card && look === mine) {
      byId("card").value = card;
      close();
      return document.querySelector("input[name=group]").focus();
    }
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  if (look === mine) close();
}

function trouble(kind) {
  close();
  byId("answer").textContent = t(`js.identities.camera.${kind}`);
}

function close() {
  stopCamera(look?.stream);
  look = null;
  show(false);
}

function show(open) {
  byId("camera").hidden = !open;
  key.setAttribute("aria-pressed", String(open));
}

function say(name) {
  byId("camera-told").textContent = t(name);
}

document.addEventListener("visibilitychange", () => { if (document.hidden && look) close(); });

for (const form of document.querySelectorAll("form[data-token]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [told, press] = [byId("answer"), form.querySelector("button")];
    told.textContent = "";
    press.disabled = true; // pressed twice, the second answer would hide the token: it is told once
    try {
      showToken(await act(form.dataset.token, {}));
    } catch (error) {
      told.textContent = (error.lines ?? [error.message]).join(" ");
    }
    press.disabled = false;
  });
}

let timer = 0;

function showToken({ token, until }) {
  clearInterval(timer);
  byId("token").hidden = false;
  byId("token-text").textContent = token || t("js.identities.token.gone");
  for (const one of document.querySelectorAll("[data-command]")) one.textContent = one.dataset.command + token;
  const end = Date.parse(until);
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - now()) / 1000));
    byId("token-left").textContent = left
      ? t("js.identities.token.left", { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` })
      : t("js.identities.token.ended");
    if (left) return;
    clearInterval(timer);
    byId("token-text").textContent = "";
    for (const one of document.querySelectorAll("[data-command]")) one.textContent = "";
  };
  tick();
  timer = setInterval(tick, 1000);
}
