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
