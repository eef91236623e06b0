// A second click sends nothing while what the first one sent is on its way.
const PATIENCE = 10_000; // ms, after which somebody may want it again: not every answer leaves the page

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
  if ("going" in form.dataset) return event.preventDefault();
  form.dataset.going = "";
  setTimeout(() => delete form.dataset.going, PATIENCE);
});

/** Whoever comes back finds the page as it was kept. */
addEventListener("pageshow", () => document.querySelectorAll("form[data-going]").forEach((form) => delete form.dataset.going));
