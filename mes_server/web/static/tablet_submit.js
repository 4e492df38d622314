// What the worker does becomes an item of the queue, with an id of its own, before anything is said of it.

import { newId } from "./acts.js";
import { now, t } from "./words.js";
import { keep, keptMark, settled } from "./tablet_queue.js";
import { state } from "./tablet_state.js";
import { loadItem } from "./tablet_store.js";
import { attention, tell } from "./tablet_tell.js";

const NAMES = { load: "scan_id", unload: "unload_id", undo: "undo_id" };
const UNDOABLE = new Set(["load", "unload", "split", "merge", "scrap", "hold"]);
const [UNDO_MS, ANSWER_MS] = [10000, 1500];

export async function submit(kind, label, keys, url, fields) {
  if (!state.who) return attention("tablet.badge_first");
  const [id, at] = [newId(), Math.round(now())];
  const body = { [NAMES[kind] ?? "act_id"]: id, at: new Date(at).toISOString(), badge: state.who, ...fields };
  tell("read", null, () => ({ word: t("tablet.read"), code: label }));
  let seq;
  try {
    seq = await keep({ kind, id, label, keys, at, url, body });
  } catch {
    tell("refused", "refused", () => ({ word: t("tablet.refused"), code: label, lines: [t("tablet.unreadable")] }));
    return;
  }
  state.current = seq;
  state.undo = !UNDOABLE.has(kind) ? null : { id, label, keys, until: at + UNDO_MS };
  await Promise.race([settled(), new Promise((done) => setTimeout(done, ANSWER_MS))]);
  if ((await loadItem(seq)).state !== "waiting") return;
  state.link = "offline";
  await keptMark(seq);
  if (state.current === seq) {
    tell("wait", "attention", () => ({ word: t("tablet.chip.waiting", { n: 1 }), code: label, lines: [t("tablet.kept")] }));
  }
}
