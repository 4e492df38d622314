// The lot page: the drawing opens with the lot itself in the middle.

for (const graph of document.querySelectorAll(".graph")) {
  const box = graph.parentElement;
  box.scrollLeft = Number(graph.dataset.middle) - box.clientWidth / 2;
  const here = graph.querySelector("[aria-current] rect");
  box.scrollTop = Number(here.getAttribute("y")) - box.clientHeight / 2;
}
