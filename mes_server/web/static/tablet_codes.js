// Which of the codes the tablet itself answers: badges, stations, commands (domain/cards.py).
// Everything else is the server's to read; it is sent as it was scanned.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const KINDS = { ID: "badge", ST: "station", BX: "lot" };

// ISO/IEC 7064 MOD 1271-36, as domain/codes.py.
function checkCharacters(body) {
  let rest = 0;
  for (const character of body.replaceAll("-", "")) rest = ((rest + ALPHABET.indexOf(character)) * 36) % 1271;
  const check = (((1 - rest * 36) % 1271) + 1271) % 1271;
  return ALPHABET[Math.floor(check / 36)] + ALPHABET[check % 36];
}

// { kind, name } of a card, { kind: "misread" } of a damaged one, { kind: "lot", name } of all else.
export function cardOf(code) {
  const text = code.replace(/^\][A-Za-z][0-9A-Za-z]/, "").replace(/^\*(.*)\*$/, "$1").toUpperCase();
  const command = /^DO-([A-Z-]+)$/.exec(text);
  if (command) return { kind: "command", name: command[1] };
  const card = /^(ID|ST|BX)-([0-9A-Z-]{1,64})-([0-9A-Z]{2})$/.exec(text);
  if (!card) return { kind: "lot", name: code };
  const [, prefix, name, check] = card;
  if (checkCharacters(`${prefix}-${name}`) !== check) return { kind: "misread", name: text };
  return { kind: KINDS[prefix], name: prefix === "BX" ? code : name };
}

// The code of the lot that a scan names, bare, on a label or in its address; else the scan as it is.
export function lotIn(code) {
  const text = code.toUpperCase();
  return /(?:^|[^0-9A-Z])([A-Z]{1,4}\d{2}-\d{4,9}-[0-9A-Z]{2})(?![0-9A-Z])/.exec(text)?.[1] ?? text;
}
