// Draws each <figure data-chart> from the Vega-Lite spec in its <script type="application/json">.
//
// The page forbids eval, so expressions run in vega-interpreter; a chart loads nothing from anywhere,
// its data come with the page. Numbers and months follow <html lang>.
import english from "d3-format/locale/en-US";
import french from "d3-format/locale/fr-FR";
import englishTime from "d3-time-format/locale/en-US";
import frenchTime from "d3-time-format/locale/fr-FR";
import { View, loader, parse } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";

const spoken = document.documentElement.lang.startsWith("fr")
  ? { number: { ...french, thousands: "\u202f" }, time: frenchTime }
  : { number: english, time: englishTime };
const closed = { ...loader(), load: (uri) => Promise.reject(new Error(`A chart may not load ${uri}`)) };
const views = new Map();
const tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
document.body.append(tip);

/** The page's own colours and font: tokens stay tokens, so that a chart follows the look, and what is printed. */
function look() {
  const token = (name) => `var(${name})`;
  const words = { labelColor: token("--ink-3"), titleColor: token("--ink-3"), labelFontSize: 11.5, titleFontSize: 11.5 };
  return {
    aria: false, // the figure says what it shows, and its table says the numbers
    mark: { aria: false },
    group: { aria: false },
    background: "transparent",
    font: "Inter, system-ui, sans-serif",
    view: { stroke: null },
    axis: { ...words, titleFontWeight: 400, gridColor: token("--line-soft"), domain: false, ticks: false, labelPadding: 8 },
    text: { fill: token("--ink") },
    rule: { color: token("--ink") },
  };
}

/** Vega's tooltip handler: the words stand in the datum, one line each; beside the pointer, inside the window. */
function tell(_, event, __, words) {
  tip.hidden = words == null || words === "";
  if (tip.hidden) return;
  tip.textContent = words;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const x = event.clientX + 16 + width > innerWidth ? event.clientX - width - 12 : event.clientX + 16;
  tip.style.left = `${Math.max(8, x)}px`;
  tip.style.top = `${Math.max(8, Math.min(event.clientY + 12, innerHeight - height - 8))}px`;
}

async function draw(figure) {
  const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const { spec: compiled } = compile(spec, { config: look() });
  const view = new View(parse(compiled, null, { ast: true }), {
    expr: expressionInterpreter, loader: closed, locale: spoken, renderer: "svg", hover: true, tooltip: tell,
  });
  views.set(figure, view);
  const plot = figure.querySelector("[data-plot]");
  await view.initialize(plot).runAsync();
  still(plot);
}

/** A ribbon can be clicked; by keyboard its numbers are reached in the table, not in dozens of nameless steps. */
function still(plot) {
  for (const link of plot.querySelectorAll("svg a")) link.tabIndex = -1;
}

function forget(figure) {
  views.get(figure).finalize();
  views.delete(figure);
  tip.hidden = true;
}

/** Draw the figures that are new on the page, and let go of those that left it. */
function drawAll() {
  [...views.keys()].filter((figure) => !figure.isConnected).forEach(forget);
  [...document.querySelectorAll("figure[data-chart]")].filter((figure) => !views.has(figure)).forEach(draw);
}

drawAll();
document.addEventListener("htmx:after:swap", drawAll);
