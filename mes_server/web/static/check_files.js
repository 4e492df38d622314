// A file of readings: looked at by the server row by row; taken in only when no row is bad.

import { act } from "./acts.js";
import { t } from "./words.js";

const byId = (id) => document.getElementById(id);
const { preview, import: taking } = byId("import").dataset;
let file = "";

function base64(buffer) {
  let text = "";
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}

function cell(row, label, content, className = "") {
  const made = document.createElement("td");
  made.dataset.label = label;
  made.className = className;
  made.append(content);
  row.append(made);
}

function draw(items) {
  byId("rows").hidden = !items.length;
  const labels = [...document.querySelectorAll("#rows th")].map((one) => one.textContent);
  byId("items").replaceChildren(...items.map((one) => {
    const row = document.createElement("tr");
    const rows = one.rows.length > 1 ? `${one.rows[0]}–${one.rows.at(-1)}` : String(one.rows[0]);
    cell(row, labels[0], rows, "first");
    cell(row, labels[1], one.characteristic);
    cell(row, labels[2], one.lot, "code");
    cell(row, labels[3], one.values.join("  "), "code");
    const told = document.createElement(one.refusals.length ? "strong" : "span");
    if (one.refusals.length) told.className = "void";
    told.textContent = one.refusals.map((r) => `${t("js.import.row", { row: r.facts.row })} ${r.message}`).join(" ") || t(`js.verdict.${one.verdict}`);
    cell(row, labels[4], told);
    return row;
  }));
}

const tell = (text, className = "") => byId("answer").replaceChildren(Object.assign(document.createElement("strong"), { textContent: text, className }));

byId("file").addEventListener("change", async () => {
  byId("take").disabled = true;
  draw([]);
  const [chosen] = byId("file").files;
  if (!chosen) return;
  file = base64(await chosen.arrayBuffer());
  try {
    const { items, bad } = await act(preview, { station: "lab", file });
    draw(items);
    byId("take").disabled = bad > 0;
    tell(t(bad ? "js.import.bad" : "js.import.good", { n: bad || items.length }), bad ? "void" : "");
  } catch (error) {
    tell(error.message, "void");
  }
});

byId("take").addEventListener("click", async () => {
  byId("take").disabled = true;
  try {
    const { made } = await act(taking, { station: "lab", file });
    tell(t("js.import.done", { n: made.length }));
  } catch (error) {
    tell(error.message, "void");
  }
});
