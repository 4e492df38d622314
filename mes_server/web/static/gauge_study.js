// A study from a table: looked at by the server row by row; recorded only when no row is bad.

import { act } from "./acts.js";
import { known, t } from "./words.js";

const form = document.getElementById("study");
const told = document.getElementById("study-answer");
const take = document.getElementById("study-take");
const figures = document.getElementById("study-figures");
const names = Object.fromEntries([...document.querySelectorAll("[data-figure]")].map((one) => [one.dataset.figure, one.textContent]));
const METHODS = JSON.parse(form.dataset.methods);

function bodyOf() {
  const said = Object.fromEntries([...new FormData(form)].filter(([name, value]) => value !== "" && name !== "file"));
  if (!METHODS[said.kind].includes(said.method)) delete said.method;
  return said;
}

const line = (text, className = "") => Object.assign(document.createElement("li"), { textContent: text, className });

function tell(lines, className = "") {
  told.replaceChildren(...lines.map((text) => line(text, className)));
}

function draw(found) {
  const rows = Object.entries(found.figures).filter(([name]) => names[name]);
  figures.replaceChildren(...rows.flatMap(([name, value]) => [
    Object.assign(document.createElement("dt"), { textContent: names[name] }),
    Object.assign(document.createElement("dd"), { textContent: value || "–", className: "code" }),
  ]));
}

async function look() {
  take.disabled = true;
  figures.replaceChildren();
  try {
    const found = await act(form.dataset.preview, bodyOf());
    if (found.refusals.length) {
      tell(found.refusals.map((one) => `${/^\d+$/.test(one.facts.row ?? "") ? `${t("js.import.row", { row: one.facts.row })} ` : ""}${one.message} ${one.next}`), "void");
      return;
    }
    draw(found);
    tell([t("js.study.found", { rows: found.rows, people: found.items.length, parts: found.parts.length, verdict: known("js.study", found.verdict) })]);
    take.disabled = false;
  } catch (error) {
    tell(error.lines ?? [error.message], "void");
  }
}

async function record() {
  take.disabled = true;
  try {
    await act(form.dataset.record, bodyOf());
    location.reload();
  } catch (error) {
    tell(error.lines ?? [error.message], "void");
  }
}

async function textOf(file) {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

form.elements.file.addEventListener("change", async () => {
  const [chosen] = form.elements.file.files;
  if (chosen) {
    form.elements.table.value = await textOf(chosen);
    look();
  }
});
form.addEventListener("input", () => { take.disabled = true; });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
take.addEventListener("click", record);
