"use strict";
// A chart is drawn when its section is first unfolded: a hidden place has no width to draw in.
const figures = JSON.parse(document.getElementById("figures").textContent);
const config = { displayModeBar: false, responsive: true };  // dragging and double-clicking do what the buttons would
const A4_PIXELS = 690;

function draw(within) {
  for (const place of within.querySelectorAll(".chart")) {
    if (place.childElementCount === 0 && place.clientWidth > 0) {
      const figure = figures[place.id];
      Plotly.newPlot(place, figure.data, figure.layout, config);
    }
  }
}

function resize(layout) {
  for (const place of document.querySelectorAll(".chart")) {
    if (place.childElementCount > 0) Plotly.relayout(place, layout);
  }
}

draw(document);
for (const fold of document.querySelectorAll("details")) {
  fold.addEventListener("toggle", () => draw(fold));
}

let foldedBeforePrint = [];
window.addEventListener("beforeprint", () => {
  foldedBeforePrint = [...document.querySelectorAll("details:not([open])")];
  for (const fold of foldedBeforePrint) fold.open = true;
  draw(document);
  resize({ width: A4_PIXELS, autosize: false });
});
window.addEventListener("afterprint", () => {
  for (const fold of foldedBeforePrint) fold.open = false;
  resize({ width: null, autosize: true });
});
