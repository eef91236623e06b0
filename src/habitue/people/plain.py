"""Who is who where nothing is in doubt: what `circle` says, told in columns for most keys at once.

Keys that were claimed together are one human's, whoever claims it, as long as none of them is shared by too
many, means nobody or was ruled about. Where one of them is, all of them are left to `circle`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from habitue.people.circle import Run
from habitue.people.graph import ANON, KINDS, LIMITS
from habitue.people.keys import JUNK, bare, junk

Nodes = NDArray[np.int32]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

ROUNDS: Final = 8
"""So many steps are walked from what is new,"""
MANY: Final = 50
"""over nobody with more claims than that: who is reached no other way is left to `circle`."""

_DEVICE: Final = KINDS.index(ANON)
_KINDS: Final = len(KINDS) + 1

_CLAIMS: Final = """
    SELECT one, other, epoch_us(ts) AS ts, seq FROM claim
    WHERE one IN (SELECT node FROM asked) OR other IN (SELECT node FROM asked)
"""

# What may be junk is looked at by `junk` itself.
_KEYS: Final = f"""
    WITH named AS (
        SELECT node, birth, key, split_part(key, ':', 1) AS kind, key[strpos(key, ':') + 1:] AS bare
        FROM node SEMI JOIN asked USING (node)
    )
    SELECT node, (coalesce(list_position({list(KINDS)}, kind), {_KINDS}) - 1)::INTEGER AS kind,
           kind = 'user' AND birth IS NULL AS unheard,
           CASE WHEN NOT regexp_matches(bare, '[a-zA-Z1-9]') OR strlen(bare) <> length(bare)
               OR regexp_full_match(lower(bare), '\\W*({"|".join(map(re.escape, sorted(JUNK)))})\\W*')
               THEN key END AS doubtful
    FROM named
"""
_RULED: Final = """
    SELECT node FROM (SELECT unnest([one, other]) AS node FROM ruling) SEMI JOIN asked USING (node)
"""
_HOUSES: Final = """
    SELECT node, person FROM merged
    WHERE node IN (SELECT node FROM asked) OR person IN (SELECT node FROM asked)
"""


class Plain(NamedTuple):
    """Keys (`node`) with their `person`, the claims that join them, and the seeds that are in doubt."""

    persons: pa.Table
    links: pa.Table
    rest: Nodes


def plain(run: Run, seeds: Nodes) -> Plain:
    """The persons of those of the keys about whom nothing is in doubt, with all that are one with them."""
    met, claims = _walked(run, seeds)
    nodes = np.unique(np.concatenate([met, *_ends(claims)]))
    one, other = (np.searchsorted(nodes, end) for end in _ends(claims))
    leader = _leaders(len(nodes), one, other)
    kinds, odd = _looked_up(run, nodes)
    odd |= ~np.isin(nodes, met) | _crowded(kinds, one, other) | _contested(kinds, one, other)
    odd |= _apart(run, nodes, leader)
    doubted = np.zeros(len(nodes), bool)
    doubted[leader[odd]] = True
    doubted = doubted[leader]
    return Plain(
        pa.table({"node": nodes[~doubted], "person": nodes[leader[~doubted]]}),
        claims.filter(pa.array(~doubted[one])),
        seeds[doubted[np.searchsorted(nodes, seeds)]],
    )


def _walked(run: Run, seeds: Nodes) -> tuple[Nodes, pa.Table]:
    """Whoever is met on the way from these, and all that was claimed about them, each claim once."""
    met, fresh = np.empty(0, np.int32), np.unique(seeds)
    found: list[pa.Table] = []
    for _ in range(ROUNDS):
        claims = run(_CLAIMS, asked=pa.table({"node": fresh}))
        known = np.isin(_ends(claims), met).any(axis=0)
        found.append(claims.filter(pa.array(~known)))
        met = np.union1d(met, fresh)
        ends = _ends(found[-1])
        nodes, many = np.unique(ends, return_counts=True)
        walked = ~np.isin(ends, nodes[many > MANY]).any(axis=0)
        fresh = np.setdiff1d(ends[:, walked], met)
        if not len(fresh):
            break
    return met, pa.concat_tables(found)


def _ends(claims: pa.Table) -> Nodes:
    """The two ends of each claim: two rows."""
    return np.stack([claims[name].to_numpy() for name in ("one", "other")])


def _leaders(n: int, one: Places, other: Places) -> Places:
    """For each of `n` places the first of those that are joined with it, at any remove."""
    leader = np.arange(n)
    while True:
        low = np.minimum(leader[one], leader[other])
        now = leader.copy()
        np.minimum.at(now, one, low)
        np.minimum.at(now, other, low)
        np.minimum.at(now, leader[one], low)
        np.minimum.at(now, leader[other], low)
        now = now[now]
        if (now == leader).all():
            return leader
        leader = now


def _looked_up(run: Run, nodes: Nodes) -> tuple[Places, Flags]:
    """The kind of each key, and whether it can't be judged by its claims alone."""
    asked = pa.table({"node": nodes})
    found = run(_KEYS, asked=asked)
    places = np.searchsorted(nodes, found["node"].to_numpy())
    kinds, odd = np.full(len(nodes), _KINDS - 1), np.ones(len(nodes), bool)
    kinds[places] = found["kind"].to_numpy()
    odd[places] = found["unheard"].to_numpy()
    doubtful = found["doubtful"]
    for n in np.flatnonzero(doubtful.is_valid().to_numpy()):
        odd[places[n]] |= junk(bare(doubtful[int(n)].as_py()))
    odd[np.searchsorted(nodes, run(_RULED, asked=asked)["node"].to_numpy())] = True
    return kinds, odd


def _limits() -> NDArray[np.float64]:
    """The most keys of each kind that one of each kind may be claimed with; a device has its own rule."""
    most = np.full((_KINDS, _KINDS), np.inf)
    for (own, to), limit in LIMITS.items():
        if own != ANON and own in KINDS and to in KINDS:
            most[KINDS.index(own), KINDS.index(to)] = limit
    return most


_MOST: Final = _limits()


def _crowded(kinds: Places, one: Places, other: Places) -> Flags:
    """Who may be shared by several."""
    met = np.concatenate([one, other]) * _KINDS + np.concatenate([kinds[other], kinds[one]])
    many = np.bincount(met, minlength=len(kinds) * _KINDS).reshape(len(kinds), _KINDS)
    crowded: Flags = np.any(many > _MOST[kinds], axis=1)
    return crowded


def _contested(kinds: Places, one: Places, other: Places) -> Flags:
    """Who is named beside a device that would be several customers', were there no devices."""
    device = kinds == _DEVICE
    customers = _leaders(len(kinds), *_among(~device, one, other))
    devices = _leaders(len(kinds), *_among(device, one, other))
    mixed = device[one] != device[other]
    theirs, its = np.where(device[one], other, one)[mixed], np.where(device[one], one, other)[mixed]
    uses = np.unique(np.stack([devices[its], customers[theirs]]), axis=1)
    used, many = np.unique(uses[0], return_counts=True)
    return np.isin(devices, used[many > 1])


def _among(those: Flags, one: Places, other: Places) -> tuple[Places, Places]:
    inside = those[one] & those[other]
    return one[inside], other[inside]


def _apart(run: Run, nodes: Nodes, leader: Places) -> Flags:
    """Who is one with somebody now by more than these claims."""
    found = run(_HOUSES, asked=pa.table({"node": nodes}))
    pairs = np.stack([found["node"].to_numpy(), found["person"].to_numpy()])
    places = np.searchsorted(nodes, pairs).clip(max=len(nodes) - 1)
    here = nodes[places] == pairs
    strange = ~here.all(axis=0) | (leader[places[0]] != leader[places[1]])
    odd = np.zeros(len(nodes), bool)
    odd[places[here & strange]] = True
    return odd
