// A slider and the number beside it are one value: who moves the one moves the other.

document.addEventListener("input", ({ target }) => {
  const name = target.dataset?.mirror;
  if (!name) return;
  for (const other of document.querySelectorAll(`[data-mirror="${CSS.escape(name)}"]`))
    if (other !== target) other.value = target.value;
}, true);
