// What the scripts of this page share: where it stands, what the server said last, what is open.

export const byId = (id) => document.getElementById(id);
export const root = document.documentElement;
export const config = JSON.parse(byId("tablet-config").textContent);
export const state = {
  who: "", work: null, stale: false, link: "wait", current: null, undo: null, form: null, gate: null, turn: 0,
  standing: config.standing, hand: "", due: null,
};

// Titles of the operations that are known here, by their codes.
export function titles() {
  const groups = [...(state.work?.waiting ?? []), ...(state.work?.run ? [state.work.run] : [])];
  const known = [...groups.map(({ operation }) => operation), ...(state.work?.routes ?? []).flatMap((route) => route.operations)];
  return Object.fromEntries(known.map((operation) => [operation.code, operation.title]));
}
