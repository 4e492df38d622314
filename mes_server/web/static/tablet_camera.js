// The camera, where no scanner is at hand: what it reads goes to the same listener, then it is off again.

import { findReader, startCamera, stopCamera, troubleOf } from "./code_reader.js";
import { t } from "./words.js";
import { lotIn } from "./tablet_codes.js";
import { byId, config } from "./tablet_state.js";
import { tell } from "./tablet_tell.js";

const [LOOK_MS, IDLE_MS] = [100, 60000];
const box = byId("camera");
const picture = byId("camera-picture");
let look = null; // of the camera that is on

export async function openCamera(heard) {
  const mine = look = { stream: null, until: performance.now() + IDLE_MS };
  show(true);
  say("tablet.camera.starts");
  try {
    if (!navigator.mediaDevices) return trouble("insecure");
    const [stream, read] = await Promise.all([startCamera(), findReader(config.reader)]);
    if (look !== mine) return stopCamera(stream);
    mine.stream = stream;
    picture.srcObject = stream;
    await picture.play();
    say("tablet.camera.hold");
    watch(mine, read, heard);
  } catch (error) {
    if (look === mine) trouble(troubleOf(error));
  }
}

export function closeCamera() {
  if (!look) return;
  stopCamera(look.stream);
  look = null;
  picture.srcObject = null;
  show(false);
}

function show(open) {
  box.hidden = !open;
  byId("camera-key").setAttribute("aria-pressed", String(open));
}

function say(key) {
  byId("camera-told").dataset.t = key;
  byId("camera-told").textContent = t(key);
}

function trouble(kind) {
  closeCamera();
  const key = `tablet.camera.${kind}`;
  tell("attention", "attention", () => ({ word: t("tablet.attention"), lines: [[t(key), t(`${key}.next`)]] }));
}

// One look after the other, until a code is read, or nobody shows one.
async function watch(mine, read, heard) {
  while (look === mine) {
    if (performance.now() > mine.until) return closeCamera();
    const codes = await read(picture);
    if (look !== mine) return;
    if (new Set(codes.map(lotIn)).size === 1) return heard(codes[0]);
    if (codes.length) say("tablet.camera.several"); // a label has two codes of one lot; of two labels none is guessed
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

document.addEventListener("visibilitychange", () => { if (document.hidden) closeCamera(); });
