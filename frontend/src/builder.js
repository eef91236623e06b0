// The rule builder: the count follows every change, a new card is filled in next, a problem shows its place in the text.

let before = null;
const places = () => new Set([...document.querySelectorAll("#editor .condition")].map(({ id }) => id));

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("#editor button[name=do]");
  if (!button) return;
  button.closest("[popover]")?.hidePopover();
  before = /^(add|where|since) /.test(button.value) ? places() : null;
});

document.addEventListener("htmx:after:swap", ({ detail }) => {
  if (detail.ctx.target?.id !== "editor") return;
  document.getElementById("count")?.dispatchEvent(new Event("recount"));
  const added = before && [...places()].find((id) => !before.has(id)); // a new card is filled in next
  before = null;
  if (added) document.getElementById(added).querySelector(".slots :is(input, select), textarea")?.focus();
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
