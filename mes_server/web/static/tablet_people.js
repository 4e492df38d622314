// Who is at the tablet: a badge and its PIN, asked of the server. Without it the badge alone, and it says so.

import { time, now, t } from "./words.js";
import { button, element } from "./tablet_view.js";

const gate = document.getElementById("gate");
const PIN_LENGTH = 6;
const STAY_EVERY = 4; // of the time until the screen locks itself

const post = (address, fields = {}) => fetch(address, {
  method: "POST", body: new URLSearchParams(fields), redirect: "manual", signal: AbortSignal.timeout(6000),
});

// Asks for the PIN of a badge; `done` hears how it went: "in" or "unproven" (no server to ask).
export class Gate {
  constructor(config, badge, done) {
    Object.assign(this, { config, badge, done, pin: "", told: "" });
    this.draw();
    gate.hidden = false;
  }

  draw() {
    const dots = element("p", "dots", "\u25cf".repeat(this.pin.length) + "\u25cb".repeat(PIN_LENGTH - this.pin.length));
    dots.setAttribute("aria-hidden", "true");
    const keys = [..."123456789"].map((digit) => button("digit", digit, () => this.press(digit)));
    const clear = button("digit", "C", () => this.clear(""));
    clear.setAttribute("aria-label", t("tablet.pin.clear"));
    const told = element("p", "told", this.told);
    told.setAttribute("role", "alert");
    gate.replaceChildren(
      element("h2", "", t("tablet.pin", { badge: this.badge })), dots, told,
      element("div", "pad", ...keys, clear, button("digit", "0", () => this.press("0")), button("digit", t("tablet.cancel"), closeGate)),
    );
  }

  clear(told) {
    this.pin = "";
    this.told = told;
    this.draw();
  }

  press(digit) {
    if (this.pin.length >= PIN_LENGTH) return;
    this.pin += digit;
    this.told = "";
    this.draw();
    if (this.pin.length === PIN_LENGTH) this.enter();
  }

  async enter() {
    const { config, badge, pin } = this;
    try {
      const answer = await post(config.sign_in, { badge, pin, station: config.station, next: location.pathname });
      if (answer.type === "opaqueredirect") return this.end("in");
      if (answer.status !== 429) return this.clear(t("tablet.pin.wrong"));
      const until = now() + 1000 * Number(answer.headers.get("Retry-After"));
      return this.clear(t("tablet.pin.locked", { until: time(until, "second") }));
    } catch {
      return this.end("unproven");
    }
  }

  end(how) {
    closeGate();
    this.done(how);
  }
}

export function closeGate() {
  gate.hidden = true;
  gate.replaceChildren();
}

export const leave = (config) => post(config.sign_out).catch(() => {});

// While somebody touches the screen the session does not lock itself; when nobody does, `locked` hears it.
export function watch({ stay, lock_ms: lockMs }, locked) {
  let timer = 0;
  let told = -Infinity;
  const stir = () => {
    clearTimeout(timer);
    timer = setTimeout(locked, lockMs);
    if (performance.now() - told < lockMs / STAY_EVERY) return;
    told = performance.now();
    post(stay).catch(() => {});
  };
  for (const name of ["keydown", "pointerdown"]) addEventListener(name, stir, { capture: true });
  stir();
}
