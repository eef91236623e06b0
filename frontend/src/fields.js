// Small things of fields: what a slider says while it moves, a file's name, a text taken along, the page's look.

document.addEventListener("input", ({ target }) => {
  if (target.type === "range") {
    const output = document.querySelector(`output[for="${CSS.escape(target.id)}"]`);
    if (output) output.textContent = output.dataset.said.replace("{n}", new Intl.NumberFormat(document.documentElement.lang).format(target.value));
  }
});

document.addEventListener("change", ({ target }) => {
  if (target.type !== "search") target.closest("form[data-auto]")?.requestSubmit(); // sent as soon as a choice is made
  const chosen = target.type === "file" && target.closest(".drop")?.querySelector("[data-chosen]");
  if (chosen) chosen.textContent = [...target.files].map(({ name }) => name).join(", ");
});

// The address of a list follows what is typed; what is chosen is a step of its own, which the back button takes back.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.replace && ctx.sourceEvent?.type === "submit") ctx.push = ctx.replace;
});
document.addEventListener("htmx:before:history:update", ({ detail: { history: step } }) => {
  if (step.path === location.pathname + location.search) step.type = "replace";
});

for (const [name, over] of [["dragenter", true], ["dragleave", false], ["drop", false]])
  document.addEventListener(name, ({ target }) => target.closest?.(".drop")?.classList.toggle("over", over));

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) return;
  const words = button.querySelector("span");
  const before = words.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    words.textContent = button.dataset.copied;
    setTimeout(() => (words.textContent = before), 2000);
  } catch { // a browser that forbids it: the text is marked, to be copied by hand
    getSelection().selectAllChildren(button.previousElementSibling);
  }
});

/** A link that is a button answers to the space bar as buttons do. */
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches?.('a[role="button"]')) return;
  event.preventDefault();
  event.target.click();
});

/** The look changes at once; the server remembers it. */
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-look]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const chosen = event.submitter.value;
  document.documentElement.dataset.theme = chosen;
  document.querySelector('meta[name="color-scheme"]').content = chosen === "system" ? "light dark" : chosen;
  for (const button of document.querySelectorAll("form[data-look] button")) button.setAttribute("aria-pressed", String(button.value === chosen));
  fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)), redirect: "manual" });
});
