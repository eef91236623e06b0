from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.people.graph import KINDS, LIMITS, Claim, Groups, Ruling, components, kind, rank

SIZE = 9


def claims(*pairs: tuple[int, int]) -> list[Claim]:
    return [Claim(one, other, n, n) for n, (one, other) in enumerate(pairs)]


def together(groups: Groups) -> set[frozenset[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for node, person in groups.person.items():
        found[person].add(node)
    return {frozenset(nodes) for nodes in found.values() if len(nodes) > 1}


def named(*keys: str) -> dict[int, str]:
    return dict(enumerate(keys))


def test_a_key_claimed_with_itself_or_with_nobody_stands_alone() -> None:
    keys = named("user:a", "user:b", "email:x@y.fr")
    assert components(keys, claims((0, 0), (1, 1)), []).person == {0: 0, 1: 1, 2: 2}


def test_a_chain_and_a_circle_of_aliases_are_one_person_with_the_smallest_number() -> None:
    keys = named("user:z", "user:a", "user:b", "user:c")
    for pairs in ([(1, 2), (2, 3)], [(1, 2), (2, 3), (3, 1)], [(3, 1), (1, 2), (2, 3), (2, 1)]):
        assert components(keys, claims(*pairs), []).person == {0: 0, 1: 1, 2: 1, 3: 1}


@pytest.mark.parametrize(("weak", "strong"), sorted(LIMITS))
def test_a_key_claimed_by_more_than_its_limit_joins_none_of_them(weak: str, strong: str) -> None:
    most = LIMITS[weak, strong]
    keys = named(f"{weak}:shared", *(f"{strong}:u{n}" for n in range(most + 1)))
    allowed = components(keys, claims(*((0, n) for n in range(1, most + 1))), [])
    assert together(allowed) == {frozenset(range(most + 1))}
    over = components(keys, claims(*((n, 0) for n in range(1, most + 2))), [])
    assert together(over) == set()
    assert [tuple(refusal) for refusal in over.refused] == [(0, f"{weak}:shared", strong, most + 1)]


def test_users_whom_an_alias_or_somebody_made_one_share_a_key_as_one() -> None:
    keys = named("anon:phone", "user:old", "user:new", "user:else", "user:far")
    both = claims((1, 0), (2, 0))
    assert together(components(keys, both, [])) == set()
    assert together(components(keys, [*both, Claim(2, 1, 9, 9)], [])) == {frozenset({0, 1, 2})}
    assert together(components(keys, [*both, *claims((1, 4), (4, 2))], [])) == {frozenset({0, 1, 2, 4})}
    merged = Ruling("merge", 1, 2, 9, 9)
    assert together(components(keys, both, [merged])) == {frozenset({0, 1, 2})}
    apart = components(keys, [*both, Claim(2, 1, 9, 9)], [Ruling("split", 1, 2, 9, 9)])
    assert together(apart) == set()
    third = components(keys, [*both, *claims((3, 0), (1, 2))], [])
    assert together(third) == {frozenset({1, 2})}
    assert [tuple(refusal) for refusal in third.refused] == [(0, "anon:phone", "user", 2)]


def test_what_is_refused_with_users_still_joins_other_kinds() -> None:
    keys = named("anon:library", "user:a", "user:b", "email:x@y.fr")
    groups = components(keys, claims((1, 0), (2, 0), (3, 0), (3, 1)), [])
    assert together(groups) == {frozenset({0, 1, 3})}


def test_junk_joins_nobody_and_is_named() -> None:
    keys = named("user:a", "anon:undefined", "user:b")
    groups = components(keys, claims((0, 1), (2, 1)), [])
    assert together(groups) == set()
    assert ("anon:undefined", "", 2) in [(r.key, r.to, r.many) for r in groups.refused]


def test_a_split_outlives_every_claim_and_a_later_merge_takes_it_back() -> None:
    keys = named("user:a", "email:x@y.fr")
    split = Ruling("split", 1, 0, 50, 50)
    assert together(components(keys, claims((0, 1)), [split])) == set()
    late = [*claims((0, 1)), Claim(1, 0, 90, 90)]
    assert together(components(keys, late, [split])) == set()
    merged = components(keys, [], [Ruling("merge", 0, 1, 60, 60), split])
    assert (together(merged), [(link.ts, link.seq) for link in merged.links]) == (
        {frozenset({0, 1})},
        [(60, 60)],
    )


def test_who_is_merged_again_is_one_since_the_first_time_and_anew_after_a_split() -> None:
    keys = {0: "user:a", 1: "email:a@b.fr"}
    first, again, parted = (
        Ruling("merge", 0, 1, 10, 1),
        Ruling("merge", 1, 0, 20, 2),
        Ruling("split", 0, 1, 30, 3),
    )
    assert [link.ts for link in components(keys, [], [again, first]).links] == [10]
    assert components(keys, [], [first, again, parted]).links == []
    anew = Ruling("merge", 0, 1, 40, 4)
    assert [link.ts for link in components(keys, [], [first, again, parted, anew]).links] == [40]


def test_people_may_merge_what_is_refused() -> None:
    keys = named("anon:library", "user:a", "user:b")
    groups = components(keys, claims((1, 0), (2, 0)), [Ruling("merge", 2, 0, 9, 9)])
    assert together(groups) == {frozenset({0, 2})}


def test_a_link_dates_from_the_first_claim() -> None:
    keys = named("user:a", "email:x@y.fr")
    groups = components(keys, [Claim(0, 1, 7, 1), Claim(1, 0, 3, 2)], [])
    assert [tuple(link) for link in groups.links] == [(0, 1, 3, 2)]


def test_the_best_name_is_the_strongest_kind_then_the_first_text() -> None:
    keys = ["anon:1", "phone:+33612345678", "email:a@b.fr", "ext:shopify:9", "user:b", "user:a", "else:x"]
    assert sorted(keys, key=rank) == [
        *("user:a", "user:b", "ext:shopify:9", "email:a@b.fr", "phone:+33612345678", "anon:1", "else:x"),
    ]


def device(*, also: tuple[tuple[int, int], ...] = ()) -> set[frozenset[int]]:
    """Two visitors joined by an alias; user:a was on the first, user:b and two addresses on the second."""
    keys = named("anon:1", "anon:2", "user:a", "user:b", "email:a@b.fr", "email:c@d.fr")
    return together(components(keys, claims((0, 1), *also), []))


def test_a_chain_of_visitors_is_one_device_and_joins_no_two_customers() -> None:
    assert device(also=((2, 0),)) == {frozenset({0, 1, 2})}
    assert device(also=((2, 0), (3, 1))) == {frozenset({0, 1})}
    assert device(also=((2, 0), (3, 1), (3, 2))) == {frozenset({0, 1, 2, 3})}


def test_a_device_with_two_addresses_or_an_address_of_somebody_else_joins_no_two_customers() -> None:
    assert device(also=((4, 0), (5, 0))) == device(also=((4, 0), (5, 1))) == {frozenset({0, 1})}
    assert device(also=((2, 0), (5, 1))) == {frozenset({0, 1, 2})}
    assert device(also=((2, 0), (4, 1), (2, 4))) == {frozenset({0, 1, 2, 4})}
    assert device(also=((2, 0), (4, 1), (4, 3))) == {frozenset({0, 1, 2}), frozenset({3, 4})}


def test_a_device_that_people_gave_to_somebody_joins_them_with_nobody() -> None:
    keys = named("anon:1", "user:a", "user:b")
    merged = Ruling("merge", 0, 1, 9, 9)
    assert together(components(keys, claims((2, 0)), [merged])) == {frozenset({0, 1})}


def foreign(
    keys: dict[int, str],
    told: list[Claim],
    rulings: list[Ruling],
    device: int,
    walked: Callable[[int, Callable[[str], bool]], frozenset[int]],
) -> list[str]:
    """The kinds of keys by which the device would be a second customer's."""
    last = {frozenset((r.one, r.other)): r.act for r in sorted(rulings, key=lambda r: r.seq)}
    chain = walked(device, lambda word: word == "anon")
    merged = [pair for pair, act in last.items() if act == "merge"]
    theirs = {m for pair in merged if pair & chain for m in pair if kind(keys[m]) != "anon"}
    mine, refused = {walked(m, lambda word: word != "anon") for m in theirs}, []
    for word in KINDS[:-1]:
        pairs = [{c.one, c.other} for c in told if {c.one, c.other} & chain]
        named = {m for pair in pairs for m in pair if kind(keys[m]) == word}
        customers = {walked(m, lambda word: word != "anon") for m in named}
        if len(customers - mine) + bool(mine) > 1 and named:
            refused.append(word)
        else:
            mine |= customers
    return refused


def plainly(keys: dict[int, str], told: list[Claim], rulings: list[Ruling]) -> set[frozenset[int]]:
    """The same by a matrix: is this pair linked, then whom can be reached by walking."""

    def met(node: int, other: str) -> int:
        beside = {m for c in told if node in (c.one, c.other) for m in (c.one, c.other)} - {node}
        those = {m for m in beside if kind(keys[m]) == other}
        return len(those) if other == kind(keys[node]) else len({alike(m) for m in those})

    def walked(start: int, among: Callable[[str], bool]) -> frozenset[int]:
        reached, frontier = {start}, [start]
        while frontier:
            here = frontier.pop()
            fresh = {m for m in keys if m not in reached and among(kind(keys[m])) and linked(here, m)}
            reached |= fresh
            frontier += fresh
        return frozenset(reached)

    def alike(node: int) -> frozenset[int]:
        """The keys of its kind that can be walked to from one to the next."""
        return walked(node, lambda word: word == kind(keys[node]))

    def shared(one: int, other: int) -> bool:
        if kind(keys[one]) == "anon" != kind(keys[other]):
            return kind(keys[other]) in foreign(keys, told, rulings, one, walked)
        limit = LIMITS.get((kind(keys[one]), kind(keys[other])))
        return limit is not None and met(one, kind(keys[other])) > limit

    def linked(one: int, other: int) -> bool:
        about = sorted((r.seq, r.act) for r in rulings if {r.one, r.other} == {one, other})
        if about:
            return about[-1][1] != "split"
        said = any({c.one, c.other} == {one, other} for c in told)
        return said and not shared(one, other) and not shared(other, one)

    groups = {walked(start, lambda _: True) for start in keys}
    return {group for group in groups if len(group) > 1}


nodes = st.integers(0, SIZE - 1)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[int, str], list[Claim], list[Ruling]]:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=SIZE, max_size=SIZE))
    keys = {n: f"{word}:k{n}" for n, word in enumerate(kinds)}
    pairs = draw(st.lists(st.tuples(nodes, nodes, st.integers(0, 5)), max_size=14))
    told = [Claim(one, other, ts, n) for n, (one, other, ts) in enumerate(pairs)]
    acts = draw(st.lists(st.tuples(st.sampled_from(("merge", "split")), nodes, nodes), max_size=5))
    rulings = [Ruling(act, one, other, 9, 100 + n) for n, (act, one, other) in enumerate(acts)]  # type: ignore[arg-type]
    return keys, told, rulings


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_it_is_what_walking_finds(world: tuple[dict[int, str], list[Claim], list[Ruling]]) -> None:
    assert together(components(*world)) == plainly(*world)


@settings(max_examples=300, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_what_was_said_does_not_matter(
    world: tuple[dict[int, str], list[Claim], list[Ruling]], dice: Random
) -> None:
    keys, told, rulings = world
    whole = components(keys, told, rulings)
    mixed, decided = dice.sample(told, len(told)), dice.sample(rulings, len(rulings))
    turned = [Claim(c.other, c.one, c.ts, c.seq) for c in told]
    assert whole == components(keys, mixed, decided) == components(keys, turned, rulings)


@settings(max_examples=200, deadline=None)
@given(worlds(), nodes, nodes)
def test_a_merge_that_is_split_again_leaves_nothing_behind(
    world: tuple[dict[int, str], list[Claim], list[Ruling]], one: int, other: int
) -> None:
    keys, told, rulings = world
    before = components(keys, told, rulings)
    about = {one, other}
    if any({link.one, link.other} == about for link in before.links):
        return
    again = [Ruling("merge", one, other, 10, 200), Ruling("split", other, one, 11, 201)]
    assert components(keys, told, rulings + again) == before
