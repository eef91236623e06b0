"""Journeys in versions: kept for ever, published, exported (`store.versions`)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from habitue.journeys.graph import Journey
from habitue.journeys.reading import read
from habitue.journeys.writing import body
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.problem import nearest
from habitue.store import versions as store
from habitue.store.ops import Ops

KIND: Final = "journey"


class Saved(Struct, frozen=True):
    """One version as it is kept; `created` and `since`, when it first went live (None: never), in µs."""

    journey: Journey
    version: int
    number: int
    created: int
    by: str
    live: bool
    since: int | None


def keep(ops: Ops, journey: Journey, now: int, by: str) -> Saved:
    """Keep it as the next version of its id; the one that says the same is not kept twice in a row."""
    last = versions(ops, journey.id)[-1:]
    if last and last[0].journey == journey:
        return last[0]
    kept = store.keep(ops, KIND, journey.id, "person", body(journey), now, by)
    assert kept is not None  # all journeys are about persons
    return Saved(journey, kept.id, kept.number, now, by, live=False, since=None)


def versions(ops: Ops, slug: str) -> list[Saved]:
    """Every version of a journey, oldest first; none where there is no such journey."""
    return [_saved(one) for one in store.versions(ops, KIND, slug)]


def latest(ops: Ops) -> list[Saved]:
    """The newest version of every journey, by id, live or not."""
    return [versions(ops, slug)[-1] for slug in store.slugs(ops, KIND)]


def live(ops: Ops) -> list[Saved]:
    """The live version of every journey that has one."""
    return [*ops.kept(live, lambda: [_saved(one) for one in store.live(ops, KIND)])]


def numbered(ops: Ops, slug: str, number: int | None = None) -> Saved:
    """One version of a journey, the newest if not said; raises `UserError` where there is none."""
    found = versions(ops, slug)
    if not found:
        near = nearest(slug, store.slugs(ops, KIND))
        text = (
            N_("There is no journey “{name}”. Did you mean “{near}”?")
            if near
            else N_("There is no journey “{name}”.")
        )
        raise UserError(text, name=slug, near=near)
    for one in found:
        if (number is None and one is found[-1]) or one.number == number:
            return one
    raise UserError(
        N_("“{id}” has no version {number}. There are 1 to {last}."), id=slug, number=number, last=len(found)
    )


def _saved(one: store.Kept) -> Saved:
    journey, _ = read(one.body)
    return Saved(journey, one.id, one.number, one.created, one.by, one.live, one.since)
