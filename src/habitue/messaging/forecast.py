"""What would become of many messages: the guards' own verdicts, before anything is sent.

Nearly all of a million customers are alike to a guard: one of each kind is judged, and stands for the others.
What depends on who went before (the same address twice, a budget) is counted over all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import structs

from habitue.engine.sweep import compiled
from habitue.kernel.clock import LAST, Micros, duration
from habitue.messaging import crowd, guards
from habitue.messaging.crowd import NOWHERE, Bools, Ints, Reached
from habitue.messaging.guards import Case, Facts, Rival, Verdict
from habitue.messaging.holdout import GLOBAL, held
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import TRANSACTIONAL, Rules
from habitue.people.identities import canonical
from habitue.store import messages, traffic
from habitue.store.ops import Tx
from habitue.store.warehouse import Warehouse

GO: Final = "go"
NAMES: Final = (GO, *guards.ORDER)
"""What stops a message, in the guards' order; the first one is that nothing does."""

_TWIN: Final = NAMES.index("twin")
_BUDGET: Final = NAMES.index("budget")
_MANY: Final = 1 << 22
"""Of more combinations those that there are get numbers of their own."""
_FEW: Final = 1_000
"""As many instants are told apart for everybody; of more only where it matters to a customer."""


class Forecast(NamedTuple):
    """One element each: which guard decides (a place in `NAMES`, 0 for none), whether it only waits, and what
    it costs if it goes, in hundredths of a cent.
    """

    why: Ints
    waits: Bools
    cost: Ints


class _Seen(NamedTuple):
    """What is known of each, as numbers: those who have the same numbers are alike."""

    address: Ints
    blocked: Ints
    reasons: list[frozenset[str]]
    agrees: Bools
    apart: Ints
    zones: list[str]
    zone: Ints
    past: Ints
    pasts: list[tuple[Micros, ...]]
    rival: Ints
    rivals: list[tuple[Rival, ...]]


def forecast(
    tx: Tx,
    warehouse: Warehouse,
    like: Wanted,
    persons: Ints,
    dues: Ints,
    rules: Rules,
    region: str | None,
    now: Micros,
    untils: Ints | None = None,
    parts: Ints | int = 1,
) -> Forecast:
    """Of messages like this one to these customers, of so many `parts`, due then, in the order in which they
    are put.
    """
    if not len(persons):
        return Forecast(np.empty(0, np.int64), np.empty(0, np.bool_), np.empty(0, np.int64))
    to, limit = crowd.reached(tx, warehouse, persons, like.channel, region), rules.budgets.get(like.channel)
    costs = np.zeros(len(persons), np.int64) if limit is None else to.costs(limit, parts)
    seen = _seen(tx, warehouse, like, persons, dues, rules, to, now)
    ends = untils if untils is not None else np.full(len(persons), LAST, np.int64)
    kinds, firsts = _kinds(seen, dues, ends)
    verdicts = [_judged(n, like, seen, persons, dues, ends, rules) for n in firsts.tolist()]
    why = np.array([NAMES.index(one.guard) if one.guard else 0 for one in verdicts], np.int64)[kinds]
    waits = np.array([one.act == "hold" for one in verdicts])[kinds]
    if like.purpose != TRANSACTIONAL:
        order = np.lexsort((np.arange(len(persons)), dues))
        own = np.where(waits, 0, why)
        after = _twins(why, waits, seen.address, order)
        over = _spent(tx, why, waits, costs, like.channel, order, rules, now)
        why[over], waits[over] = _BUDGET, False
        # Whoever came after one who is not served after all is stopped for a reason of their own.
        alone = (after >= 0) & np.isin(after, over)
        why[alone] = np.where(own == 0, _BUDGET, own)[alone]
    return Forecast(why, waits, costs)


def _seen(
    tx: Tx,
    warehouse: Warehouse,
    like: Wanted,
    persons: Ints,
    dues: Ints,
    rules: Rules,
    to: Reached,
    now: Micros,
) -> _Seen:
    none, where = np.zeros(len(persons), np.int64), to[:3]
    if like.purpose == TRANSACTIONAL:
        return _Seen(
            *where, np.ones(len(persons), np.bool_), none, [rules.zone], none, none, [()], none, [()]
        )
    agrees = crowd.agreed(tx, warehouse, persons, like.channel, like.purpose, now)
    apart = none.copy()
    for name, share in ((like.origin, rules.holdouts.get(like.origin, 0.0)), (GLOBAL, rules.holdout)):
        if share:
            apart = np.where(held(rules.salt + name, share, persons), 1 + (name == GLOBAL), apart)
    silent = like.channel in rules.quiet
    zones = crowd.zoned(warehouse, persons, rules.zone) if silent else ([rules.zone], none)
    last = int(dues.max())
    past, pasts = _grouped(
        warehouse, persons, traffic.lately(tx, like.channel, int(dues.min()) - rules.memory)
    )
    soon = messages.rivals(tx, None, last + duration(rules.apart))
    against = [(row.person, Rival(row.id, row.origin, row.priority)) for row in soon if _rival(row, like)]
    rival, rivals = _grouped(warehouse, persons, against)
    return _Seen(*where, agrees, apart, *zones, past, pasts, rival, rivals)


def _rival(row: messages.Row, like: Wanted) -> bool:
    return bool(row.channel == like.channel and row.origin != like.origin and row.priority > like.priority)


def _grouped(
    warehouse: Warehouse, persons: Ints, rows: Sequence[tuple[int, Any]]
) -> tuple[Ints, list[tuple[Any, ...]]]:
    """Of each person which of the tuples is theirs; the first tuple is empty."""
    found = np.zeros(len(persons), np.int64)
    known: dict[tuple[Any, ...], int] = {(): 0}
    if not rows:
        return found, [()]
    whose = canonical(warehouse, np.array([person for person, _ in rows], np.int64)).tolist()
    mine: dict[int, list[Any]] = defaultdict(list)
    for person, (_, what) in zip(whose, rows, strict=True):
        mine[person].append(what)
    own = np.array(sorted(mine), np.int64)
    codes = [known.setdefault(tuple(sorted(mine[one])), len(known)) for one in own.tolist()]
    at = np.minimum(np.searchsorted(own, persons), len(own) - 1)
    return np.where(own[at] == persons, np.array(codes, np.int64)[at], 0), list(known)


def _kinds(seen: _Seen, dues: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Of which kind each is, and the first of each kind."""
    times = _mixed([_coded(dues), _coded(ends)])
    special = (seen.past > 0) | (seen.rival > 0) | (ends < LAST)
    when = times if int(times.max()) < _FEW else np.where(special, times + 1, 0)
    addressed, agrees = (seen.address != NOWHERE).astype(np.int64), seen.agrees.astype(np.int64)
    columns = [addressed, seen.blocked, agrees, seen.apart, seen.zone, seen.past, seen.rival, when]
    kinds = _mixed(columns)
    firsts = np.full(int(kinds.max()) + 1, -1, np.int64)
    firsts[kinds[::-1]] = np.arange(len(kinds), dtype=np.int64)[::-1]
    there = np.flatnonzero(firsts >= 0)
    place = np.zeros(len(firsts), np.int64)
    place[there] = np.arange(len(there))
    return place[kinds], firsts[there]


def _coded(column: Ints) -> Ints:
    """Small numbers for large ones; without sorting where all are the same."""
    if int(column.min()) == int(column.max()):
        return np.zeros(len(column), np.int64)
    return np.unique(column, return_inverse=True)[1].astype(np.int64)


def _mixed(columns: Sequence[Ints]) -> Ints:
    """One number for each combination, and as small as there is memory for."""
    found, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        most = int(column.max())
        if most and size * (most + 1) > _MANY:
            found = _coded(found)
            size = int(found.max()) + 1
        if most:
            found, size = found * (most + 1) + column, size * (most + 1)
    return found if size <= _MANY else _coded(found)


def _judged(
    n: int, like: Wanted, seen: _Seen, persons: Ints, dues: Ints, ends: Ints, rules: Rules
) -> Verdict:
    """One of a kind, as the door would have it."""
    person, due, address = int(persons[n]), int(dues[n]), "x" if seen.address[n] != NOWHERE else None
    case = Case(
        n,
        person,
        *(like.channel, like.purpose, like.origin, like.step, like.priority),
        due,
        None if ends[n] == LAST else int(ends[n]),
        address,
        seen.zones[int(seen.zone[n])],
    )
    why = seen.reasons[int(seen.blocked[n]) - 1] if seen.blocked[n] else frozenset()
    facts = Facts(
        agreed={(like.channel, like.purpose): {person} if seen.agrees[n] else set()},
        suppressed={(like.channel, "x"): why} if why else {},
        sent={(person, like.channel): seen.pasts[int(seen.past[n])]},
        rivals={(person, like.channel): seen.rivals[int(seen.rival[n])]},
    )
    return guards.judge([case], facts, structs.replace(rules, budgets={}), due)[0]


def _twins(why: Ints, waits: Bools, address: Ints, order: Ints) -> Ints:
    """One address gets it once: the first that goes, or else the first that waits. Of each the one after whom
    they come, or -1.
    """
    passing = (why == 0) | (why > _TWIN)
    rows = order[passing[order] & (address[order] != NOWHERE)]
    rank = np.where(why[rows] == 0, 0, np.where(waits[rows], 1, 2))
    sort = np.lexsort((np.arange(len(rows)), rank, address[rows]))
    mine, first = address[rows][sort], np.ones(len(rows), np.bool_)
    first[1:] = mine[1:] != mine[:-1]
    leader = np.maximum.accumulate(np.where(first, np.arange(len(rows)), 0))
    place = np.empty(len(rows), np.int64)
    place[sort] = sort[leader]
    own = np.arange(len(rows))
    goes = rank[place] == 0
    # What is stopped for good before the first one goes is stopped for its own reason.
    again = (place != own) & ((rank < 2) | (goes & (place < own))) & (rank[place] < 2)
    why[rows[again]], waits[rows[again]] = _TWIN, False
    after = np.full(len(why), -1, np.int64)
    after[rows[again]] = rows[place[again]]
    return after


def _spent(
    tx: Tx, why: Ints, waits: Bools, costs: Ints, channel: str, order: Ints, rules: Rules, now: Micros
) -> Ints:
    """For whom the month's budget is spent, once all before them have gone."""
    limit = rules.budgets.get(channel)
    if limit is None or limit.most is None:
        return order[:0]
    left = limit.most - messages.spent(tx, channel, guards.month(now, rules.zone))
    going: Ints = order[(why[order] == 0) | waits[order]]
    return going[beyond(costs[going], np.zeros(len(going), np.bool_), left)]


@compiled
def beyond(costs: Ints, always: Bools, left: int) -> Bools:
    """Which of them, one by one, can't be paid of what is left; some go `always`, and are paid too."""
    over = np.zeros(len(costs), np.bool_)
    for i in range(len(costs)):
        if always[i] or costs[i] <= left:
            left -= costs[i]
        else:
            over[i] = True
    return over
