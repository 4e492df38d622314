// What is done to the station itself: mount and take off, clear the line, call for help; and work out of turn.

import { t, time } from "./words.js";
import { lotIn } from "./tablet_codes.js";
import { lotsHere, Task } from "./tablet_lots.js";
import { closeSheet, openSheet, Pick, reasonsFor } from "./tablet_sheet.js";
import { config, state } from "./tablet_state.js";
import { submit } from "./tablet_submit.js";
import { tell } from "./tablet_tell.js";
import { titleOf } from "./tablet_words.js";

// What may be mounted as what, by the beginning of its code.
const ROLES = { BM: ["bath"], T: ["target"], SL: ["slurry"], BX: ["jig", "thermocouple"] };
const station = () => ({ station: config.station });
const line = `line:${config.station}`;

export const clearLine = () => submit("clear", config.station, [line], config.clear, station());
export const callHelp = () => submit("help", config.station, [], config.help, station());

// It stands still, planned or not: what runs next is verified first where the control plan says so.
export function stopLine() {
  openSheet(new Pick(() => ({
    title: t("tablet.menu.STOP"), code: "",
    options: reasonsFor("stop", (reason) => after(() => submit("stop", config.station, [line], config.stop, { ...station(), reason }))()),
  })));
}

const mount = (role, resource, label) =>
  submit(resource ? "mount" : "unmount", label, [line], config.resources, { ...station(), role, resource });

function after(act) {
  return () => {
    closeSheet();
    act();
  };
}

// A code of something that is mounted rather than loaded; false: it is not one.
export function offerMount(code, load) {
  const name = lotIn(code);
  const told = /-[1-9]\d{0,3}-[0-9A-Z]{2}\W*$/i.test(code) ? code : name; // a label may be void: the server says so
  const roles = ROLES[/^([A-Z]{1,2})(?=\d|-)/.exec(name)?.[1]];
  if (!roles) return false;
  const role = Object.keys(state.work?.mounted ?? {}).find((one) => state.work.mounted[one] === name);
  if (role) {
    const off = () => mount(role, "", name);
    tell("attention", "attention", () => ({ word: t("tablet.mounted"), code: name, lines: [t("tablet.mounted.as", { role: t(`tablet.role.${role}`) })],
      keys: [[t("tablet.mounted.off"), off]] }));
    return true;
  }
  const isLot = lotsHere().some((lot) => lot.code === name);
  openSheet(new Pick(() => ({
    title: t("tablet.mount"), code: name,
    options: [
      ...roles.map((one) => [t("tablet.mount.as", { role: t(`tablet.role.${one}`) }), after(() => mount(one, told, name)), instead(one)]),
      ...(isLot ? [[t("tablet.mount.load"), after(load)]] : []),
    ],
  })));
  return true;
}

function instead(role) {
  const there = state.work?.mounted?.[role];
  return there ? t("tablet.mount.instead", { what: there }) : "";
}

// Several operations may come next here: which one?
export function chooseOperation(code, operations, load) {
  openSheet(new Pick(() => ({
    title: t("tablet.choose"), code: lotIn(code),
    options: operations.map((operation) => [titleOf(operation.title) || operation.code, after(() => load(operation.code))]),
  })));
}

// Work that the route does not ask for now: what, and why.
function outOfTurn(item, refusal) {
  const route = (state.work?.routes ?? []).find((one) => one.route === refusal.facts.route);
  const operations = (route?.operations ?? []).filter((operation) => route.here.includes(operation.code));
  const why = (operation) => openSheet(new Pick(() => ({
    title: t("tablet.unplanned.why"), code: lotIn(item.body.code), note: titleOf(operation.title) || operation.code,
    options: reasonsFor("unplanned", (reason) => after(() => submit("load", item.label, item.keys, config.scans,
      { ...station(), code: item.body.code, operation: operation.code, unplanned: reason }))()),
  })));
  if (operations.length === 1) return why(operations[0]);
  openSheet(new Pick(() => ({
    title: t("tablet.choose"), code: lotIn(item.body.code),
    options: operations.map((operation) => [titleOf(operation.title) || operation.code, () => why(operation)]),
  })));
}

// What a refusal leaves to do here, as keys beside it: only where nothing else stands against it.
const WAYS = {
  operation_is_next: (item, refusal) => [t("tablet.unplanned"), () => outOfTurn(item, refusal)],
  line_is_clear: () => [t("tablet.clear"), clearLine],
  charge_fits: (item) => [t("tablet.task.part"), () => openSheet(new Task("part", lotIn(item.body.code)))],
};

export function waysOut(item) {
  const refusals = item.refusals ?? [];
  if (item.kind !== "load" || !refusals.length || !refusals.every(({ rule }) => WAYS[rule])) return [];
  return refusals.map((refusal) => WAYS[refusal.rule](item, refusal));
}

// Everything that has no key of its own on the screen.
export function openMenu(commands) {
  const note = () => (state.work?.help_since ? t("tablet.help.since", { at: time(Date.parse(state.work.help_since), "minute") }) : "");
  openSheet(new Pick(() => ({
    title: t("tablet.menu"), code: "", note: note(),
    options: commands.map(([name, act]) => [t(`tablet.menu.${name}`), after(act)]),
  })));
}
