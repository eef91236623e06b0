// Loaded by the snippet when a message waits for the visitor: it shows it, and tells what they did with it.
//
// All of it stands in a shadow root with a sheet made by a constructor, so the shop's styles don't reach it and
// no policy has to allow inline styles. Texts are only ever texts.

import SHEET from "../../src/habitue/templates/greeting.css";

const TAG = "habitue-message";
const TRIES = [0, 2000, 10_000]; // milliseconds before each try to tell what happened
const CLOSE = { fr: "Fermer", en: "Close" };

/** Show the message that the server gave; `ask` tells the server what became of it. */
export function show(message, ask) {
  if (document.querySelector(TAG)) return;
  const host = document.createElement(TAG);
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);
  if (/^#[\da-f]{6}$/i.test(message.color)) sheet.insertRule(`a{--do:${message.color};--done:#fff}`, sheet.cssRules.length);
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
