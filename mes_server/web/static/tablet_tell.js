// Tells every outcome four ways at once: sound, shape, word and colour.

import { t } from "./words.js";
import { sound } from "./tablet_sound.js";
import { drawOutcome } from "./tablet_view.js";
import { reason, titleOf } from "./tablet_words.js";

const NEW = new Set(["merge", "split"]);
const OF_STATION = new Set(["mount", "unmount", "clear", "help", "stop", "acknowledge"]);
let last = null; // told again in the other language when that is asked for

// `make`: answers word, code and lines in the language of the moment.
export function tell(kind, tone, make) {
  last = { kind, make };
  drawOutcome({ kind, ...make() });
  if (tone) sound(tone);
}

export function tellAgain() {
  if (last && !document.getElementById("outcome").hidden) drawOutcome({ kind: last.kind, ...last.make() });
}

export const attention = (key, facts) =>
  tell("attention", "attention", () => ({ word: t("tablet.attention"), lines: [t(key, facts)] }));

// What the server said to an item of the queue. `titles`: of operations, by code; `keys`: what is left to do.
export function tellAnswer(item, titles, keys) {
  if (item.state === "done" && item.kind === "check") return tellCheck(item);
  if (item.state === "done") {
    const { again, lot, run, made, held } = item.answer;
    const code = NEW.has(item.kind) ? made[0] : OF_STATION.has(item.kind) ? item.label : lot || item.label;
    const [kind, tone] = held.length ? ["attention", "attention"] : ["ok", "accepted"];
    tell(kind, tone, () => ({ word: t("tablet.accepted"), code, lines: [
      again ? t("tablet.accepted.again") : t(`tablet.accepted.${item.kind}`, { run, made: made.join(", ") }),
      ...(held.length ? [t("tablet.held", { held: held.join(", ") })] : []),
    ] }));
    return;
  }
  const [word, kind, tone] = item.kept ? ["tablet.review", "attention", "attention"] : ["tablet.refused", "refused", "refused"];
  tell(kind, tone, () => ({ word: t(word), code: item.label, lines: (item.refusals ?? []).map((told) => reason(told, titles)), keys }));
}

// A reading that is out says at once what the reaction plan asks for.
function tellCheck({ label, answer }) {
  const { verdict, held, reaction, check } = answer;
  const [kind, tone] = { ok: ["ok", "accepted"], action: ["attention", "attention"], out: ["refused", "refused"] }[verdict];
  tell(kind, tone, () => ({ word: t(`tablet.check.${verdict}`), code: label, lines: [
    t("tablet.accepted.check", { check }),
    ...(verdict === "out" ? [titleOf(reaction)] : []),
    ...(held.length ? [t("tablet.held", { held: held.join(", ") })] : []),
  ] }));
}
