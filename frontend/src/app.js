// What every page loads: htmx, and the small things of ours that need no chart.
import "htmx.org/dist/htmx.esm.js";

document.documentElement.classList.add("js");

/** A form with data-auto is sent as soon as a choice is made. */
document.addEventListener("change", ({ target }) => target.closest("form[data-auto]")?.requestSubmit());

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
