"""Customers who may be one: searched for, listed, merged or kept apart by people, never by themselves."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import pyarrow as pa
from msgspec import Struct

from habitue.app.imports import Told
from habitue.app.workspace import Workspace
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, translator
from habitue.people import candidates, duplicates, motives
from habitue.people.duplicates import Duplicate, Keys
from habitue.people.identities import Identities
from habitue.store import pairs
from habitue.store.pairs import Pair
from habitue.store.scratch import SPILL, scratch

FLOOR: Final = 0.5
"""What is less likely than this is not kept."""

LIKELY: Final = 0.9
MOST: Final = 100

_READING: Final = N_("Reading customers")
_COMPARING: Final = N_("Comparing customers")


class Search(Struct, frozen=True):
    """What a search found: pairs compared, and those on the list that nobody has decided about."""

    compared: int
    waiting: int


class Alike(Workspace):
    """The part of a shop that is about customers who may be one."""

    def merge(self, one: str, other: str, by: str, why: str, now: Micros | None = None) -> Identities:
        """Make one customer of two."""
        raise NotImplementedError

    def split(self, one: str, other: str, by: str, why: str, now: Micros | None = None) -> Identities:
        """Take two keys apart."""
        raise NotImplementedError

    def find_duplicates(self, now: Micros | None = None, told: Told | None = None) -> Search:
        """Compare all customers and renew the list; raises `UserError` without the extra `identity`.

        The same customers give the same list. Nothing is merged.
        """
        likeness = _likeness()
        with scratch(self.directory / SPILL) as base:
            _tell(told, _READING)
            compared = candidates.gather(self.warehouse, base)
            _tell(told, _COMPARING)
            found: pa.Table = likeness.score(base, FLOOR) if compared else pa.table({})
        with self.working:
            _propose(self, found.to_pylist(), clock.now() if now is None else now)
        return Search(compared, len(_waiting(self, FLOOR)[0]))

    def duplicates(self, least: float = LIKELY, limit: int | None = MOST, offset: int = 0) -> list[Duplicate]:
        """The pairs that wait for somebody to decide, at least `least` likely, the likeliest first.

        What `find_duplicates` found last; `merge_duplicate` or `dismiss_duplicate` takes one off.
        """
        waiting, known = _waiting(self, least)
        cut = waiting[offset:] if limit is None else waiting[offset : offset + limit]
        return duplicates.shown(self.warehouse, cut, known)

    def count_duplicates(self, least: float = LIKELY) -> int:
        """How many pairs wait."""
        return len(_waiting(self, least)[0])

    def duplicate(self, number: int) -> Duplicate | None:
        """One pair, settled or not; None where there is none, or one of the two is gone."""
        pair = pairs.get(self.ops, number)
        found = [] if pair is None else [pair]
        shown = duplicates.shown(self.warehouse, found, duplicates.keys(self.warehouse, found))
        return shown[0] if shown else None

    def settled_duplicates(self, limit: int = MOST) -> list[Duplicate]:
        """The pairs that somebody decided about, the latest first."""
        done = [pair for pair in pairs.every(self.ops) if pair.settled is not None]
        done.sort(key=lambda pair: (pair.settled or 0, pair.id), reverse=True)
        known = duplicates.keys(self.warehouse, done[:limit])
        return duplicates.shown(self.warehouse, done[:limit], known)

    def merge_duplicate(
        self, number: int, by: str, why: str | None = None, now: Micros | None = None
    ) -> Identities:
        """Make one customer of a pair; `undo_duplicate` takes it back."""
        with self.working:
            pair = _open(self, number)
            share = motives.Share(pair.likely)
            reason = why or translator(self.settings.language)(motives.PAIRED, n=number, share=share)
            made = self.merge(*_keys(self, pair), by, reason, now)
            pairs.settle(self.ops, number, "merged", by, clock.now() if now is None else now)
        return made

    def dismiss_duplicate(self, number: int, by: str, now: Micros | None = None) -> None:
        """Keep the two of a pair apart: they are never proposed again."""
        with self.working:
            _open(self, number)
            pairs.settle(self.ops, number, "dismissed", by, clock.now() if now is None else now)

    def undo_duplicate(self, number: int, by: str, why: str | None = None, now: Micros | None = None) -> None:
        """Take back what was decided about a pair: the merge is split, and it is on the list again."""
        with self.working:
            pair = _pair(self, number)
            if pair.outcome is None:
                raise UserError(N_("Nothing was decided about pair {n} yet."), n=number)
            one, other = _keys(self, pair)
            if pair.outcome == "merged" and self.person(one) == self.person(other):
                self.split(
                    one, other, by, why or translator(self.settings.language)(motives.PARTED, n=number), now
                )
            pairs.settle(self.ops, number, None, by, clock.now() if now is None else now)


def _propose(shop: Workspace, found: list[dict[str, Any]], now: Micros) -> None:
    """Renew the open pairs; who was taken apart by hand is not proposed, unless the list asked it."""
    before = pairs.every(shop.ops)
    known = {frozenset((pair.one, pair.other)) for pair in before}
    apart = duplicates.ruled(shop.warehouse)
    nodes = _named(shop, [row[end] for row in found for end in ("one", "other")])
    rows = []
    for row in found:
        one, other = sorted((nodes[row.pop("one")], nodes[row.pop("other")]))
        likely = row.pop("likely")
        levels = {field: level for field, level in row.items() if level is not None}
        rows.append((one, other, likely, levels))
    whose = duplicates.keys(shop.warehouse, [_bare(one, other) for one, other, *_ in rows]).person
    pairs.propose(
        shop.ops,
        [
            row
            for row in rows
            if frozenset(row[:2]) in known or frozenset((whose[row[0]], whose[row[1]])) not in apart
        ],
        now,
    )


def _named(shop: Workspace, people: list[int]) -> dict[int, int]:
    """The number of the key by which each of these persons is called."""
    asked = pa.table({"person": pa.array(sorted(set(people)), pa.int32())})
    sql = "SELECT person, node FROM person SEMI JOIN asked USING (person) JOIN node USING (key)"
    return {row["person"]: row["node"] for row in shop.warehouse.read(sql, asked=asked).to_pylist()}


def _waiting(shop: Workspace, least: float) -> tuple[list[Pair], Keys]:
    every = pairs.every(shop.ops, least)
    known = duplicates.keys(shop.warehouse, every)
    return [pair for pair in duplicates.waiting(every, known) if pair.likely >= least], known


def _pair(shop: Workspace, number: int) -> Pair:
    found = pairs.get(shop.ops, number)
    if found is None or not duplicates.keys(shop.warehouse, [found]).persons(found):
        raise UserError(N_("There is no pair {n}. “habitue duplicates” lists them."), n=number)
    return found


def _open(shop: Workspace, number: int) -> Pair:
    pair = _pair(shop, number)
    if pair.outcome is not None:
        raise UserError(N_("Pair {n} was settled already. Take that back first."), n=number)
    return pair


def _keys(shop: Workspace, pair: Pair) -> tuple[str, str]:
    sql = "SELECT key FROM node WHERE node = ?"
    one, other = (str(shop.warehouse.read(sql, (node,))["key"][0].as_py()) for node in (pair.one, pair.other))
    return one, other


def _bare(one: int, other: int) -> Pair:
    return Pair(0, one, other, 0, {}, 0, None, None, None)


def _likeness() -> Any:
    """What needs splink, which not everybody has."""
    try:
        return import_module("habitue.people.likeness")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "habitue":
            raise
        raise UserError(
            N_("Looking for duplicates needs splink. Install it with: pip install 'habitue[identity]'")
        ) from error


def _tell(told: Told | None, name: str) -> None:
    if told:
        told(name, 0, 0)
