// What every page loads: htmx, and the small modules of ours that need no chart.
import "htmx.org/dist/htmx.esm.js";
