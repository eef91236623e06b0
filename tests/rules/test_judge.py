"""What rules mean, sentence by sentence of the design."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.kernel.clock import DAY, HOUR, MINUTE
from habitue.rules.judge import Book, Change, Event, History, Model, instants, judge, why
from habitue.rules.text import parse
from tests.rules.strategies import World, worlds

NOBODY = Book()


def orders(*days: float, **props: Any) -> History:
    """Somebody born on day 0 who ordered on these days."""
    events = [Event(int(day * DAY), "O", props, seq) for seq, day in enumerate(days)]
    return History(0, tuple(events))


def true_on(text: str, history: History, *instants: float, book: Book = NOBODY) -> list[bool]:
    rule = parse(text)
    return [judge(rule, history, int(day * DAY), book) for day in instants]


US = 1 / DAY


# --- windows and elapsed time ---


def test_an_event_counts_from_its_instant_until_just_before_its_window_ends() -> None:
    one = History(0, (Event(5 * DAY, "O"),))
    rule = parse('count("O", within="90d") >= 1')
    instants = (5 * DAY - 1, 5 * DAY, 95 * DAY - 1, 95 * DAY)
    assert [judge(rule, one, at, NOBODY) for at in instants] == [False, True, True, False]


def test_days_since_last_becomes_true_exactly_ninety_days_after() -> None:
    one = History(0, (Event(5 * DAY, "O"),))
    for op in (">", ">="):
        rule = parse(f'days_since_last("O") {op} 90')
        assert [judge(rule, one, at, NOBODY) for at in (5 * DAY, 95 * DAY - 1, 95 * DAY)] == [
            False,
            False,
            True,
        ]


@given(worlds(), st.sampled_from((MINUTE, DAY, 2 * DAY)))
@settings(max_examples=50)
def test_less_and_more_are_complements_among_those_who_did_and_false_for_the_others(
    world: World, length: int
) -> None:
    history, text = world.history, f'"{length // MINUTE}m"'
    more, less = parse(f'days_since_last("A") >= {text}'), parse(f'days_since_last("A") < {text}')
    for at in instants(more, history, NOBODY):
        did = judge(parse('ever("A")'), history, at, NOBODY)
        assert judge(more, history, at, NOBODY) + judge(less, history, at, NOBODY) == did


def test_days_since_first_counts_from_the_first() -> None:
    assert true_on('days_since_first("O") < 10', orders(0, 8), 0, 9, 10, 12) == [True, True, False, False]


def test_before_birth_every_rule_is_false_even_its_opposite() -> None:
    late = History(3 * DAY, (Event(3 * DAY, "O"),))
    assert true_on('ever("X") or not ever("X")', late, 3 - US, 3) == [False, True]


def test_ever_and_never_change_once() -> None:
    assert true_on('ever("O")', History(0, (Event(DAY, "O"),)), 0, 1, 500) == [False, True, True]
    assert true_on('never("O")', History(0, (Event(DAY, "O"),)), 0, 1, 500) == [True, False, False]


def test_events_of_one_instant_apply_together() -> None:
    assert true_on('count("O") >= 2', orders(1, 1), 1 - US, 1) == [False, True]


def test_a_list_of_names_is_any_of_them() -> None:
    both = History(0, (Event(0, "A"), Event(DAY, "B"), Event(2 * DAY, "C")))
    assert true_on('count(["A", "B"]) == 2', both, 0, 1, 2) == [False, True, True]


def test_since_counts_from_the_last_such_event_on_and_is_missing_before_any() -> None:
    history = History(
        0, (Event(0, "O"), Event(DAY, "S"), Event(DAY, "O"), Event(2 * DAY, "O"), Event(3 * DAY, "S"))
    )
    assert true_on('count("O", since="S") == 0', history, 0, 1, 2, 3) == [False, False, False, True]
    assert true_on('count("O", since="S") >= 1', history, 0, 1, 2, 3) == [False, True, True, False]
    assert true_on('not (count("O", since="S") >= 0)', history, 0, 1) == [True, False]


def test_since_may_have_a_condition_of_its_own() -> None:
    history = History(0, (Event(0, "S", {"x": 1}), Event(DAY, "O"), Event(2 * DAY, "S", {"x": 2})))
    assert true_on('count("O", since="S") >= 1', history, 0, 1, 2) == [False, True, False]
    for text in ('ever("S", where=props.x == 1)', 'ever(["S", "T"], where=props.x == 1)'):
        assert true_on(f'count("O", since={text}) >= 1', history, 0, 1, 2) == [False, True, True]
    assert true_on('count("O", since=ever("S", where=props.x == 3)) >= 0', history, 2) == [False]


# --- sums and different values ---


def test_money_is_summed_in_cents_and_compared_in_major_units() -> None:
    cents = History(0, tuple(Event(day * DAY, "O", {"revenue": "?"}, day, 10) for day in range(3)))
    assert true_on('sum("O", props.revenue) >= 0.3', cents, 1, 2) == [False, True]
    assert true_on('sum("O", props.revenue) == 0.3', cents, 2) == [True]
    assert true_on('sum("O", props.revenue) > 0.299', cents, 1, 2) == [False, True]


def test_refunds_lower_the_sum_and_currencies_may_have_no_cents() -> None:
    history = History(0, (Event(0, "O", {}, 0, 500), Event(DAY, "R", {}, 1, -100)))
    assert true_on('sum(["O", "R"], props.revenue) == 400', history, 0, 1, book=Book(digits=0)) == [
        False,
        True,
    ]
    assert true_on('sum(["O", "R"], props.revenue) == 4', history, 1) == [True]


def test_other_sums_are_exact_to_six_decimals_and_leave_out_what_is_no_number() -> None:
    values = (0.1, 0.2, "7", True, None, 1e12, [0.3, "x"])
    history = History(0, tuple(Event(0, "O", {"x": value}, seq) for seq, value in enumerate(values)))
    assert true_on('sum("O", props.x) == 0.6', history, 0) == [True]
    tiny = History(0, (Event(0, "O", {"x": 0.0000004}), Event(0, "O", {"x": 0.0000005})))
    assert true_on('sum("O", props.x) == 0.000001', tiny, 0) == [True]


def test_nothing_sums_to_zero() -> None:
    assert true_on(
        'sum("X", props.x) == 0 and count("X") == 0 and distinct("X", props.x) == 0', orders(0), 0
    ) == [True]


def test_different_values_differ_by_kind_and_lists_give_each_of_theirs() -> None:
    values: tuple[Any, ...] = (1, 1.0, "1", True, None, ["a", "1", None], {"deep": 1})
    history = History(0, tuple(Event(0, "O", {"x": value}) for value in values))
    assert true_on('distinct("O", props.x) == 4', history, 0) == [True]


# --- what is missing, kinds, lists ---


def had(value: Any) -> History:
    return History(0, changes=(Change(0, "trait.x", value),))


@pytest.mark.parametrize("comparison", ["== 1", "!= 1", "< 1", ">= 1", 'in ["a"]', 'not in ["a"]', "!= None"])
def test_a_comparison_with_a_missing_value_is_false_and_its_opposite_true(comparison: str) -> None:
    for history in (History(0), had(None), had([]), had([None]), had({"y": 1})):
        assert true_on(f"trait.x {comparison}", history, 0) == [False]
        assert true_on(f"not (trait.x {comparison})", history, 0) == [True]
        assert true_on("trait.x == None", history, 0) == [True]


@pytest.mark.parametrize(
    ("value", "comparison", "truth"),
    [
        (1, '== "1"', False),
        (1, '!= "1"', True),
        (1, '< "2"', False),
        (True, "== 1", False),
        (True, "!= 1", True),
        (True, ">= 1", False),
        (True, "== True", True),
        (1, "== 1.0", True),
        (0.1, "== 0.1", True),
        ("a", '== "A"', False),
        ("2026-02-01", '> "2026-01-31"', True),
        ("é", '> "z"', True),
        ("a", '> ""', True),
        ("", "!= None", True),
        (2, "in [1, 2]", True),
        (2, 'not in ["2"]', True),
        (["a", "b"], '== "b"', True),
        (["a", "b"], '!= "b"', False),
        (["a", "b"], '!= "c"', True),
        (["a", "b"], 'in ["b", "c"]', True),
        (["a", "b"], 'not in ["b", "c"]', False),
        ([1, 5], "> 4", True),
        ([1, "5"], "> 4", False),
    ],
)
def test_kinds_never_mix_and_of_a_list_one_is_enough(value: Any, comparison: str, truth: bool) -> None:
    assert true_on(f"trait.x {comparison}", had(value), 0) == [truth]


@pytest.mark.parametrize(
    ("value", "test", "truth"),
    [
        ("abc", 'contains(trait.x, "bc")', True),
        ("abc", 'contains(trait.x, "BC")', False),
        (["abc"], 'contains(trait.x, "bc")', False),
        (["abc", "bc"], 'contains(trait.x, "bc")', True),
        ([1, 2], "contains(trait.x, 2)", True),
        (12, "contains(trait.x, 2)", False),
        (12, 'contains(trait.x, "2")', False),
        ("abc", 'startswith(trait.x, "ab")', True),
        (["x", "abc"], 'startswith(trait.x, "ab")', True),
        ("abc", 'matches(trait.x, "b")', True),
        ("abc", 'matches(trait.x, "^b")', False),
        ("a\nb", 'matches(trait.x, "a.b")', False),
        (12, 'matches(trait.x, "1")', False),
    ],
)
def test_tests_of_text(value: Any, test: str, truth: bool) -> None:
    assert true_on(test, had(value), 0) == [truth]


def test_where_reads_through_objects_and_lists() -> None:
    products = [{"category": "tea", "tags": ["x"]}, {"category": "cup"}, "odd"]
    history = orders(0, products=products, page={"url": "/a"})
    for condition, truth in {
        'props.products.category == "cup"': True,
        'props.products.category != "cup"': False,
        'props.products.tags == "x"': True,
        'props.page.url == "/a" and not (props.page.title == "b")': True,
        "props.page == None": True,
        "props.products == None or props.nothing.at.all != None": False,
    }.items():
        assert true_on(f'ever("O", where={condition})', history, 0) == [truth], condition


# --- traits, scores, consent, the last event ---


def test_traits_are_what_they_were_at_that_time() -> None:
    changes = (
        Change(0, "trait.a.b", "x"),
        Change(2 * DAY, "trait.a.b", "y"),
        Change(3 * DAY, "trait.a.b", None),
    )
    assert true_on('trait.a.b == "x"', History(0, changes=changes), 0, 2 - US, 2) == [True, True, False]
    assert true_on("trait.a.b == None", History(0, changes=changes), 2, 3) == [False, True]


def test_of_one_instant_the_highest_seq_counts() -> None:
    changes = (Change(0, "score.churn", 0.9, 2), Change(0, "score.churn", 0.1, 1))
    assert true_on("score.churn > 0.7", History(0, changes=changes), 0) == [True]
    events = (Event(0, "O", {"plan": "pro"}, 2), Event(0, "O", {"plan": "free"}, 1))
    assert true_on('last("O", props.plan) == "pro"', History(0, events), 0) == [True]


def test_last_looks_at_the_last_event_alone() -> None:
    events = (
        Event(0, "O", {"plan": "pro"}),
        Event(DAY, "O", {}),
        Event(2 * DAY, "O", {"plan": "x", "test": True}),
    )
    history = History(0, events)
    assert true_on('last("O", props.plan) == "pro"', history, 0, 1, 2) == [True, False, False]
    assert true_on('last("O", props.plan, where=props.test == None) == None', history, 0, 1, 2) == [
        False,
        True,
        True,
    ]
    assert true_on('last("X", props.plan) == None', history, 0) == [True]


def test_consent_is_given_by_true_only() -> None:
    changes = (
        Change(0, "consent.email", True),
        Change(DAY, "consent.email", "yes"),
        Change(2 * DAY, "consent.sms", True),
    )
    assert true_on('consent("email")', History(0, changes=changes), 0, 1, 2) == [True, False, False]


# --- held, cadence ---


def test_held_is_true_once_the_rule_was_true_that_long_until_it_breaks() -> None:
    history = orders(0, 5)
    rule = 'held(count("O", within="7d") >= 1, "3d")'
    assert true_on(rule, history, 3 - US, 3, 5, 12 - US, 12) == [False, True, True, True, False]
    assert true_on('held(count("O", within="7d") >= 2, "2d")', history, 7 - US, 7) == [False, False]


def test_held_starts_again_after_any_break_however_short() -> None:
    changes = (Change(0, "trait.x", 1), Change(2 * DAY, "trait.x", 0), Change(2 * DAY + 1, "trait.x", 1))
    assert true_on('held(trait.x == 1, "3d")', History(0, changes=changes), 3, 5, 5 + 1.5 * US) == [
        False,
        False,
        True,
    ]


def test_held_counts_from_birth_at_the_earliest() -> None:
    born = History(10 * DAY, (Event(10 * DAY, "A"),))
    assert true_on('held(never("O"), "3d")', born, 10, 13 - US, 13) == [False, False, True]
    assert true_on('not held(never("O"), "3d")', born, 10 - US, 10) == [False, True]


def test_held_can_hold_held() -> None:
    assert true_on('held(held(never("X"), "2d"), "3d")', orders(0), 5 - US, 5) == [False, True]


def test_cadence_is_the_median_gap_between_different_instants_up_to_the_last_event() -> None:
    rule = 'days_since_last("O") > cadence(2.0, default="9d")'
    two = orders(0, 1)
    assert true_on(rule, two, 10 - US, 10) == [False, True]
    assert true_on(rule, orders(0, 1, 1, 4), 8 - US, 8) == [False, True]
    assert true_on(rule, orders(0, 1, 4, 14), 20 - US, 20) == [False, True]
    assert true_on('days_since_last("O") < cadence(0.5, default="9d")', orders(0, 1, 2), 2.5 - US, 2.5) == [
        True,
        False,
    ]


def test_cadence_is_rounded_down_to_the_microsecond() -> None:
    history = History(0, (Event(0, "O"), Event(3, "O"), Event(7, "O"), Event(12, "O")))
    rule = parse('days_since_last("O") >= cadence(0.7, default="9d")')
    assert [judge(rule, history, at, NOBODY) for at in (13, 14)] == [False, True]


# --- references, accounts ---


def test_the_first_stage_that_is_true_wins_and_the_population_bounds_all() -> None:
    new, loyal = parse('count("O") == 1'), parse('count("O") >= 1')
    book = Book({"m": Model(("new", "loyal", "else"), (new, loyal, None), parse('ever("O")'))}, {"s": loyal})
    history = History(0, (Event(0, "A"), Event(DAY, "O"), Event(2 * DAY, "O")))
    assert true_on('stage("m") == "new"', history, 0, 1, 2, book=book) == [False, True, False]
    assert true_on('stage("m") in ["loyal", "else"]', history, 0, 1, 2, book=book) == [False, False, True]
    assert true_on('stage("m") == None', history, 0, 1, book=book) == [True, False]
    assert true_on('segment("s") and not segment("gone")', history, 0, 1, book=book) == [False, True]
    assert true_on('stage("gone") == None', history, 0, book=book) == [True]


def test_accounts_ask_their_members_and_people_their_accounts() -> None:
    ann, bob = orders(0, 1), History(2 * DAY, (Event(2 * DAY, "O"),))
    firm = History(0, members=(ann, bob))
    assert true_on('any_member(count("O") >= 2)', firm, 0, 1) == [False, True]
    assert true_on('count_members(ever("O")) == 2', firm, 1, 2) == [False, True]
    assert true_on('count_members(not ever("X")) == 2', firm, 1, 2) == [False, True]
    firm = History(0, changes=(Change(DAY, "trait.plan", "pro"),))
    assert true_on('account(trait.plan == "pro")', History(0, accounts=(firm,)), 0, 1) == [False, True]


# --- instants and reasons ---


@given(worlds(), st.data())
def test_between_two_instants_no_answer_changes(world: World, data: st.DataObject) -> None:
    moments = sorted(instants(world.rule, world.history, world.book))
    assert moments[0] == world.history.birth
    pairs = [pair for pair in pairwise(moments) if pair[1] - pair[0] > 1] or [
        (moments[-1], moments[-1] + 9 * DAY)
    ]
    start, stop = data.draw(st.sampled_from(pairs))
    at = data.draw(st.integers(start, stop - 1))
    assert judge(world.rule, world.history, at, world.book) == judge(
        world.rule, world.history, start, world.book
    )


@given(worlds(), st.data())
def test_the_reason_agrees_with_the_judge_and_is_ready_for_json(world: World, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(sorted(instants(world.rule, world.history, world.book))))
    reason = why(world.rule, world.history, at, world.book)
    assert reason.truth == judge(world.rule, world.history, at, world.book)
    assert msgspec.json.decode(msgspec.json.encode(reason))["truth"] == reason.truth


def test_the_reason_names_each_value_and_threshold() -> None:
    rule = parse(
        'count("O") >= 3 and held(days_since_last("O") > cadence(2, default="2d"), "12h") or never("O")'
    )
    reason = why(rule, orders(0, 1), int(3.75 * DAY), NOBODY)
    both, never = reason.parts
    count, held = both.parts
    assert (count.truth, count.value, count.threshold) == (False, 2, 3)
    assert (held.truth, held.value, held.threshold) == (True, 18 * HOUR, 12 * HOUR)
    (inner,) = held.parts
    assert (inner.truth, inner.value, inner.threshold) == (True, 2.75 * DAY, 2 * DAY)
    assert (never.truth, never.value) == (False, 2)


def test_the_reason_looks_into_segments() -> None:
    book = Book(segments={"s": parse('sum("O", props.revenue) >= 5')})
    history = History(0, (Event(0, "O", {}, 0, 499),))
    (inner,) = why(parse('segment("s")'), history, 0, book).parts
    assert (inner.truth, inner.value, inner.threshold) == (False, 4.99, 5)


def test_a_property_outside_where_is_a_defect_not_an_answer() -> None:
    with pytest.raises(TypeError, match="only `where` reads it"):
        judge(parse("props.x == 1"), orders(0), 0, NOBODY)
    with pytest.raises(TypeError, match="properties only"):
        judge(parse('ever("O", where=trait.x == 1)'), orders(0), 0, NOBODY)
