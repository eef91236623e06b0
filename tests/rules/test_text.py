"""Rules round-trip between text, tree and JSON, and have one canonical text."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from habitue.kernel.clock import DAY, HOUR, MINUTE
from habitue.rules.check import check
from habitue.rules.nodes import (
    And,
    Cadence,
    Compare,
    Count,
    Ever,
    Held,
    Not,
    Or,
    Prop,
    Rule,
    SinceLast,
    Trait,
)
from habitue.rules.problem import RuleError
from habitue.rules.text import parse, write
from tests.rules.strategies import WILD, World, rules, worlds

A, B, C = Ever(("A",)), Ever(("B",)), Ever(("C",))

CANONICAL = [
    'ever("Order Completed")',
    'never(["A", "B"])',
    'count("Order Completed", within="90d") >= 3',
    'count("Order Completed", where=props.channel == "store", within="365d", since="Signed Up") >= 1',
    'count("Return", since=ever("Order Completed", where=props.channel == "store")) == 0',
    'sum("Order Completed", props.revenue, within="365d") >= 500',
    'distinct("Order Completed", props.product.category) >= 2',
    'days_since_last("Order Completed") > 90',
    'days_since_first("Order Completed") <= "12h"',
    'last("Subscription Changed", props.plan) == "pro"',
    'trait.country in ["FR", "BE"] and trait.birthday != None',
    'trait["first-name"] == "Zoé" or trait.class_ == True or trait["class"] == -1.5',
    'held(score.churn > 0.7, "14d")',
    'stage("transactional") == "dormant"',
    'segment("vip") and not consent("email")',
    'days_since_last("Order Completed") > cadence(2.0, default="90d")',
    'not (trait.x == 1) and (ever("A") or not not ever("B"))',
    'contains(trait.tags, "vip") and startswith(trait.email, "a") and matches(trait.phone, "^\\\\+33")',
    'any_member(ever("A")) and count_members(account(ever("B"))) >= 2',
    'trait.quote == "\\"\\\\\\n\\u0007é😀"',
]


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_text_stays_as_it_is(text: str) -> None:
    assert write(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ever('A')", A),
        ('  ever(\n\t"A"\n)\n', A),
        ('ever(["A"])', A),
        ('ever(events="A")', A),
        ('ever("A") and ever("B") and ever("C")', And((A, B, C))),
        ('ever("A") and (ever("B") and ever("C"))', And((A, And((B, C))))),
        ('ever("A") or ever("B") and ever("C")', Or((A, And((B, C))))),
        ('not ever("A") and ever("B")', And((Not(A), B))),
        ('3 <= count("A")', Compare(Count(("A",)), ">=", 3)),
        ('1 < count("A") <= 3', And((Compare(Count(("A",)), ">", 1), Compare(Count(("A",)), "<=", 3)))),
        ('"FR" == trait.country', Compare(Trait(("country",)), "==", "FR")),
        ('trait.x in ("a", 1)', Compare(Trait(("x",)), "in", ("a", 1))),
        ('trait["x"]["y z"].u == None', Compare(Trait(("x", "y z", "u")), "==", None)),
        ('days_since_last("A") > "90d"', Compare(SinceLast(("A",)), ">", 90 * DAY)),
        ('days_since_last("A") > 0.5', Compare(SinceLast(("A",)), ">", 12 * HOUR)),
        ('days_since_last("A") > 0.33333', Compare(SinceLast(("A",)), ">", 480 * MINUTE)),
        (
            'days_since_last("A") <= cadence(2, default="6w")',
            Compare(SinceLast(("A",)), "<=", Cadence(2.0, 42 * DAY)),
        ),
        ('held(length="1y", rule=ever("A"))', Held(A, 365 * DAY)),
        ('trait.x == "e\u0301"', Compare(Trait(("x",)), "==", "é")),
        (r'trait.x == "\d\x41\u00e9\"\\"', Compare(Trait(("x",)), "==", '\\d\\x41é"\\')),
        ('trait.x == "# no comment"', Compare(Trait(("x",)), "==", "# no comment")),
        ("trait.été == 1e3", Compare(Trait(("été",)), "==", 1000.0)),
        (
            'ever("A", where=props.p)'.replace("props.p", "props.p == 1"),
            Ever(("A",), Compare(Prop(("p",)), "==", 1)),
        ),
    ],
)
def test_other_ways_to_write_a_rule(text: str, rule: Rule) -> None:
    assert parse(text) == rule


def test_minutes_hours_and_days_are_written_in_the_largest_unit_that_comes_out_even() -> None:
    lengths = (MINUTE, 90 * MINUTE, 2 * HOUR, 36 * HOUR, 3 * DAY)
    texts = [write(Compare(SinceLast(("A",)), ">", length)).split("> ")[1] for length in lengths]
    assert texts == ['"1m"', '"90m"', '"2h"', '"36h"', "3"]


@given(rules(WILD, leaves=4))
def test_every_rule_survives_its_text(rule: Rule) -> None:
    text = write(rule)
    assert parse(text) == rule
    assert write(parse(text)) == text


@given(rules(WILD, leaves=4))
def test_every_rule_survives_json_with_the_same_text(rule: Rule) -> None:
    again = msgspec.json.decode(msgspec.json.encode(rule), type=Rule)
    assert again == rule
    assert write(again) == write(rule)


@given(worlds())
def test_random_worlds_are_made_of_rules_that_make_sense(world: World) -> None:
    models = {name: model.values for name, model in world.book.models.items()}
    for rule in (world.rule, *world.book.segments.values()):
        assert parse(write(rule)) == rule
        assert check(rule, models=models, segments=world.book.segments) == []


def test_what_a_webhook_answered_is_read_by_its_step() -> None:
    short = parse('webhook.check.tier == "gold" and webhook["a-b"].score.total > 5')
    said = 'last("Webhook Answered", props.answer.{0}, where=props.step == "{1}")'
    assert short == parse(
        f'{said.format("tier", "check")} == "gold" and {said.format("score.total", "a-b")} > 5'
    )
    assert parse(write(short)) == short
    with pytest.raises(RuleError):
        parse("webhook.check == 1")
