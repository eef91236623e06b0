"""Who would stand elsewhere by a draft, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from habitue.app import Shop
from habitue.app.trials import Trial
from habitue.engine import reason
from habitue.engine.compile import program
from habitue.engine.explain import Why, decide, weighed
from habitue.engine.gather import evaluate, those
from habitue.engine.plan import Definition
from habitue.engine.reason import Line
from habitue.engine.sweep import NEVER
from habitue.kernel.cell import safe
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people import profiles
from habitue.people.keys import bare
from habitue.people.profiles import Stay
from habitue.web import reasons
from habitue.web.contrast import Views
from habitue.web.looks import Look
from habitue.web.words import Words

YEARS: Final = 2 * 365 * DAY
"""So much of the past is on a band."""

Ids = NDArray[np.int32]


class Mover(Struct, frozen=True):
    """Somebody who is in `old` and would be in `new`; `why` says it in conditions that hold or don't."""

    person: int
    key: str
    name: str
    old: Look
    new: Look
    why: tuple[Line, ...]


class Piece(Struct, frozen=True):
    """A stay on a band, in percent of its width."""

    look: Look
    x: float
    width: float
    told: str
    future: bool


class One(Struct, frozen=True):
    """One customer by both definitions."""

    person: int
    name: str
    old: Look
    new: Look
    bands: tuple[tuple[str, tuple[Piece, ...]], ...]
    orders: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    now: float
    asked: tuple[tuple[str, list[reasons.Asked]], ...]


def chosen(trial: Trial, views: Views, source: str | None, target: str | None) -> Ids:
    """Those who move, from and to stages by their ids (None: any); raises `UserError` for an unknown one."""
    seen = trial.seen
    if seen is None:
        return np.empty(0, np.int32)
    fits = np.ones(len(seen.subject), np.bool_)
    for wish, side, stood in zip((source, target), views.sides, (seen.before, seen.after), strict=True):
        if wish:
            places = [place for place, look in side.items() if look.id == wish]
            if not places:
                known = ", ".join(look.id for look in side.values())
                text = N_("There is no stage “{name}”. There are: {known}.")
                raise UserError(text, name=wish, known=known)
            fits &= np.isin(stood, places)
    return seen.subject[fits]


def rows(shop: Shop, trial: Trial, views: Views, some: Ids, words: Words) -> list[Mover]:
    """Those persons with their reasons."""
    seen = trial.seen
    if seen is None:
        return []
    known, rules = shop.known(), _definition(trial).rules
    names, found = _named(shop, trial, some.tolist()), []
    asked = {stage.id: place for place, stage in enumerate(trial.draft.stages)}
    for one, at in zip(some.tolist(), np.searchsorted(seen.subject, some), strict=True):
        old, new = (
            side[int(stood[at])] for side, stood in zip(views.sides, (seen.before, seen.after), strict=True)
        )
        first = min((asked[look.id] for look in (old, new) if look.id in asked), default=None)
        rule = None if first is None else rules[first]
        why = None
        if rule is not None:
            why = weighed(rule, trial.draft.subject, one, trial.at, known, shop.warehouse.read)
        key, name = names.get(one, ("", str(one)))
        found.append(Mover(one, key, name, old, new, _why(why, words)))
    return found


def _definition(trial: Trial) -> Definition:
    return replace(trial.draft, version=-1).definition()


def _why(decisive: Why | None, words: Words) -> tuple[Line, ...]:
    """The conditions that decide, of the rule of that of both stages which is asked first.

    If it holds by the draft it is where they come to, else where they can stay no longer.
    """
    if decisive is None:
        return ()
    line = reason.told(decisive, words.say)
    return tuple([leaf for leaf in _leaves(line) if leaf.truth == line.truth][:3])


def _leaves(line: Line) -> Iterator[Line]:
    if not line.parts:
        yield line
    for part in line.parts:
        yield from _leaves(part)


def _named(shop: Shop, trial: Trial, some: list[int]) -> dict[int, tuple[str, str]]:
    """Their keys, and what they are called."""
    if trial.draft.subject == "person":
        found = profiles.known(shop.warehouse, some)
        return {
            one: (row["key"], row["name"] or row["email"] or bare(row["key"])) for one, row in found.items()
        }
    return {one: (key, bare(key)) for one, key in _keys(shop, "account", some)}


def _keys(shop: Shop, subject: str, some: Sequence[int] | Ids) -> list[tuple[int, str]]:
    found = shop.warehouse.read(
        f"SELECT {subject}, key FROM {subject} WHERE {subject} IN (SELECT subject FROM wanted) ORDER BY 1",
        wanted=pa.table({"subject": pa.array(some, pa.int32())}),
    )
    return list(zip(found.column(0).to_pylist(), found.column(1).to_pylist(), strict=True))


def table(shop: Shop, trial: Trial, views: Views, ids: Ids) -> list[list[Any]]:
    """Their keys with both stages, for programs."""
    seen = trial.seen
    if seen is None:
        return []
    old, new = views.sides
    place = np.searchsorted(seen.subject, ids)
    stood = {
        int(one): (old[int(a)].id, new[int(b)].id)
        for one, a, b in zip(ids, seen.before[place], seen.after[place], strict=True)
    }
    return [[safe(key), *stood[one]] for one, key in _keys(shop, trial.draft.subject, ids)]


def one(shop: Shop, trial: Trial, views: Views, person: int, words: Words) -> One:
    """One customer by both; raises `UserError` where there is none."""
    known, read = shop.known(), shop.warehouse.read
    names = _named(shop, trial, [person])
    if person not in names:
        raise UserError(N_("There is no customer “{key}”."), key=person)
    definitions = (trial.live.definition(), _definition(trial))
    verdicts = [decide(each, person, trial.at, known, read) for each in definitions]
    stays = [_folded(shop, each, person, known) for each in definitions]
    sides = [{look.value: look for look in side} for side in (views.old, views.new)]
    left, right = trial.at - YEARS, trial.at + YEARS // 6
    titles = (words.say(N_("Live definition")), words.say(N_("Draft")))
    standing = [
        next((side[v.value] for v in some if v.start <= trial.at < (v.stop or NEVER)), views.nowhere)
        for side, some in zip(sides, stays, strict=True)
    ]
    bands = tuple(
        (title, _pieces(some, side, left, right, trial.at, words))
        for title, some, side in zip(titles, stays, sides, strict=True)
    )
    asked = tuple(
        (title, reasons.told(verdict, side, words))
        for title, verdict, side in zip(titles, verdicts, sides, strict=True)
    )
    paid = profiles.paid(shop.warehouse, person) if trial.draft.subject == "person" else []
    return One(
        person,
        names[person][1],
        standing[0],
        standing[1],
        bands,
        tuple(_x(at, left, right) for at in paid if left <= at <= right),
        tuple((_x(at, left, right), words.date(at)) for at in range(left, trial.at, YEARS // 4)),
        _x(trial.at, left, right),
        asked,
    )


def _folded(shop: Shop, definition: Definition, person: int, known: Any) -> list[Stay]:
    """The stays of one customer by a definition, worked out for the occasion."""
    read = shop.warehouse.read
    who = those(definition.subject, np.array([person], np.int32), read)
    found = evaluate(program(definition, known), who, read)
    columns = (found.start.tolist(), found.stop.tolist(), found.value.tolist(), found.life.tolist())
    return [
        Stay(start, None if stop == NEVER else stop, value, life)
        for start, stop, value, life in zip(*columns, strict=True)
    ]


def _pieces(
    stays: Sequence[Stay], side: dict[int, Look], left: Micros, right: Micros, now: Micros, words: Words
) -> tuple[Piece, ...]:
    """The stays between two instants; what is still to come apart from what was."""
    pieces = []
    for stay in stays:
        stop = right if stay.stop is None else min(stay.stop, right)
        for start, end, future in ((stay.start, min(stop, now), False), (max(stay.start, now), stop, True)):
            a, b = _x(max(start, left), left, right), _x(end, left, right)
            if b > a:
                look = side[stay.value]
                told = f"{look.name}\n{words.date(stay.start)} – {words.date(stay.stop)}"
                pieces.append(Piece(look, a, round(b - a, 3), told, future))
    return tuple(pieces)


def _x(at: Micros, left: Micros, right: Micros) -> float:
    return round(100 * (at - left) / (right - left), 3)
