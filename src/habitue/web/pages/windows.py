"""`/welcome/stages`: after how long a silence customers are dormant, and lost, from the shop's own rhythm."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.app.rhythms import Rhythms
from habitue.app.trials import Trials
from habitue.kernel import clock
from habitue.kernel.clock import DAY, duration
from habitue.kernel.i18n import N_
from habitue.kernel.number import Number
from habitue.stages.models import Model
from habitue.stages.rhythm import Rhythm, fits
from habitue.stages.sketch import sketched
from habitue.web.flash import done
from habitue.web.gate import by
from habitue.web.looks import looks
from habitue.web.numbered import InQuery
from habitue.web.page import Asked, only, page, reader
from habitue.web.words import Words

PATIENCE: Final = 0.3
WIDTH: Final = 1000
HEIGHT: Final = 240
LIMITS: Final = {"dormant": (7, 1095), "lost": (14, 3650)}
"""Days that the model takes."""

_KEPT: Final = N_("Nothing was changed: these are the windows that hold already.")


class Windows(Struct):
    """The windows, in days, and what is to be done with them."""

    dormant: Number
    lost: Number
    act: Literal["publish", "draft"] = "publish"


@get("/welcome/stages", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    rhythms: NamedDependency[Rhythms],
    dormant: InQuery = None,
    lost: InQuery = None,
) -> Response[str]:
    """The windows that hold or are proposed, who would stand where by others, and how that was found."""
    only(request, "dormant", "lost")
    model, words, now = shop.models()[0], reader(request, shop), clock.now()
    found = rhythms.glance(model, now, PATIENCE) if fits(model) else None
    common: dict[str, Any] = {
        "model": model,
        "fits": fits(model),
        "found": found,
        "title": model.kind.name.said(words.language),
    }
    if found is None:
        return page(request, shop, "windows.html", **common)
    live = _live(model)
    proposed = {"dormant": found.suggestion.dormant, "lost": found.suggestion.lost}
    chosen = {
        "dormant": _within("dormant", proposed["dormant"] if dormant is None else dormant),
        "lost": _within("lost", proposed["lost"] if lost is None else lost),
    }
    return page(
        request,
        shop,
        "windows.html",
        **common,
        live=live,
        proposed=proposed,
        chosen=chosen,
        most={name: _most(name, live, proposed, chosen) for name in chosen},
        stages=_stages(model, found, live, chosen, words),
        ways={name: found.gaps.window(days) for name, days in chosen.items()},
        said=found.suggestion.say(words.say).split("\n"),
        picture=_picture(found, chosen),
        size=(WIDTH, HEIGHT),
        past=now - found.at > DAY,
    )


@post("/welcome/stages", sync_to_thread=True, status_code=303)
def keep(
    request: Asked,
    shop: NamedDependency[Shop],
    trials: NamedDependency[Trials],
    data: Annotated[Windows, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Publish the model with these windows, or make a draft of it to be looked at more closely."""
    model, now = shop.models()[0], clock.now()
    fields = {"set.dormant": str(data.dormant), "set.lost": str(data.lost)}
    sketch = sketched(model, fields)
    if sketch.empty:
        return done("/", _KEPT, "info")
    number = shop.keep_draft(model, None, sketch, by(request), now)
    if data.act == "publish":
        trials.publish(model, number, by(request), now).over.wait(PATIENCE)
    return Redirect(f"/stages/{model.id}/draft/{number}", status_code=303)


def _live(model: Model) -> dict[str, int]:
    """The windows that hold."""
    settings = model.kind.settings(model.settings)
    return {name: round(duration(str(settings[name])) / DAY) for name in LIMITS}


def _within(name: str, days: int) -> int:
    low, high = LIMITS[name]
    return min(max(days, low), high)


def _most(name: str, *some: dict[str, int]) -> int:
    """How far a slider goes: further than what is proposed, holds or is chosen."""
    usual = {"dormant": 365, "lost": 1095}[name]
    return _within(name, max(usual, *(round(1.25 * one[name]) for one in some)))


def _stages(
    model: Model, found: Rhythm, live: dict[str, int], chosen: dict[str, int], words: Words
) -> list[dict[str, Any]]:
    """Each stage with how many are in it by the windows that hold, and by those that are chosen."""
    now, then = found.stand(**live), found.stand(**chosen)
    most = max([1, *now, *then])
    return [
        {
            "look": look,
            "now": now[look.value],
            "then": then[look.value],
            "change": then[look.value] - now[look.value],
            "width": 100 * then[look.value] / most,
        }
        for look in looks(model, words.language)
    ]


def _picture(found: Rhythm, chosen: dict[str, int]) -> dict[str, Any]:
    """The histogram of days between orders, with the two windows: where on it they stand."""
    bars = found.suggestion.histogram
    end = max([1, *(one.stop for one in bars), *(round(1.05 * days) for days in chosen.values())])
    most = max([1, *(one.n for one in bars)])
    return {
        "bars": [
            {
                "x": WIDTH * one.start / end,
                "width": max(1.0, WIDTH * (one.stop - one.start) / end - 1.5),
                "height": HEIGHT * one.n / most,
                "bin": one,
            }
            for one in bars
        ],
        "lines": {name: WIDTH * days / end for name, days in chosen.items()},
        "end": end,
    }
