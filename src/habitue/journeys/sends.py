"""Messages that a past journey would have wanted, judged by the guards as life would have judged them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from habitue.engine.order import numbered, ordered
from habitue.engine.sweep import NEVER, Ints, compiled
from habitue.journeys.facts import Told
from habitue.journeys.past import Left, Past
from habitue.journeys.plan import Plan
from habitue.journeys.roles import Flags, Message, Watch
from habitue.journeys.walk import Crowd, Done, Walked
from habitue.kernel.clock import DAY, duration
from habitue.kernel.local import local
from habitue.messaging import guards, spacing
from habitue.messaging.crowd import NOWHERE
from habitue.messaging.forecast import beyond
from habitue.messaging.holdout import GLOBAL, held
from habitue.messaging.rules import TRANSACTIONAL, Rules
from habitue.people.consent import SITE

SMS: Final = "sms"
NAMES: Final = ("sent", *guards.ORDER)
_SPACED: Final = np.array([0, *(NAMES.index(one) for one in ("late", "cap", "quiet"))], np.int64)
"""By what `spacing` says."""


class Sends(NamedTuple):
    """One element each: at which node, to whom, when it was due, what became of it (a place in `names`), when
    it would have left (NEVER: not at all), and what it costs (hundredths of a cent, where there is a price).
    """

    node: Ints
    row: Ints
    person: Ints
    at: Ints
    why: Ints
    go: Ints
    cost: Ints
    names: tuple[str, ...] = NAMES


def judged(way: Plan, crowd: Crowd, walked: Walked, facts: Told, rules: Rules, past: Past) -> Sends:
    """All messages of a walk, each with the first guard that would have stopped it."""
    wanted = [(one, one.deed) for one in walked.done if isinstance(one.deed, Message) and len(one.rows)]
    if not wanted:
        none = np.empty(0, np.int64)
        return Sends(none, none, none, none, none, none, none)
    columns: list[Any] = [
        np.concatenate(one) for one in zip(*(_columns(done, crowd) for done, _ in wanted), strict=True)
    ]
    found = Sends(*columns)
    sizes = {done.node: past.parts(message.template) for done, message in wanted if message.channel == SMS}
    for channel in dict.fromkeys(message.channel for _, message in wanted):
        if channel != guards.WEBHOOK:
            places = {done.node for done, message in wanted if message.channel == channel}
            pressing = {done.node for done, message in wanted if message.purpose == TRANSACTIONAL}
            _channel(way, found, channel, places, pressing, sizes, facts, rules, past)
    return found


def _columns(one: Done, crowd: Crowd) -> tuple[Ints, ...]:
    n, person = len(one.rows), crowd.person[one.rows]
    why, cost = np.zeros(n, np.int64), np.zeros(n, np.int64)
    return np.full(n, one.node, np.int64), one.rows, person, one.due, why, one.due.copy(), cost


def _channel(
    way: Plan,
    found: Sends,
    channel: str,
    places: set[int],
    pressing: set[int],
    sizes: Mapping[int, int],
    facts: Told,
    rules: Rules,
    past: Past,
) -> None:
    """Judge all messages of a channel, in the guards' order; each is stopped by the first that stops it."""
    mine = np.flatnonzero(np.isin(found.node, list(places)))
    person, at = found.person[mine], found.at[mine]
    marketing = ~np.isin(found.node[mine], list(pressing))
    who, which = numbered(person)
    reach = past.reached(channel, who)
    address, blocked = reach.address[which], reach.blocked[which]
    limit = rules.budgets.get(channel)
    if limit is not None:
        parts = np.array([sizes.get(node, 1) for node in found.node[mine].tolist()], np.int64)
        found.cost[mine] = reach.costs(limit, 1)[which] * parts
    why = found.why[mine]
    alone = np.zeros(len(mine), np.bool_)
    origin = f"journey:{way.journey.id}"
    for name, share in ((origin, rules.holdouts.get(origin, 0.0)), (GLOBAL, rules.holdout)):
        alone |= held(rules.salt + name, share, person) if share else False
    why[alone & marketing] = NAMES.index("holdout")
    agreed = Watch(f'consent("{channel}")')
    asked = np.flatnonzero(marketing & (channel != SITE))
    why[asked[facts.next(agreed, person[asked], at[asked]) != at[asked]]] = NAMES.index("consent")
    hard = np.array([False, *(bool(one - guards.EXEMPT) for one in reach.reasons)])
    why[(blocked > 0) & (marketing | hard[blocked])] = NAMES.index("suppressed")
    why[address == NOWHERE] = NAMES.index("address")
    found.why[mine] = why
    found.go[mine[why != 0]] = NEVER
    rows = mine[marketing & (why == 0)]
    left = past.left(channel)
    _twins(found, rows, address[np.searchsorted(mine, rows)], rules)
    _rivals(found, rows[found.why[rows] == 0], left, way.journey.head.priority, rules)
    _spaced(found, rows[found.why[rows] == 0], channel, left, facts, way, rules)
    urgent = mine[~marketing & (why == 0)]
    _spent(found, np.concatenate((rows[found.why[rows] == 0], urgent)), {*pressing}, channel, rules, past)
    found.go[rows[found.why[rows] != 0]] = NEVER


def _twins(found: Sends, rows: Ints, address: Ints, rules: Rules) -> None:
    """One address gets a step once in a while, whosever it is."""
    once = numbered(found.node[rows])[1] * (int(address.max(initial=0)) + 1) + address
    order = ordered(once, found.at[rows])
    again = _again(found.node[rows][order], address[order], found.at[rows][order], duration(rules.same))
    found.why[rows[order][again]] = NAMES.index("twin")


@compiled
def _again(node: Ints, address: Ints, at: Ints, apart: int) -> Flags:
    found, last = np.zeros(len(at), np.bool_), 0
    for i in range(1, len(at)):
        if node[i] == node[last] and address[i] == address[last] and at[i] - at[last] <= apart:
            found[i] = True
        else:
            last = i
    return found


def _rivals(found: Sends, rows: Ints, left: Left, priority: int, rules: Rules) -> None:
    """What came near another message of higher priority gave way to it."""
    higher = left.priority > priority
    if not higher.any() or not len(rows):
        return
    order = np.lexsort((left.at[higher], left.person[higher]))
    whose, when = left.person[higher][order], left.at[higher][order]
    meets = _near(whose, when, found.person[rows], found.at[rows], duration(rules.apart))
    found.why[rows[meets]] = NAMES.index("collision")


@compiled
def _near(whose: Ints, when: Ints, person: Ints, at: Ints, apart: int) -> Flags:
    found = np.zeros(len(person), np.bool_)
    for i in range(len(person)):
        low, high = 0, len(whose)
        while low < high:
            middle = (low + high) // 2
            if whose[middle] < person[i] or (whose[middle] == person[i] and when[middle] < at[i]):
                low = middle + 1
            else:
                high = middle
        found[i] = low < len(whose) and whose[low] == person[i] and when[low] <= at[i] + apart
    return found


def _spaced(found: Sends, rows: Ints, channel: str, left: Left, facts: Told, way: Plan, rules: Rules) -> None:
    """Caps and quiet hours: what may go later waits, and what can't in time doesn't."""
    if not len(rows):
        return
    person, at = found.person[rows], found.at[rows]
    silent = channel in rules.quiet
    zones = facts.zones(person) if silent else ([rules.zone], np.zeros(len(rows), np.int64))
    expires = at + duration(way.journey.head.late)
    told = spacing.spaced(person, at, expires, channel, rules, zones, (left.person, left.at))
    found.go[rows], found.why[rows] = told.go, _SPACED[told.why]


def _spent(found: Sends, rows: Ints, pressing: set[int], channel: str, rules: Rules, past: Past) -> None:
    """Not beyond what a month may cost, with what was sent then in truth."""
    limit = rules.budgets.get(channel)
    if limit is None or limit.most is None or not len(rows):
        return
    order, bill = rows[np.argsort(found.go[rows], kind="stable")], past.spent(channel)
    months, truly = (_months(one, rules.zone) for one in (found.go[order], bill.at))
    for month in np.unique(months).tolist():
        these = order[months == month]
        urgent = np.isin(found.node[these], list(pressing))
        left = limit.most - int(bill.cost[truly == month].sum())
        found.why[these[beyond(found.cost[these], urgent, left)]] = NAMES.index("budget")


def _months(at: Ints, zone: str) -> Ints:
    days = (local(at, zone) // DAY).astype("datetime64[D]")
    found: Ints = days.astype("datetime64[M]").astype(np.int64)
    return found
