// The one listener: a scanner types faster than any hand, wherever the focus is.

export const GAP_MS = 35; // between two keys of a scanner
const LENGTH_MIN = 4;
const SILENCE_MS = 120; // a scanner without a suffix has ended
const ENDS = new Set(["Enter", "Tab"]);
const GROUP_SEPARATOR = "\x1d";

// The character of a key; scanners send the group separator of GS1 as Ctrl+].
function characterOf(event) {
  if (event.ctrlKey && event.key === "]") return GROUP_SEPARATOR;
  if (event.ctrlKey || event.altKey || event.metaKey) return "";
  return event.key.length === 1 ? event.key : "";
}

export function listen(heard) {
  let code = "";
  let last = -Infinity;
  let timer = 0;

  function end() {
    clearTimeout(timer);
    const whole = code.trim();
    code = "";
    if (whole.length >= LENGTH_MIN) heard(whole);
  }

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.key === "Shift") return;
    const quick = event.timeStamp - last <= GAP_MS;
    if (ENDS.has(event.key)) {
      if (quick && code.length >= LENGTH_MIN) {
        event.preventDefault();
        event.stopPropagation();
        end();
      }
      code = "";
      return;
    }
    const character = characterOf(event);
    if (!character) return;
    if (!quick) code = "";
    code += character;
    last = event.timeStamp;
    if (code.length > 1) event.preventDefault(); // a blank must not press the focused button
    clearTimeout(timer);
    timer = setTimeout(() => { if (code.length > LENGTH_MIN) end(); }, SILENCE_MS);
  }, { capture: true });
}
