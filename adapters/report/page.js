"use strict";
// A chart is drawn when its section is first unfolded: a hidden place has no width to draw in.
const written = document.getElementById("figures").textContent;
const config = { displayModeBar: false, responsive: true };  // dragging and double-clicking do what the buttons would
const A4_PIXELS = 690;
const NARROW_PIXELS = 560;
const SIDE_PIXELS = 34;
const ENTRY_PIXELS = 18;
const TEXT_SHARE = 0.45;

// What is ink, grid and paper on a light page; the colours of the data stay as they are.
const DARK = {
  "#1b2430": "#e8ecf1", "#5b6776": "#a3aebb", "#e6e9ee": "#333d49", "#c5ccd4": "#4a5663", "#ffffff": "#1c232c",
};
const wantsDark = matchMedia("(prefers-color-scheme: dark)");

function figuresFor(dark) {
  const text = dark ? written.replace(/#[0-9a-f]{6}/g, (colour) => DARK[colour] ?? colour) : written;
  return JSON.parse(text);
}

let figures = figuresFor(wantsDark.matches);

// A phone has no room for wide margins or the name of an axis; steps lie beneath each other, their names beside them.
function fitted(figure, width) {
  if (width >= NARROW_PIXELS) return figure;
  const layout = figure.layout;
  layout.margin = { ...layout.margin, l: Math.min(layout.margin.l, SIDE_PIXELS) };
  if (layout.showlegend !== false) layout.height += ENTRY_PIXELS * figure.data.length;  // its entries stand in a column
  layout.yaxis = { ...layout.yaxis, title: { text: "" } };
  layout.xaxis = { ...layout.xaxis, nticks: 3, tickangle: layout.xaxis.tickangle ?? 0 };
  if (figure.data[0].type === "waterfall") laidDown(figure);
  return figure;
}

function laidDown(figure) {
  const [steps] = figure.data, { xaxis, yaxis } = figure.layout, [low, high] = yaxis.range;
  const said = { type: "scatter", mode: "text", textposition: "middle right", cliponaxis: false, hoverinfo: "skip" };
  let level = 0;
  const ends = steps.y.map((step, i) => {
    const before = level;
    level = steps.measure[i] === "relative" ? before + step : step;
    return steps.measure[i] === "relative" ? Math.max(before, level) : level;
  });
  figure.data.push({ ...said, x: ends, y: steps.x, text: steps.text.map((text) => " " + text), textfont: steps.textfont });
  Object.assign(steps, { x: steps.y, y: steps.x, orientation: "h", text: null });
  figure.layout.yaxis = { ...xaxis, autorange: "reversed", nticks: 0, automargin: true };
  figure.layout.xaxis = { ...yaxis, range: [low, high + TEXT_SHARE * (high - low)], nticks: 3, tickangle: 0 };
}

function draw(within) {
  for (const place of within.querySelectorAll(".chart")) {
    if (place.childElementCount === 0 && place.clientWidth > 0) {
      const figure = fitted(figures[place.id], place.clientWidth);
      Plotly.newPlot(place, figure.data, figure.layout, config);
    }
  }
}

function drawn() {
  return [...document.querySelectorAll(".chart")].filter((place) => place.childElementCount > 0);
}

function recolour(dark) {
  figures = figuresFor(dark);
  for (const place of drawn()) {
    const figure = fitted(figures[place.id], place.clientWidth);
    Plotly.react(place, figure.data, figure.layout, config);
  }
}

function resize(layout) {
  for (const place of drawn()) Plotly.relayout(place, layout);
}

draw(document);
for (const fold of document.querySelectorAll("details")) {
  fold.addEventListener("toggle", () => draw(fold));
}
wantsDark.addEventListener("change", (change) => recolour(change.matches));

let foldedBeforePrint = [];
window.addEventListener("beforeprint", () => {
  foldedBeforePrint = [...document.querySelectorAll("details:not([open])")];
  for (const fold of foldedBeforePrint) fold.open = true;
  recolour(false);  // paper is white
  draw(document);
  resize({ width: A4_PIXELS, autosize: false });
});
window.addEventListener("afterprint", () => {
  for (const fold of foldedBeforePrint) fold.open = false;
  recolour(wantsDark.matches);
  resize({ width: null, autosize: true });
});
