// A draft's form: sliders and their number fields say the same, and the address is the draft's own once there is one.

const mark = document.documentElement.lang === "fr" ? "," : ".";

/** A slider moves its number, and the number its slider; numbers stand in fields as the reader writes them. */
document.addEventListener("input", ({ target }) => {
  const dial = target.closest("[data-dial]");
  const field = dial && document.getElementById(dial.dataset.dial);
  if (field) field.value = dial.value.replace(".", mark);
  const own = target.id && document.querySelector(`[data-dial="${CSS.escape(target.id)}"]`);
  const said = own ? target.value.replace(",", ".") : "";
  if (own && !Number.isNaN(Number(said))) own.value = said;
});

/** What is proposed is taken over. */
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-set]");
  const field = button && document.getElementById(button.dataset.set);
  if (!field) return;
  field.value = button.dataset.value;
  for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
});

document.addEventListener("htmx:after:swap", () => {
  const number = document.querySelector("form[data-draft] [name=number]");
  if (number?.value && location.pathname !== number.dataset.url) history.replaceState(history.state, "", number.dataset.url);
});
