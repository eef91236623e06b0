// Everything by its name: Ctrl-K (⌘K) opens a combobox whose list the server fills as one types.
//
// The cursor stays in the field; the arrows move aria-activedescendant through the options.

const dialog = document.getElementById("palette");
const apple = /Mac|iPhone|iPad/.test(navigator.platform);
let asking;
let timer;

/** Show what the server finds for the words; an answer that a later word overtook is dropped. */
async function ask(words) {
  asking?.abort();
  asking = new AbortController();
  const back = location.pathname + location.search;
  try {
    const answer = await fetch(`/palette?${new URLSearchParams({ q: words, back })}`, { headers: { "hx-request": "true" }, signal: asking.signal });
    const where = answer.headers.get("hx-redirect"); // signed out meanwhile
    if (where) location.assign(where);
    else show(answer.ok ? await answer.text() : "");
  } catch (error) {
    if (error.name !== "AbortError") show("");
  }
}

function show(html) {
  const list = dialog.querySelector("[role=listbox]");
  list.innerHTML = html; // our own server's, escaped there
  const found = options().length;
  if (!found) list.append(Object.assign(document.createElement("p"), { className: "none", textContent: list.dataset.none }));
  const status = dialog.querySelector("[role=status]");
  status.textContent = status.dataset.counted.replace("{n}", found);
  choose(0);
}

const options = () => [...dialog.querySelectorAll("[role=option]")];
const chosen = () => dialog.querySelector("[role=option][aria-selected=true]");

function choose(place) {
  const all = options();
  const one = all[(place + all.length) % all.length];
  all.forEach((other) => other.setAttribute("aria-selected", String(other === one)));
  const field = dialog.querySelector("[role=combobox]");
  if (one) field.setAttribute("aria-activedescendant", one.id);
  else field.removeAttribute("aria-activedescendant");
  one?.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  ArrowDown: () => choose(options().indexOf(chosen()) + 1),
  ArrowUp: () => choose(options().indexOf(chosen()) - 1),
  Enter: ({ ctrlKey, metaKey }) => chosen()?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey })),
};

function open() {
  const field = dialog.querySelector("[role=combobox]");
  field.value = "";
  dialog.showModal();
  field.focus();
  ask("");
}

if (dialog) {
  for (const key of document.querySelectorAll(".find kbd")) key.textContent = apple ? "⌘ K" : "Ctrl K";
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-palette]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  dialog.addEventListener("input", ({ target }) => {
    clearTimeout(timer);
    timer = setTimeout(() => ask(target.value), 60);
  });
  dialog.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS) || event.isComposing || !event.target.matches("[role=combobox]")) return;
    event.preventDefault();
    KEYS[event.key](event);
  });
  dialog.addEventListener("click", ({ target }) => {
    if (target.closest("[role=option]")) setTimeout(() => dialog.close());
  });
}
