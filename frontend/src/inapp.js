// Loaded by the snippet when a message waits for the visitor: it shows it, and tells what they did with it.
//
// All of it stands in a shadow root with a sheet made by a constructor, so the shop's styles don't reach it and
// no policy has to allow inline styles. Texts are only ever texts.

const TAG = "habitue-message";
const TRIES = [0, 2000, 10_000]; // milliseconds before each try to tell what happened
const CLOSE = { fr: "Fermer", en: "Close" };
const SHEET = `
:host { all: initial; color-scheme: light dark; --paper: #fff; --ink: #1c1b22; --soft: #55535f; --line: #d9d7e0; --do: #3d3a8c; --done: #fff; }
@media (prefers-color-scheme: dark) {
  :host { --paper: #212029; --ink: #f4f3f8; --soft: #bdbac9; --line: #45434f; --do: #b9b5ff; --done: #1c1b22; }
}
* { box-sizing: border-box; margin: 0; font: 400 16px/1.5 system-ui, sans-serif; }
.box { position: fixed; z-index: 2147483647; padding: 20px 56px 20px 20px; border: 1px solid var(--line); background: var(--paper); color: var(--ink); box-shadow: 0 8px 32px rgb(0 0 0 / .2); overflow-wrap: anywhere; overflow-y: auto; max-height: calc(100dvh - 32px); }
.corner { inset: auto 16px 16px auto; width: min(384px, calc(100vw - 32px)); border-radius: 12px; }
.bar { inset: auto 0 0; border-width: 1px 0 0; display: flex; flex-wrap: wrap; align-items: center; justify-content: center; gap: 8px 24px; padding-block: 14px; padding-bottom: max(14px, env(safe-area-inset-bottom)); }
.bar .words { max-width: 720px; }
.dialog { inset: 0; margin: auto; height: fit-content; width: min(480px, calc(100vw - 32px)); border-radius: 12px; padding: 28px 56px 28px 28px; }
.dialog::backdrop { background: rgb(20 18 30 / .5); }
h2 { font-size: 18px; font-weight: 650; line-height: 1.3; }
.dialog h2 { font-size: 22px; }
p { margin-top: 6px; color: var(--soft); white-space: pre-line; }
.bar p { margin-top: 2px; }
a { display: inline-block; margin-top: 16px; padding: 9px 18px; border-radius: 8px; background: var(--do); color: var(--done); font-weight: 600; text-decoration: none; }
.bar a { margin-top: 0; }
button { position: absolute; inset: 8px 8px auto auto; width: 44px; height: 44px; border: 0; border-radius: 8px; background: none; color: var(--soft); cursor: pointer; }
button:hover { color: var(--ink); }
svg { display: block; width: 20px; height: 20px; margin: auto; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; }
:focus-visible { outline: 3px solid var(--do); outline-offset: 2px; }
@media (forced-colors: active) { a { border: 1px solid; } }
@media (prefers-reduced-motion: no-preference) {
  .box { animation: come .2s ease-out; }
  @keyframes come { from { opacity: 0; transform: translateY(12px); } }
}
`;

/** Show the message that the server gave; `ask` tells the server what became of it. */
export function show(message, ask) {
  if (document.querySelector(TAG)) return;
  const host = document.createElement(TAG);
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];
  host.lang = message.language;
  const modal = message.place === "dialog";
  const box = made(modal ? "dialog" : "section", { class: `box ${message.place}`, "aria-labelledby": "title" });
  const words = made("div", { class: "words" });
  words.append(made("h2", { id: "title", dir: "auto" }, message.title), made("p", { id: "text", dir: "auto" }, message.text));
  if (modal) box.setAttribute("aria-describedby", "text");
  else words.setAttribute("aria-live", "polite");
  box.append(words, ...led(message, () => end("clicked")), closing(message.language, () => end("dismissed")));
  const before = document.activeElement;
  let ended;

  /** Take it away, give the focus back to where it was, and tell why: once. */
  function end(why) {
    if (ended) return;
    ended = true;
    const inside = document.activeElement === host;
    if (modal) box.close();
    host.remove();
    if (inside && before?.isConnected) before.focus();
    tell(ask, message.id, why);
  }

  box.addEventListener("cancel", () => end("dismissed")); // Escape, in a dialog
  box.addEventListener("keydown", ({ key }) => key === "Escape" && end("dismissed"));
  root.append(box);
  document.body.append(host);
  if (modal) box.showModal(); // the rest of the page is out of reach meanwhile, as readers expect of a dialog
  tell(ask, message.id, "shown");
}

/** The button that leads somewhere, if there is one; never to what is no page. */
function led({ button, link }, act) {
  const { protocol, href } = new URL(link || "javascript:", location.href);
  if (!button || !/^https?:$/.test(protocol)) return [];
  const anchor = made("a", { href }, button);
  anchor.addEventListener("click", act);
  return [anchor];
}

function closing(language, act) {
  const cross = made("button", { type: "button", "aria-label": CLOSE[language.slice(0, 2)] ?? CLOSE.en });
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", "0 0 20 20");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M4 4 16 16M16 4 4 16");
  picture.append(path);
  cross.append(picture);
  cross.addEventListener("click", act);
  return cross;
}

function made(tag, attributes, text = "") {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

/** Tell what happened, again if nobody heard: it counts once however often it is told. */
async function tell(ask, message, did) {
  for (const pause of TRIES) {
    if (pause) await new Promise((done) => setTimeout(done, pause));
    try {
      const { status } = await ask({ message, did });
      if (status < 500 && status !== 429) return;
    } catch {} // no network
  }
}
