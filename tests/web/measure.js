// What an eye would see to be wrong, measured on the page that is open:
// `faults` (what is cut, covered, too wide or too small to be pressed) and `words` (all that can be read on it).
() => {
  const SLACK = 1.5, LEAST = 24;
  const ACTS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab]";
  const faults = [], words = new Set();
  const round = (n) => Math.round(n);
  const name = (it) => {
    const id = it.id ? `#${it.id}` : "", kind = typeof it.className === "string" && it.className ? `.${it.className.trim().split(/\s+/).join(".")}` : "";
    return `${it.tagName.toLowerCase()}${id}${kind}`;
  };
  const where = (it) => `${name(it.parentElement ?? it)} > ${name(it)}`;
  const brief = (text) => JSON.stringify(text.replace(/\s+/g, " ").trim().slice(0, 60));
  const seen = (it) => it.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  const styles = new Map();
  const style = (it) => styles.get(it) ?? (styles.set(it, getComputedStyle(it)), styles.get(it));
  const unseen = (it) => {  // for ears only, or under what was opened above all
    if (!above(it)) return true;
    for (let up = it; up; up = up.parentElement) if (style(up).clipPath === "inset(50%)" || up.matches(".skip, [inert]")) return true;
    return false;
  };
  const modal = document.querySelector("dialog:modal");
  const above = (it) => !modal || modal.contains(it);
  const layer = (it) => {  // what lies above the rest on purpose is compared with its own kind
    if (it.closest(":popover-open")) return "popover";
    if (it.closest(".panelled[open] > .panel")) return "panel";
    for (let up = it; up; up = up.parentElement) if (["fixed", "sticky"].includes(style(up).position)) return "fixed";
    return "";
  };
  const within = (box, it) => {  // as much of it as the boxes that scroll let see
    let { left, right, top, bottom } = box;
    for (let up = it.parentElement; up; up = up.parentElement)
      if (/auto|scroll/.test(style(up).overflowX + style(up).overflowY)) {
        const edge = up.getBoundingClientRect();
        [left, right, top, bottom] = [Math.max(left, edge.left), Math.min(right, edge.right), Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
      }
    return { left, right, top, bottom, width: right - left, height: bottom - top };
  };

  // Whole words, each where it stands: what its boxes cut away is cut, unless one can scroll there.
  const texts = [];
  const cut = (node, box) => {
    for (let up = node.parentElement; up && up !== document.body; up = up.parentElement) {
      const { overflowX, overflowY, textOverflow, webkitLineClamp } = style(up), edge = up.getBoundingClientRect();
      if (/auto|scroll/.test(overflowX + overflowY)) {
        const out = box.right < edge.left + 1 || box.left > edge.right - 1 || box.bottom < edge.top + 1 || box.top > edge.bottom - 1;
        return out ? "away" : "";
      }
      if (/hidden|clip/.test(overflowX) && (box.right > edge.right + SLACK || box.left < edge.left - SLACK))
        return textOverflow === "ellipsis" && up.closest("[title], code") ? "" : `cut sideways by ${name(up)}`;
      if (/hidden|clip/.test(overflowY) && webkitLineClamp === "none" && box.bottom > edge.bottom + 3)
        return `cut below by ${name(up)}`;
      if (style(up).position === "fixed") return "";
    }
    return box.right > innerWidth + SLACK || box.left < -SLACK ? "outside the window" : "";
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, holder = node.parentElement;
    if (!node.data.trim() || holder.closest("script, style, noscript, template, option, textarea, title") || !seen(holder)) continue;
    if (!holder.closest("code, pre, .mono, kbd, [lang]:not(html), [translate=no]")) words.add(node.data.replace(/\s+/g, " ").trim());
    if (unseen(holder)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width < 1 || box.height < 1) continue;
      const fault = cut(node, box);
      if (fault === "away") continue;
      if (fault) faults.push(`${fault}: ${brief(node.data)} in ${where(holder)}`);
      texts.push({ it: holder, box: within(box, node), text: node.data, layer: layer(holder) });
    }
  }
  for (const it of document.querySelectorAll("[placeholder], [title], [aria-label], option")) {
    if (!it.closest("[lang]:not(html), [translate=no]") && (it.tagName === "OPTION" ? seen(it.closest("select") ?? it) : seen(it)))
      for (const text of [it.placeholder, it.matches("dt") ? "" : it.title, it.ariaLabel, it.tagName === "OPTION" ? it.textContent : ""])
        if (text) words.add(text.replace(/\s+/g, " ").trim());
  }

  // What is said in fields must have room there.
  const pen = document.createElement("canvas").getContext("2d");
  for (const it of document.querySelectorAll("input, select")) {
    if (!seen(it) || unseen(it) || /hidden|checkbox|radio|file|date|month|number|range|submit/.test(it.type)) continue;
    const look = style(it), said = it.tagName === "SELECT" ? it.selectedOptions[0]?.text ?? "" : it.value ? "" : it.placeholder;
    pen.font = `${look.fontWeight} ${look.fontSize} ${look.fontFamily}`;
    const room = it.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight);
    if (pen.measureText(said).width > room + 2) faults.push(`no room for ${brief(said)}: ${round(room)} px in ${where(it)}`);
  }
  for (const it of document.querySelectorAll("button, .button, .badge"))
    if (seen(it) && !unseen(it) && it.scrollWidth > it.clientWidth + 1 && it.clientWidth) faults.push(`wider than itself: ${brief(it.textContent)} in ${where(it)}`);

  // What lies on top of something else.
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3.5;
  const related = (a, b) => a.contains(b) || b.contains(a) || a.closest(".within")?.contains(b);  // a unit stands in its field
  texts.sort((a, b) => a.box.top - b.box.top);
  texts.forEach((a, i) => {
    for (let j = i + 1; j < texts.length && texts[j].box.top < a.box.bottom; j++) {
      const b = texts[j];
      if (a.it !== b.it && a.layer === b.layer && meet(a.box, b.box)) faults.push(`overlap: ${brief(a.text)} in ${where(a.it)} and ${brief(b.text)} in ${where(b.it)}`);
    }
  });
  const acts = [...document.querySelectorAll(ACTS)].filter((it) => seen(it) && !unseen(it) && !it.closest("svg")).flatMap((it) => {
    const label = /checkbox|radio|file/.test(it.type) ? it.closest("label") : null, boxes = label ? [label.getBoundingClientRect()] : [...it.getClientRects()];
    return boxes.map((size) => ({ it: label ?? it, box: within(size, it), size, layer: layer(it) })).filter(({ box }) => box.width > 1 && box.height > 1);
  });
  for (const [i, a] of acts.entries()) {
    for (const b of acts.slice(i + 1))
      if (a.layer === b.layer && !related(a.it, b.it) && meet(a.box, b.box)) faults.push(`overlap: ${where(a.it)} and ${where(b.it)}`);
    for (const b of texts)
      if (a.layer === b.layer && !related(a.it, b.it) && meet(a.box, b.box)) faults.push(`overlap: ${where(a.it)} and ${brief(b.text)} in ${where(b.it)}`);
  }

  // What is pressed has 24 px, or as much room around it; a link among words has its line.
  const near = (a) => {
    const x = (a.box.left + a.box.right) / 2, y = (a.box.top + a.box.bottom) / 2;
    return acts.some((b) => b.it !== a.it && a.layer === b.layer && !related(a.it, b.it) && Math.hypot(Math.max(b.box.left - x, 0, x - b.box.right), Math.max(b.box.top - y, 0, y - b.box.bottom)) < LEAST / 2);
  };
  for (const a of acts) {
    const words = style(a.it).display === "inline" && a.it.parentElement.textContent.trim() !== a.it.textContent.trim();
    if (!words && Math.min(a.size.width, a.size.height) < LEAST - 0.5 && near(a)) faults.push(`too small to press: ${round(a.size.width)} × ${round(a.size.height)} px, ${where(a.it)} ${brief(a.it.textContent)}`);
  }

  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) faults.push(`the page is ${root.scrollWidth - innerWidth} px wider than the window`);
  for (const it of document.querySelectorAll(innerWidth > 820 ? ".scroll" : ".scroll:not(:has(.heat))"))
    if (seen(it) && !it.closest(".pane") && it.scrollWidth > it.clientWidth + 1) faults.push(`a table goes on sideways for ${it.scrollWidth - it.clientWidth} px: ${where(it)}`);
  for (const it of document.images) if (it.complete && !it.naturalWidth) faults.push(`no picture: ${it.src}`);
  return { faults: [...new Set(faults)], words: [...words] };
}
