// The sign-in page: a scanned badge goes on to the PIN, six digits send themselves.

const gate = document.getElementById("gate");
const badge = document.getElementById("badge");
const pin = document.getElementById("pin");
const DIGITS = 6;

pin.inputMode = "none"; // the pad is there: no keyboard of the device over it

function sendWhenWhole() {
  if (pin.value.length === DIGITS && badge.value.trim()) gate.requestSubmit();
}

function put(digit) {
  if (pin.value.length < DIGITS) pin.value += digit;
  sendWhenWhole();
}

gate.querySelector(".pad").addEventListener("click", ({ target }) => {
  const key = target.closest("button");
  if (!key) return;
  if (key.dataset.digit) put(key.dataset.digit);
  else pin.value = "clear" in key.dataset ? "" : pin.value.slice(0, -1);
});

pin.addEventListener("input", sendWhenWhole);

// A scanner ends a badge with Enter.
badge.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  if (badge.value.trim()) pin.focus();
});

// A badge that is scanned while the PIN is waited for is the badge of somebody else.
document.addEventListener("keydown", (event) => {
  const letter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!letter || event.target === badge) return;
  const digit = /[0-9]/.test(event.key);
  if (digit && event.target === pin) return;
  if (event.key === " ") return; // presses the key that has the focus
  event.preventDefault();
  if (digit) {
    put(event.key);
    return;
  }
  badge.value = pin.value + event.key;
  pin.value = "";
  badge.focus();
});

// An answer that refused keeps nothing of the PIN, nor does the way back.
addEventListener("pageshow", () => { pin.value = ""; });
