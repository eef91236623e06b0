"""Messages that a past journey would have wanted, judged as far as the past is known."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from habitue.engine.sweep import Ints
from habitue.journeys.facts import Told
from habitue.journeys.plan import Plan
from habitue.journeys.roles import Flags, Message, Watch
from habitue.journeys.walk import Crowd, Done, Walked
from habitue.kernel.local import by_zone
from habitue.messaging import caps, quiet
from habitue.messaging.holdout import GLOBAL, held
from habitue.messaging.rules import TRANSACTIONAL, Rules

NAMES: Final = ("sent", "address", "consent", "holdout", "cap")
SENT, ADDRESS, CONSENT, HOLDOUT, CAP = range(5)

_REACHED: Final = {"email": "email", "sms": "phone", "phone": "phone"}
"""The trait that holds a channel's address."""

_KEYED: Final = """
    SELECT DISTINCT coalesce(person, node)::BIGINT AS person FROM node LEFT JOIN merged USING (node)
    WHERE starts_with(key, ?)
"""


class Sends(NamedTuple):
    """One element each: at which node, to whom, when, and what became of it: a place in `names`.

    `quiet` says which would have gone later, after a time of rest.
    """

    node: Ints
    row: Ints
    person: Ints
    at: Ints
    why: Ints
    quiet: Flags
    names: tuple[str, ...] = NAMES


def judged(way: Plan, crowd: Crowd, walked: Walked, facts: Told, rules: Rules) -> Sends:
    """All messages of a walk, each with the first guard that would have stopped it."""
    parts = [
        _wanted(one, one.deed, crowd, facts, rules) for one in walked.done if isinstance(one.deed, Message)
    ]
    if not parts:
        none = np.empty(0, np.int64)
        return Sends(none, none, none, none, none, np.empty(0, np.bool_))
    columns: list[Any] = [np.concatenate(one) for one in zip(*(part[:6] for part in parts), strict=True)]
    found = Sends(*columns)
    return _capped(way, found, rules)


def _wanted(one: Done, message: Message, crowd: Crowd, facts: Told, rules: Rules) -> Sends:
    person, at = crowd.person[one.rows], one.due
    why = np.full(len(person), SENT, np.int64)
    if message.purpose != TRANSACTIONAL:
        why[held(f"{GLOBAL}:{rules.salt}" if rules.salt else GLOBAL, rules.holdout, person)] = HOLDOUT
        agreed = Watch(f'consent("{message.channel}")')
        why[facts.next(agreed, person, at) != at] = CONSENT
    if message.channel in _REACHED:
        why[~addressed(person, reached(message.channel, facts))] = ADDRESS
    rest = np.zeros(len(person), np.bool_)
    if message.channel in rules.quiet and message.purpose != TRANSACTIONAL:
        silence, zones = rules.quiet[message.channel], facts.zones(person)
        rest = by_zone(zones, at, lambda mine, zone: quiet.untils(mine, zone, silence, rules.country)) > at
    return Sends(np.full(len(person), one.node, np.int64), one.rows, person, at, why, rest)


def addressed(person: Ints, reached: Ints) -> Flags:
    """Which of them are among the others, who rise."""
    if not len(reached):
        return np.zeros(len(person), np.bool_)
    found: Flags = reached[np.minimum(np.searchsorted(reached, person), len(reached) - 1)] == person
    return found


def reached(channel: str, facts: Told) -> Ints:
    """Who has an address on a channel, by a trait or a key."""
    trait = _REACHED[channel]
    own = facts.source.read(_KEYED, (f"{trait}:",))["person"].to_numpy()
    return np.unique(np.concatenate([own.astype(np.int64), facts.having(trait)[0]]))


def _capped(way: Plan, found: Sends, rules: Rules) -> Sends:
    """Those that would have been too many for one customer in a while."""
    marketing: dict[str, list[int]] = {}
    for place, node in enumerate(way.nodes):
        deed = getattr(node.step.does, "deed", lambda: None)()
        if isinstance(deed, Message) and deed.purpose != TRANSACTIONAL:
            marketing.setdefault(deed.channel, []).append(place)
    for channel, places in marketing.items():
        mine = np.flatnonzero(np.isin(found.node, places) & (found.why == SENT))
        goes = caps.allowed(found.person[mine], found.at[mine], rules.capped(channel))
        found.why[mine[~goes]] = CAP
    return found
