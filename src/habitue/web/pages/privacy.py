"""`/settings/privacy`: how long silent people are kept, who would go now, and what was erased."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, spelt
from habitue.web.flash import done
from habitue.web.gate import who
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.settings import Filled, rooms
from habitue.web.words import Words

LENGTHS: Final = ("1y", "2y", "3y", "5y", "10y")
SHOWN: Final = 20
REASONS: Final = {
    "asked": N_("asked for"),
    "retention": N_("silent for too long"),
    "replay": N_("an old copy came back"),
}
KEPT: Final = N_("The rules are changed.")
BEGUN: Final = N_("The erasure has begun. It goes on by itself, and stands below once it is done.")


@get("/settings/privacy", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The rules, whom they let go now, and every erasure."""
    only(request)
    return _page(request, shop)


@post("/settings/privacy", sync_to_thread=True, status_code=303)
def change(request: Asked, shop: NamedDependency[Shop], data: Filled) -> Response[Any]:
    """Change the rules."""
    try:
        shop.keep_for(
            prospects=data.get("prospects"),
            customers=data.get("customers"),
            alone="alone" in data,
            by=who(request, shop).name,
        )
    except UserError as error:
        return _page(request, shop, error.say(reader(request, shop).say))
    return done("/settings/privacy", KEPT)


@post("/settings/privacy/run", sync_to_thread=True, status_code=303)
def run(request: Asked, shop: NamedDependency[Shop]) -> Response[Any]:
    """Erase whom the rules let go."""
    answer = done("/settings/privacy", BEGUN, "info")
    answer.background = BackgroundTask(shop.retain, who(request, shop).name)
    return answer


def _page(request: Asked, shop: Shop, wrong: str = "") -> Response[str]:
    words, rules = reader(request, shop), shop.retention()
    silent = shop.silent(clock.now())
    return page(
        request,
        shop,
        "privacy.html",
        400 if wrong else 200,
        rooms=rooms(request, shop, words),
        rules=rules,
        lengths=[_lengths(words, one) for one in (rules.prospects, rules.customers)],
        silent=list(islice(silent, SHOWN)),
        going=len(silent),
        requests=shop.erasures(),
        reasons=REASONS,
        wrong=wrong,
    )


def _lengths(words: Words, now: str | None) -> list[tuple[str, str]]:
    """What can be chosen, the present choice among it."""
    lengths = [*LENGTHS, *([now] if now and now not in LENGTHS else [])]
    return [("never", words.say(N_("for ever"))), *((one, spelt(one, words.language)) for one in lengths)]
