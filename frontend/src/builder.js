// The rule builder: the count follows every change, and a problem shows its place in the text.

document.addEventListener("htmx:after:swap", ({ detail }) => {
  if (detail.ctx.target?.id === "editor") document.getElementById("count")?.dispatchEvent(new Event("recount"));
});

document.addEventListener("click", ({ target }) => {
  const { column, length } = target.closest?.("[data-column]")?.dataset ?? {};
  if (!column) return;
  const text = document.getElementById("text");
  text.focus();
  text.setSelectionRange(column - 1, Number(column) - 1 + Number(length));
});

/** A button that takes a while shows that it was pressed, and can't be pressed twice. */
document.addEventListener("submit", ({ submitter }) => {
  if (submitter?.hasAttribute("data-wait")) submitter.classList.add("htmx-request");
});
addEventListener("pageshow", () => document.querySelectorAll("[data-wait]").forEach((one) => one.classList.remove("htmx-request")));
