"""The rules that journeys look out for, kept fresh as segments are: of entries, exits, goals and waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

from habitue.engine.plan import Definition
from habitue.journeys.graph import Journey
from habitue.rules.text import parse
from habitue.store import versions as store
from habitue.store.ops import Ops

KIND: Final = "watch"


def kept(ops: Ops) -> dict[str, int]:
    """The version under which each rule's intervals are kept, by the rule's text."""
    return {one.body["rule"]: one.id for one in store.every(ops, KIND)}


def keep(ops: Ops, journey: Journey, now: int, by: str) -> list[Definition]:
    """Keep the rules that no journey had before; all of this journey's, to be folded."""
    known = kept(ops)
    for rule in rules(journey):
        if rule not in known:
            slug = blake2b(rule.encode(), digest_size=12).hexdigest()
            store.keep(ops, KIND, slug, "person", {"rule": rule}, now, by)
    return definitions([journey], kept(ops))


def definitions(journeys: Sequence[Journey], known: Mapping[str, int]) -> list[Definition]:
    """What the engine keeps fresh for these journeys; each rule once, under the name of the first of them."""
    found: dict[str, Definition] = {}
    for journey in journeys:
        for rule in rules(journey):
            if rule in known and rule not in found:
                about = f"journey:{journey.id}"
                found[rule] = Definition(known[rule], "watch", about, "person", ("in",), (parse(rule),))
    return [*found.values()]


def rules(journey: Journey) -> list[str]:
    """The texts of the rules that it looks out for."""
    return [watch.rule for watch in journey.watches() if watch.rule]
