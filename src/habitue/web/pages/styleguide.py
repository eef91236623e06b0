"""`/styleguide`: every part that pages are made of, by day and by night, beside the code that makes it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.kernel.i18n import N_
from habitue.web.charts import Series, survival
from habitue.web.looks import looks
from habitue.web.page import Asked, page, reader, source

PARTS: Final = (
    (
        N_("Press, fill in, choose"),
        (
            ("button", N_("One “first” button per page; “danger” only for what can’t be taken back.")),
            ("field", N_("A word above, a hint or what is wrong below; “(optional)” rather than a star.")),
            ("select", N_("One of many; with three or fewer, radio buttons say more at a glance.")),
            ("choice", N_("Boxes to tick, switches for what holds at once, one of a few.")),
            ("slider", N_("A number that one tries out; what it means stands beside it while it moves.")),
            ("upload", N_("Drop a file, or press it to choose one.")),
            ("filter", N_("What narrows a list: a search, the filters that hold, one of a few.")),
        ),
    ),
    (
        N_("Show"),
        (
            ("head", N_("The top of a page: where it is, what it is, what can be done.")),
            ("tabs", N_("Rooms of one subject; each has its own address.")),
            ("card", N_("A part of a page, with its title, its tools and what ends it.")),
            ("kpi", N_("A figure, how it changed, how fresh it is, and the list behind it.")),
            ("badge", N_("Stages in their colour, the same everywhere; tags say how something stands.")),
            ("facts", N_("What is known, in one line.")),
            ("table", N_("Rows with a name each; a column that sorts says which way it does.")),
            ("nothing", N_("A table without rows says so.")),
            ("timeline", N_("What happened, latest first.")),
            ("chart", N_("A picture with words, its numbers as a table, and its CSV.")),
            ("meter", N_("How much of it there is, or that it goes on.")),
            ("copy", N_("Something to take along.")),
        ),
    ),
    (
        N_("Tell"),
        (
            ("notice", N_("Something to know about this page.")),
            ("toast", N_("What was just done, said once.")),
            ("empty", N_("Nothing here yet: what it would be, and what to do.")),
            ("skeleton", N_("What is being fetched.")),
            ("steps", N_("Where one is on a way of several pages.")),
            ("explained", N_("A word that can be asked what it means.")),
        ),
    ),
    (
        N_("Open"),
        (
            ("dialog", N_("A question that must be answered before going on.")),
            ("confirm", N_("Asks before what can’t be taken back.")),
            ("drawer", N_("Details beside the page that they belong to.")),
            ("menu", N_("Less frequent acts behind one button.")),
        ),
    ),
    (N_("Build"), (("builder", N_("Conditions in cards, groups of them, and the word between.")),)),
)
"""Groups of samples; each is a file in templates/samples, shown and read aloud."""

COLOURS: Final = (
    *("ground", "paper", "raised", "sunken", "line", "edge", "ink", "ink-2", "ink-3"),
    *("accent", "accent-ink", "accent-soft", "good", "good-soft", "bad", "bad-soft"),
    *("note", "note-soft", "info", "info-soft"),
)


@get("/styleguide", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """Each sample twice, with its code."""
    words = reader(request, shop)
    shown = looks(shop.models()[0], words.language)
    return page(
        request,
        shop,
        "styleguide.html",
        groups=[
            (title, [(name, about, source(f"samples/{name}.html")) for name, about in samples])
            for title, samples in PARTS
        ],
        colours=COLOURS,
        looks=[shown[n % len(shown)] for n in range(max(6, len(shown)))],
        spec=_spec(words.say(N_("days")), words.say(N_("share still in the stage"))),
    )


def _spec(across: str, up: str) -> dict[str, Any]:
    lines = [("A", "#8b5cf6", 0.0), ("B", "#22c55e", 0.2)]
    return survival(
        [
            Series(name, colour, [(day, 1 / (1 + day / 60) + more * day / 400) for day in range(0, 365, 15)])
            for name, colour, more in lines
        ],
        across,
        up,
    )
