// Reads codes from a camera's picture: the browser's own reader where it has one that knows our codes, else the one that
// lies beside the page.

const WIDTH_MAX = 1280;
const FORMATS = { data_matrix: "DataMatrix", qr_code: "QRCode", code_128: "Code128", code_39: "Code39" };
const WANTED = { facingMode: "environment", width: { ideal: WIDTH_MAX }, height: { ideal: 720 } };
const TROUBLES = {
  NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none",
  NotReadableError: "busy", AbortError: "busy",
};

export const troubleOf = (error) => TROUBLES[error.name] ?? "broken";

export const startCamera = () => navigator.mediaDevices.getUserMedia({ video: WANTED });

export const stopCamera = (stream) => stream?.getTracks().forEach((track) => track.stop());

// `wasm`: the address of the reader. The answer reads the texts of all codes in a video's picture.
export async function findReader(wasm) {
  const own = await ownReader();
  const other = own ? null : await zxing(wasm);
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

async function zxing(wasm) {
  const { prepareZXingModule, readBarcodes } = await import("./vendor/zxing/reader/index.js");
  await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
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
