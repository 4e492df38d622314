// The camera, where no scanner is at hand: what it reads goes to the same listener, then it is off again.

import { t } from "./words.js";
import { lotIn } from "./tablet_codes.js";
import { byId, config } from "./tablet_state.js";
import { tell } from "./tablet_tell.js";

const [LOOK_MS, IDLE_MS, WIDTH_MAX] = [100, 60000, 1280];
const FORMATS = { data_matrix: "DataMatrix", qr_code: "QRCode", code_128: "Code128", code_39: "Code39" };
const TROUBLES = {
  NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none",
  NotReadableError: "busy", AbortError: "busy",
};
const box = byId("camera");
const picture = byId("camera-picture");
let look = null; // of the camera that is on

export async function openCamera(heard) {
  const mine = look = { stream: null, until: performance.now() + IDLE_MS };
  show(true);
  say("tablet.camera.starts");
  try {
    if (!navigator.mediaDevices) return trouble("insecure");
    const wanted = { facingMode: "environment", width: { ideal: WIDTH_MAX }, height: { ideal: 720 } };
    const [stream, read] = await Promise.all([navigator.mediaDevices.getUserMedia({ video: wanted }), findReader()]);
    if (look !== mine) return stop(stream);
    mine.stream = stream;
    picture.srcObject = stream;
    await picture.play();
    say("tablet.camera.hold");
    watch(mine, read, heard);
  } catch (error) {
    if (look === mine) trouble(TROUBLES[error.name] ?? "broken");
  }
}

export function closeCamera() {
  if (!look) return;
  stop(look.stream);
  look = null;
  picture.srcObject = null;
  show(false);
}

const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());

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

// The browser's own reader where it has one that knows our codes, else the one that lies beside this page.
async function findReader() {
  const own = await ownReader();
  const other = own ? null : await zxing();
  return async (video) => {
    if (!video.videoWidth) return [];
    return own ? (await own.detect(video)).map((code) => code.rawValue) : other(video);
  };
}

async function ownReader() {
  try {
    const formats = await BarcodeDetector.getSupportedFormats();
    return formats.includes("data_matrix") && formats.includes("qr_code")
      ? new BarcodeDetector({ formats: Object.keys(FORMATS).filter((name) => formats.includes(name)) })
      : null;
  } catch {
    return null; // there is none
  }
}

async function zxing() {
  const { prepareZXingModule, readBarcodes } = await import("./vendor/zxing/reader/index.js");
  await prepareZXingModule({ overrides: { locateFile: () => config.reader }, fireImmediately: true });
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const options = { formats: Object.values(FORMATS), textMode: "Plain", maxNumberOfSymbols: 4 };
  return async (video) => {
    const scale = Math.min(1, WIDTH_MAX / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const found = await readBarcodes(context.getImageData(0, 0, canvas.width, canvas.height), options);
    return found.map((code) => (code.contentType === "GS1" ? code.symbologyIdentifier : "") + code.text);
  };
}

document.addEventListener("visibilitychange", () => { if (document.hidden) closeCamera(); });
