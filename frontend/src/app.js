// What every page loads: htmx, and the small things of ours that need no chart.
import "htmx.org/dist/htmx.esm.js";
import "./builder.js";
import "./fields.js";
import "./layers.js";
import "./palette.js";
import "./draft.js";
import "./people.js";
import "./letters.js";
import "./mirror.js";
import "./upload.js";
import "./once.js";

document.documentElement.classList.add("js");

/** Which edges of a sideways scrolling table, or row of tabs, hide something; then it can be reached by keyboard too. */
function edges(scroll) {
  const left = scroll.scrollLeft > 1;
  const right = scroll.scrollLeft + scroll.clientWidth < scroll.scrollWidth - 1;
  scroll.dataset.more = [left && "left", right && "right"].filter(Boolean).join(" ");
  if (scroll.matches(".tabs")) return; // its links can
  if (left || right) scroll.tabIndex = 0;
  else scroll.removeAttribute("tabindex");
}
const watched = new ResizeObserver((entries) => entries.forEach(({ target }) => edges(target.closest(".scroll, .tabs"))));
function watch(scroll) {
  const here = scroll.querySelector(":scope > ul [aria-current]")?.getBoundingClientRect();
  if (here) scroll.scrollLeft += here.x + here.width / 2 - scroll.getBoundingClientRect().x - scroll.clientWidth / 2;
  scroll.addEventListener("scroll", () => edges(scroll), { passive: true });
  [scroll, ...scroll.children].forEach((part) => watched.observe(part));
  scroll.dataset.more ??= "";
}
document.querySelectorAll(".scroll, .tabs").forEach(watch);
document.addEventListener("htmx:after:swap", () => document.querySelectorAll(":is(.scroll, .tabs):not([data-more])").forEach(watch));

const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** "12 s ago" stays true while the page stays open. */
function tick() {
  const said = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "short" });
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const passed = Math.max(1, (Date.now() - Date.parse(time.dateTime)) / 1000);
    const [unit, length] = units.find(([, seconds]) => passed >= seconds);
    time.textContent = said.format(-Math.floor(passed / length), unit);
  }
}
setInterval(tick, 5000);
