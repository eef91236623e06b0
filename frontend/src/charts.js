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

/** The page's own colours and font, from the design tokens. */
function look() {
  const style = getComputedStyle(document.documentElement);
  const token = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const [ink, line] = [token("--muted", "#64748b"), token("--line", "#e2e8f0")];
  return {
    background: "transparent",
    font: "Inter, system-ui, sans-serif",
    view: { stroke: null },
    axis: { labelColor: ink, titleColor: ink, gridColor: line, domainColor: line, tickColor: line },
    legend: { labelColor: ink, titleColor: ink },
  };
}

async function draw(figure) {
  const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const place = figure.querySelector("[data-plot]") ?? figure.insertBefore(document.createElement("div"), figure.firstChild);
  place.replaceChildren();
  const { spec: compiled } = compile(spec, { config: look() });
  const runtime = parse(compiled, null, { ast: true });
  const view = new View(runtime, { expr: expressionInterpreter, loader: closed, locale: spoken, renderer: "svg", hover: true });
  views.set(figure, view);
  await view.initialize(place).runAsync();
}

/** Draw the figures that are new on the page, and let go of those that left it. */
function drawAll() {
  for (const [figure, view] of views) {
    if (!figure.isConnected) {
      view.finalize();
      views.delete(figure);
    }
  }
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    if (!views.has(figure)) draw(figure);
  }
}

drawAll();
document.addEventListener("htmx:after:process", drawAll);
