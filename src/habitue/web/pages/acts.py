"""`/acts`: the record of who did what, and whether it is as it was written; `/acts.csv` is all of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, cast

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from habitue.app import Shop
from habitue.app.deeds import ACTS
from habitue.kernel.cell import safe
from habitue.kernel.clock import iso
from habitue.kernel.i18n import N_, Translator
from habitue.store.acts import Deed
from habitue.team.rights import NAMES, Role
from habitue.web.numbered import InQuery
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.team import REACHES
from habitue.web.words import Words

SIZE: Final = 50
_CHUNK: Final = 2_000
_AT_ONCE: Final = 20_000
"""So many rows are looked through with the page; more of them when somebody asks."""

COLUMNS: Final = ("number", "at", "by", "act", "about", "detail")

DETAILS: Final = {
    "role": N_("Role"),
    "before": N_("Formerly"),
    "address": N_("Address"),
    "scopes": N_("Scopes"),
    "on": N_("On"),
    "version": N_("Version"),
    "number": N_("Number"),
    "author": N_("Written by"),
    "note": N_("Note"),
    "notes": N_("Notes"),
    "name": N_("Name"),
    "form": N_("Format"),
    "query": N_("List"),
    "rows": N_("Rows"),
    "people": N_("People"),
    "reason": N_("Reason"),
    "channel": N_("Channel"),
    "addresses": N_("Addresses"),
    "rules": N_("Rules"),
    "trait": N_("Trait"),
    "value": N_("Value"),
    "recipients": N_("Recipients"),
    "winner": N_("Variant"),
    "left": N_("Still to go"),
    "customers": N_("Customers"),
    "most": N_("At most"),
    "kind": N_("Kind"),
    "host": N_("Mail server"),
    "sender": N_("Sender"),
    "language": N_("Language"),
    "stage": N_("Stage"),
    "kpi": N_("Figure"),
    "target": N_("Target"),
    "until": N_("Until"),
    "ended": N_("Ended"),
}
"""What people call that which the record says more."""

_LONG: Final = 120
"""Characters of what has parts that are shown."""

NOT_PEOPLE: Final = {"nobody": N_("somebody unknown"), "init": "Habitué"}
"""Whom the record names who is no member of the team."""

THINGS: Final = {
    "customer": (N_("Customer {name}"), "/customers/"),
    "segment": (N_("Segment {name}"), "/segments/"),
    "model": (N_("Model {name}"), "/stages/"),
    "broadcast": (N_("Broadcast {name}"), "/campaigns/"),
    "export": (N_("Export {name}"), ""),
    "erasure": (N_("Erasure {name}"), ""),
    "journey": (N_("Journey {name}"), "/journeys/"),
    "template": (N_("Template {name}"), "/templates/"),
    "alert": (N_("Alert {name}"), "/alerts/"),
    "incident": (N_("Incident {name}"), ""),
    "hook": (N_("Webhook {name}"), ""),
    "pool": (N_("Pool {name}"), ""),
    "customers": (N_("Customers: {name}"), ""),
}
"""What a line may be about, by the word before its colon, and where that is looked at."""

_THING: Final = re.compile(r"([a-z]+):([\w-]+)")
_PAIR: Final = N_("{name}: {value}")

By = Annotated[str | None, QueryParameter(name="by", max_length=200)]


@get("/acts", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    by: By = None,
    act: FromQuery[str | None] = None,
    before: InQuery = None,
    check: FromQuery[bool] = False,
) -> Response[Any]:
    """The latest rows, those before them, or only some."""
    only(request, "by", "act", "before", "check")
    reads, total = reader(request, shop), shop.count_deeds()
    found = shop.deeds(SIZE + 1, before, act or None, by or None)
    looked = check or total <= _AT_ONCE
    return page(
        request,
        shop,
        "acts.html",
        deeds=[(one, _told(one, reads), *_about(one.about, reads.say)) for one in found[:SIZE]],
        called={name: reads.say(words) for name, words in NOT_PEOPLE.items()},
        further=found[SIZE - 1].id if len(found) > SIZE else None,
        total=total,
        looked=looked,
        broken=shop.tampered() if looked else None,
        names={name: reads.say(words) for name, words in ACTS.items()},
        by=by,
        act=act,
        before=before,
    )


@get("/acts.csv", sync_to_thread=True)
def table(
    request: Asked, shop: NamedDependency[Shop], by: By = None, act: FromQuery[str | None] = None
) -> Stream:
    """All of them, the latest first, in UTC."""
    only(request, "by", "act")
    said = {"content-disposition": 'attachment; filename="acts.csv"'}
    return Stream(
        _lines(shop, reader(request, shop), by or None, act or None),
        media_type="text/csv",
        headers=said,
    )


def _lines(shop: Shop, reads: Words, by: str | None, act: str | None) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    before: int | None = None
    while rows := shop.deeds(_CHUNK, before, act, by):
        file = io.StringIO(newline="")
        for one in rows:
            cells = (one.id, iso(one.at), one.by, one.act, one.about, _told(one, reads))
            csv.writer(file).writerow([safe(cell) if isinstance(cell, str) else cell for cell in cells])
        yield file.getvalue()
        before = rows[-1].id


def _about(about: str, say: Translator) -> tuple[str, str]:
    """What a line is about in words, and its page where it has one."""
    if about == "workspace":
        return say(N_("Workspace")), ""
    kind, name = found.groups() if (found := _THING.fullmatch(about)) else ("", "")
    if kind not in THINGS:
        return about, ""
    words, place = THINGS[kind]
    return say(words, name=name), f"{place}{name}" if place else ""


def _told(one: Deed, reads: Words) -> str:
    """What more is known, as `name: value`."""
    known = [(name, value) for name, value in one.detail.items() if value not in (None, "")]
    return ", ".join(
        reads.say(_PAIR, name=_named(name, reads.say), value=_plain(name, value, reads))
        for name, value in known
    )


def _named(name: str, say: Translator) -> str:
    return say(DETAILS[name]) if name in DETAILS else name


def _plain(name: str, value: Any, reads: Words) -> str:
    say = reads.say
    if name == "until" and isinstance(value, int):
        return reads.time(value)
    if isinstance(value, dict):  # such as all rules of sending: its beginning
        text = msgspec.json.encode(value).decode()
        return text if len(text) <= _LONG else f"{text[:_LONG]}…"
    if isinstance(value, list):
        return ", ".join(say(REACHES[one][0]) if one in REACHES else str(one) for one in value)
    if isinstance(value, bool):
        return say(N_("yes")) if value else say(N_("no"))
    return say(NAMES[cast(Role, value)]) if value in NAMES else str(value)
