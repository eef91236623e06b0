// Lists of customers: ticking, panels that close by themselves, addresses without what was not asked.

/** A form with data-bare leaves out of the address what is empty. */
document.addEventListener("formdata", ({ target, formData }) => {
  if (!target.matches("form[data-bare]")) return;
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
});
document.addEventListener("htmx:config:request", ({ target, detail }) => {
  if (!target.matches?.("form[data-bare]")) return;
  const body = detail.ctx?.request?.body;
  if (body instanceof FormData) for (const [name, value] of [...body]) if (value === "") body.delete(name);
});

/** How many are ticked, and that it is them who are meant. */
function ticked() {
  const form = document.getElementById("act");
  if (!form?.elements?.scope) return; // another page’s field may be called so
  const n = document.querySelectorAll(".people tbody .box input:checked").length;
  const chosen = form.querySelector("option[data-chosen]");
  chosen.textContent = chosen.dataset.chosen.replace("#", n);
  chosen.disabled = !n;
  form.elements.scope.value = n ? "chosen" : "all";
}
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-all]"))
    for (const box of document.querySelectorAll(".people tbody .box input")) box.checked = target.checked;
  if (target.matches(".people .box input")) ticked();
});
document.addEventListener("htmx:after:swap", () => {
  ticked();
  const list = document.getElementById("list");
  for (const field of document.querySelectorAll("input[data-query]")) if (list) field.value = list.dataset.query;
});
ticked();

/** A panel closes when one clicks beside it or presses Escape. */
document.addEventListener("click", ({ target }) => {
  for (const open of document.querySelectorAll("details.panelled[open]")) if (!open.contains(target)) open.open = false;
});
document.addEventListener("keydown", ({ key, target }) => {
  const open = key === "Escape" && target.closest("details.panelled[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

/** A box that shows what belongs to it. */
document.addEventListener("change", ({ target }) => {
  if (target.dataset.shows) document.getElementById(target.dataset.shows)?.classList.toggle("on", target.checked);
});
