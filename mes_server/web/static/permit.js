// The form of a permit: what is chosen and written becomes the document that is released.

import { act } from "./acts.js";

const form = document.getElementById("permit");
const told = document.getElementById("answer");
const rows = document.getElementById("limits");
const value = (name) => form.elements[name].value.trim();
const checked = (root, name) => [...root.querySelectorAll(`input[name=${name}]:checked`)].map((one) => one.value);

function limitOf(row) {
  const field = (name) => row.querySelector(`[name=${name}]`);
  const unit = field("pollutant").selectedOptions[0].dataset.unit;
  const said = { pollutant: field("pollutant").value, averaging: field("averaging").value, unit };
  for (const name of ["low", "high"]) if (field(name).value.trim()) said[name] = field(name).value.trim();
  return said;
}

function contentOf() {
  const title = document.querySelector(".head span").childNodes[0].textContent.trim();
  const content = {
    code: value("code"), revision: value("revision"), title: { en: title, zh: title }, outlet: form.dataset.outlet,
    discharge: value("discharge"), authority: value("authority"), day_starts: value("day_starts"),
    holds_lots: form.elements.holds_lots.checked, dilution: checked(form, "dilution"),
    sets: checked(form, "set").map((set) => {
      const of = form.querySelector(`.of[data-set="${CSS.escape(set)}"]`);
      return { set, operations: of ? checked(of, "operation") : [] };
    }),
    limits: [...rows.querySelectorAll("tr.limit")].map(limitOf),
  };
  if (value("mn")) content.mn = value("mn");
  return content;
}

document.getElementById("add").addEventListener("click", () => {
  rows.append(document.getElementById("limit").content.cloneNode(true));
  rows.lastElementChild.querySelector("select").focus();
});

rows.addEventListener("click", (event) => {
  if (event.target.closest(".remove")) event.target.closest("tr").remove();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const signature = { badge: value("badge1"), pin: form.elements.pin1.value, meaning: "released" };
  try {
    await act(form.dataset.post, { content: contentOf() }, { signature });
    location.assign(form.dataset.goto);
  } catch (error) {
    const lines = error.lines ?? [error.message];
    told.replaceChildren(...lines.map((line) => Object.assign(document.createElement("strong"), { className: "void", textContent: `${line} ` })));
  }
  form.elements.pin1.value = "";
});
