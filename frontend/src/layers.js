// Dialogs, drawers and toasts: what the page does by itself where the browser knows commands, and what it doesn't yet.

const able = "command" in HTMLButtonElement.prototype;

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (!able && button?.hasAttribute("commandfor")) {
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    if (button.getAttribute("command") === "show-modal") dialog.showModal();
    else dialog.close();
  }
  if (event.target instanceof HTMLDialogElement && beside(event)) event.target.close();
  if (button?.hasAttribute("data-away")) button.closest("[data-toast]").remove();
});

/** Whether a click on a dialog was on what lies around it. */
function beside({ target, clientX: x, clientY: y, detail }) {
  const { left, right, top, bottom } = target.getBoundingClientRect();
  return detail > 0 && (x < left || x > right || y < top || y > bottom);
}

/** A dialog that the page comes with open, such as one whose form has an error. */
for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();

const LINGER = 8000;

/** What was done goes by itself, but not what went wrong, nor while somebody reads it. */
function linger(toast) {
  if (toast.classList.contains("bad")) return;
  let timer = setTimeout(() => toast.remove(), LINGER);
  const stay = () => clearTimeout(timer);
  const go = () => (timer = setTimeout(() => toast.remove(), LINGER / 2));
  toast.addEventListener("pointerenter", stay);
  toast.addEventListener("pointerleave", go);
  toast.addEventListener("focusin", stay);
  toast.addEventListener("focusout", go);
}

const toasts = document.getElementById("toasts");
if (toasts) {
  [...toasts.children].forEach(linger);
  new MutationObserver((changes) => changes.forEach(({ addedNodes }) =>
    [...addedNodes].filter((node) => node instanceof HTMLElement).forEach(linger))).observe(toasts, { childList: true });
}
