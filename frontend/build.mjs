// Bundles src/*.js, the font and the licences into the product's static folder.
import { build, transformSync } from "esbuild";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";

const out = "../src/habitue/web/static/dist";
const inter = "@fontsource-variable/inter";
const inlined = ["delaunator", "robust-predicates"]; // they come inside d3-delaunay's file
const font = `node_modules/${inter}/files/inter-latin-wght-normal.woff2`;

/** The package that a bundled file belongs to: "node_modules/@a/b/c.js" is of "@a/b". */
const packageOf = (path) => path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];

function licence(name) {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** A style sheet is a text where a script asks for it: without its room. */
const tight = {
  name: "tight",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, ({ path }) => {
      const { code } = transformSync(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const common = { outdir: out, bundle: true, minify: true, legalComments: "none", logLevel: "warning" };
// Shops load this one from their own pages, so it is a script of its own, for older browsers too.
await build({ ...common, entryPoints: { habitue: "src/snippet.js" }, format: "iife", target: "es2020" });
// And these only where a visitor is asked whether messages may be pushed to them.
await build({ ...common, entryPoints: { "habitue-push": "src/push.js" }, format: "esm", target: "es2020" });
// And this where a message waits for the visitor.
await build({ ...common, entryPoints: { "habitue-inapp": "src/inapp.js" }, format: "esm", target: "es2020", plugins: [tight] });
await build({ ...common, entryPoints: { "habitue-worker": "src/worker.js" }, format: "iife", target: "es2020" });
const { metafile } = await build({
  ...common,
  entryPoints: ["src/app.js", "src/charts.js"],
  format: "esm",
  target: "es2022",
  metafile: true,
  alias: { vega: "./src/vega.js" }, // for vega-lite too
});
copyFileSync(font, `${out}/inter.woff2`);

const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) =>
  Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0).map(packageOf));
const names = [...new Set([...bundled, ...inlined, inter])].filter((name) => name && existsSync(`node_modules/${name}`)).sort();
writeFileSync(`${out}/THIRD_PARTY.txt`, names.map(licence).join(`\n${"-".repeat(80)}\n\n`));
