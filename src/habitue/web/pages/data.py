"""`/data`: where events come from, what to paste to send more, and the files that were imported."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.app.data import Origin
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store.jobs import Job
from habitue.web.page import Asked, page, reader
from habitue.web.places import PARTS
from habitue.web.words import Words

WAYS: Final = {
    "python": ("Python", ("server",)),
    "node": ("Node", ("server",)),
    "browser": ("habitue.js", ("browser",)),
    "segment": ("@segment/analytics-next", ("browser",)),
}
"""How to send, and what kind of source does so."""

KINDS: Final = {"server": N_("server"), "browser": N_("browser")}
FILES: Final = {
    "orders": N_("orders"),
    "order-lines": N_("order lines"),
    "customers": N_("customers"),
    "events": N_("events"),
}


@get("/data", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """Every source with what it sent, and every import."""
    return shown(request, shop)


def shown(
    request: Asked, shop: Shop, name: str = "", kind: str = "server", wrong: UserError | None = None
) -> Response[str]:
    """The page, with a source that could not be added and why."""
    words, now = reader(request, shop), clock.now()
    origins = shop.origins(now)
    return page(
        request,
        shop,
        "data.html",
        400 if wrong else 200,
        wanted=(name, kind),
        wrong=wrong.say(words.say) if wrong else "",
        hours=_hours(shop.hours(now), words),
        parts=PARTS,
        origins=origins,
        live=[one for one in origins if one.source],
        kinds=KINDS,
        ways=WAYS,
        imports=[told(one, words, shop) for one in shop.imports()],
        url=f"{request.url.scheme}://{request.url.netloc}",
        waiting=sum(one.refused for one in origins),
        today=sum(one.feed.today for one in origins if one.feed),
        last=max((one.feed.last for one in origins if one.feed), default=None),
        title=_title,
    )


def _hours(found: list[tuple[Micros, int]], words: Words) -> dict[str, Any]:
    """The last hours as bars in 100 × 30, each with its words."""
    most = max([1, *(n for _, n in found)])
    bars = [
        {"x": 100 * i / len(found), "height": 30 * n / most, "n": n, "at": words.time(at)}
        for i, (at, n) in enumerate(found)
    ]
    return {"bars": bars, "width": 100 / len(found), "total": sum(n for _, n in found), "most": most}


def _title(one: Origin, words: Words) -> tuple[str, str]:
    """What a source is called, and what it is."""
    if one.source:
        return one.name, words.say(KINDS[one.source.kind])
    kind, _, name = one.name.partition(":")
    return (PurePath(name).name, words.say(N_("file"))) if kind == "import" and name else (one.name, "")


def told(job: Job, words: Words, shop: Shop) -> dict[str, Any]:
    """An import in words; what its report lacks (people were erased since, it was cut short) is unknown."""
    counts = {name: job.report.get(name) for name in ("rows", "stored", "known", "rejected")}
    if counts["stored"] is None and isinstance(job.report.get("events"), dict):
        counts["stored"] = sum(job.report["events"].values()) - (job.report.get("known") or 0)
    return {
        "number": job.id,
        "undone": job.undone,
        "file": PurePath(job.file).name,
        "kind": words.say(FILES[job.kind]) if job.kind in FILES else job.kind,
        "at": job.finished or job.started,
        "done": job.finished is not None,
        "rejects": job.fingerprint[:12] if shop.beside(job.fingerprint[:12]) else "",
        **counts,
    }
