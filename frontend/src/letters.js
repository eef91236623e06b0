// The editor of templates: blocks and values go in where the cursor is, a problem shows its line.

/** Put text in at the cursor, as if it was typed: it can be undone, and is looked at. */
function insert(area, text) {
  area.focus();
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const { into, text } = event.target.closest?.("button[data-into]")?.dataset ?? {};
  if (!into) return;
  event.preventDefault();
  event.stopPropagation();
  insert(document.getElementById(into), text);
}, true);

document.addEventListener("change", ({ target }) => {
  if (!target.matches?.("select[data-into]") || !target.value) return;
  insert(document.getElementById(target.dataset.into), target.value);
  target.value = "";
});

document.addEventListener("click", ({ target }) => {
  const { line, of } = target.closest?.("[data-line]")?.dataset ?? {};
  if (!line) return;
  const area = document.getElementById(of);
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + lines[line - 1].length);
  area.scrollTop = (area.scrollHeight / lines.length) * Math.max(0, line - 4);
});
