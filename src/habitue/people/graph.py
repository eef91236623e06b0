"""Which keys are one human: what sources claimed, less what can't be true, and what people decided.

A pure function of the set of claims and rulings: in which order they came doesn't matter, and taking one out
again gives what would have been without it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from habitue.kernel.clock import Micros
from habitue.people.keys import bare, junk

Node: TypeAlias = int

LIMITS: Final[Mapping[tuple[str, str], int]] = {
    ("anon", "user"): 1,
    ("ext", "user"): 1,
    ("email", "user"): 3,
    ("phone", "user"): 3,
    ("user", "user"): 10,
    ("anon", "ext"): 1,
    ("anon", "email"): 1,
    ("anon", "phone"): 1,
    ("user", "email"): 10,
    ("user", "phone"): 10,
}
"""A key of the first kind claimed with more of the second than this is shared by several humans: a browser in
a library, the address of an office, somebody who orders for others. None of its claims with that kind counts.
Keys of one kind that are joined directly, such as a user's old id and new one, count as one. A device counts
customers, not keys (`_devices`): anybody can say of one who uses it, so it never joins two of them."""

ANON: Final = "anon"

KINDS: Final = ("user", "ext", "email", "phone", "anon")
"""The kinds of keys, the strongest first."""


def kind(key: str) -> str:
    """`user` of `user:c-001`."""
    return key.partition(":")[0]


def rank(key: str) -> tuple[int, str]:
    """Orders keys by what a human is best called."""
    return (KINDS.index(kind(key)) if kind(key) in KINDS else len(KINDS), key)


class Claim(NamedTuple):
    """Two keys that an event said are one human's; `(ts, seq)` is the first such event."""

    one: Node
    other: Node
    ts: Micros
    seq: int


class Ruling(NamedTuple):
    """What somebody decided about two keys; the last one about a pair counts, whatever is claimed."""

    act: Literal["merge", "split"]
    one: Node
    other: Node
    ts: Micros
    seq: int


class Link(NamedTuple):
    """Two keys that are one human's, and from which instant and event on that is known."""

    one: Node
    other: Node
    ts: Micros
    seq: int


class Refusal(NamedTuple):
    """A key whose claims with keys of the kind `to` don't count: it was claimed with those of `many` humans.

    A junk word is refused whatever the kind: `to` is "" then.
    """

    node: Node
    key: str
    to: str
    many: int


@dataclass(frozen=True)
class Groups:
    """The person of each key: the smallest number among their keys; what joins them; what was refused."""

    person: Mapping[Node, Node]
    links: Collection[Link]
    refused: Collection[Refusal] = field(default=())


def components(
    keys: Mapping[Node, str],
    claims: Iterable[Claim],
    rulings: Iterable[Ruling],
    limits: Mapping[tuple[str, str], int] = LIMITS,
) -> Groups:
    """The humans among `keys`; whatever the claims and rulings are about is among them too."""
    said = {claim for claim in claims if claim.one != claim.other}
    kinds = {node: kind(key) for node, key in keys.items()}
    decided = _decided(rulings)
    refused = _refused(keys, kinds, said, decided, limits)
    links = _standing(kinds, said, decided, {(refusal.node, refusal.to) for refusal in refused})
    return Groups(leaders(keys, links), links, refused)


def _decided(rulings: Iterable[Ruling]) -> list[Ruling]:
    """The last about each pair; one that only says it again changes nothing, nor since when it is so."""
    last: dict[tuple[Node, Node], Ruling] = {}
    for ruling in sorted(rulings, key=lambda one: one.seq):
        pair = _pair(ruling.one, ruling.other)
        if pair not in last or last[pair].act != ruling.act:
            last[pair] = ruling
    return list(last.values())


def _refused(
    keys: Mapping[Node, str],
    kinds: Mapping[Node, str],
    claims: Collection[Claim],
    rulings: Collection[Ruling],
    limits: Mapping[tuple[str, str], int],
) -> list[Refusal]:
    """First what joins keys of one kind, then the rest, for which keys so joined are one, devices last."""
    met: dict[Node, set[Node]] = defaultdict(set)
    for one, other, *_ in claims:
        met[one].add(other)
        met[other].add(one)
    found = [
        Refusal(node, keys[node], "", len(others)) for node, others in met.items() if junk(bare(keys[node]))
    ]
    for node, others in met.items():
        many = sum(kinds[other] == kinds[node] for other in others)
        if many > limits.get((kinds[node], kinds[node]), many):
            found.append(Refusal(node, keys[node], kinds[node], many))
    alike = _alike(kinds, claims, rulings, {(refusal.node, refusal.to) for refusal in found})
    for node, others in met.items():
        humans = {alike.get(other, other) for other in others} if len(others) > 1 else ()
        for to, many in Counter(map(kinds.__getitem__, humans)).items():
            if ANON != kinds[node] != to and many > limits.get((kinds[node], to), many):
                found.append(Refusal(node, keys[node], to, many))
    if ANON in kinds.values():
        customers = _customers(kinds, claims, rulings, {(refusal.node, refusal.to) for refusal in found})
        found += _devices(keys, kinds, claims, rulings, alike, customers, limits)
    return sorted(found, key=lambda refusal: (refusal.node, refusal.to))


def _customers(
    kinds: Mapping[Node, str],
    claims: Iterable[Claim],
    rulings: Iterable[Ruling],
    refused: AbstractSet[tuple[Node, str]],
) -> dict[Node, Node]:
    """Who each key but the anonymous would be if there were no devices."""
    named = {node for node, its in kinds.items() if its != ANON}
    said = [claim for claim in claims if claim.one in named and claim.other in named]
    decided = [ruling for ruling in rulings if ruling.one in named and ruling.other in named]
    return leaders(named, _standing(kinds, said, decided, refused))


def _devices(
    keys: Mapping[Node, str],
    kinds: Mapping[Node, str],
    claims: Iterable[Claim],
    rulings: Iterable[Ruling],
    alike: Mapping[Node, Node],
    customers: Mapping[Node, Node],
    limits: Mapping[tuple[str, str], int],
) -> list[Refusal]:
    """Anonymous keys that are joined are one device: it is nobody's who would be its second customer.

    People's word comes first, then users, then the weaker kinds.
    """
    merges = [ruling for ruling in rulings if ruling.act == "merge"]
    decided: dict[Node, set[Node]] = defaultdict(set)
    for node, other in _used(kinds, merges):
        decided[alike.get(node, node)].add(customers[other])
    used: dict[Node, dict[str, list[tuple[Node, Node]]]] = defaultdict(lambda: defaultdict(list))
    for node, other in _used(kinds, claims):
        used[alike.get(node, node)][kinds[other]].append((node, other))
    found = []
    for device, pairs in used.items():
        whose = decided[device]
        for to in sorted(pairs, key=lambda word: rank(f"{word}:")):
            theirs = {customers[other] for _, other in pairs[to]}
            many = len(theirs - whose) + bool(whose)
            if many > limits.get((ANON, to), many):
                found += [Refusal(node, keys[node], to, many) for node in {node for node, _ in pairs[to]}]
            else:
                whose |= theirs
    return found


def _used(kinds: Mapping[Node, str], said: Iterable[Claim | Ruling]) -> Iterator[tuple[Node, Node]]:
    """Each anonymous key with one that is not, where they were named together."""
    for each in said:
        if (kinds[each.one] == ANON) != (kinds[each.other] == ANON):
            yield (each.one, each.other) if kinds[each.one] == ANON else (each.other, each.one)


def _alike(
    kinds: Mapping[Node, str],
    claims: Iterable[Claim],
    rulings: Collection[Ruling],
    refused: AbstractSet[tuple[Node, str]],
) -> dict[Node, Node]:
    """For keys that are joined directly with one of their kind, one of those that stands for all."""
    same = [claim for claim in claims if kinds[claim.one] == kinds[claim.other]]
    decided = [ruling for ruling in rulings if kinds[ruling.one] == kinds[ruling.other]]
    links = _standing(kinds, same, decided, refused) if same or decided else []
    return leaders({end for link in links for end in (link.one, link.other)}, links)


def _standing(
    kinds: Mapping[Node, str],
    claims: Collection[Claim],
    rulings: Iterable[Ruling],
    refused: AbstractSet[tuple[Node, str]],
) -> list[Link]:
    """The links that count, each pair once, from the first that tells of it on, in the order of time.

    `rulings` are the last about each pair.
    """
    first: dict[tuple[Node, Node], Link] = {}
    split: set[tuple[Node, Node]] = set()
    for one, other, ts, seq in sorted(claims, key=lambda claim: (claim.ts, claim.seq)):
        shared = ((one, ""), (other, ""), (one, kinds[other]), (other, kinds[one]))
        if not refused or refused.isdisjoint(shared):
            first.setdefault(_pair(one, other), Link(*_pair(one, other), ts, seq))
    for ruling in rulings:
        pair = _pair(ruling.one, ruling.other)
        if ruling.act == "split":
            split.add(pair)
        else:
            made = Link(*pair, ruling.ts, ruling.seq)
            first[pair] = min(made, first.get(pair, made))
    kept = (link for pair, link in first.items() if pair not in split and pair[0] != pair[1])
    return sorted(kept, key=lambda link: (link.ts, link.seq, link.one, link.other))


def _pair(one: Node, other: Node) -> tuple[Node, Node]:
    return (one, other) if one < other else (other, one)


def leaders(keys: Iterable[Node], links: Iterable[Link]) -> dict[Node, Node]:
    """Of each key the smallest among all that are linked with it: union-find in which the smaller leads."""
    leader = {node: node for node in keys}

    def root(node: Node) -> Node:
        while leader[node] != node:
            leader[node] = node = leader[leader[node]]
        return node

    for link in links:
        low, high = sorted((root(link.one), root(link.other)))
        leader[high] = low
    return {node: root(node) for node in leader}
