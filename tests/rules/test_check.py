"""Rules that read well but make no sense are refused; names never seen are warned of."""

# ruff: noqa: E501 (tables read best as tables)

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from habitue.rules.catalogue import Catalogue, Sample
from habitue.rules.check import accept, check, cycle, references
from habitue.rules.nodes import And, Compare, Count, Ever, Rule
from habitue.rules.problem import RuleError
from habitue.rules.text import parse

SAMPLES = {
    "Order Completed": Sample(40, {("channel",), ("products",), ("products", "name"), ("revenue",)}),
    "Checkout Started": Sample(2, {("step",)}),
    "Page Viewed": Sample(0, ()),
}
CATALOGUE = Catalogue(SAMPLES, {"trait.country", "score.churn", "consent.email"}, SAMPLES.__getitem__)
MODELS = {"transactional": ["new", "dormant"]}
SEGMENTS = {"vip"}


def errors(text: str, subject: Literal["person", "account"] = "person") -> list[tuple[int, int, str]]:
    with pytest.raises(RuleError) as error:
        accept(text, subject, None, MODELS, SEGMENTS)
    return [(p.column, p.length, p.text.format(**p.fields)) for p in error.value.problems]


@pytest.mark.parametrize(
    ("text", "column", "length", "message"),
    [
        ('contains(count("A"), "x")', 1, 25, "“contains” does not go with count. Use one of == != < <= > >= in not in."),
        ('count("A") == "3"', 1, 17, "“==” needs numbers here: this is counted."),
        ('count("A") == None', 1, 18, "“==” needs numbers here: this is counted."),
        ('sum("A", props.x) > True', 1, 24, "“>” needs numbers here: this is counted."),
        ('count("A") in [1, "2"]', 1, 22, "“in” needs numbers here: this is counted."),
        ('trait.x in "FR"', 1, 15, '“in” takes a list of texts, numbers, True or False, such as ["FR", "BE"].'),
        ("trait.x in []", 1, 13, '“in” takes a list of texts, numbers, True or False, such as ["FR", "BE"].'),
        ("trait.x in [None]", 1, 17, '“in” takes a list of texts, numbers, True or False, such as ["FR", "BE"].'),
        ("trait.x == [1]", 1, 14, "“==” compares with one value: a text, a number, True, False or None."),
        ("trait.x > True", 1, 14, '“>” compares with a number or a text; dates are texts such as "2026-01-31".'),
        ("trait.x < None", 1, 14, '“<” compares with a number or a text; dates are texts such as "2026-01-31".'),
        ("contains(trait.x, None)", 1, 23, "“contains” looks for a text or a number."),
        ("startswith(trait.x, 3)", 1, 22, "“startswith” needs texts in quotes here."),
        ('matches(trait.x, "a(")', 18, 4, "The pattern is not valid: missing ): a(."),
        (f'matches(trait.x, "{"a" * 1001}")', 18, 1003, "A pattern has at most 1000 characters."),
        ('stage("transactional") < "new"', 1, 30, "“<” does not go with stage. Use one of == != in not in."),
        ('stage("transactional") == 3', 1, 27, "“==” compares with a stage in quotes, or with None."),
        ('stage("transactional") == "dormnt"', 27, 8, "The model has no stage “dormnt”. Did you mean “dormant”?"),
        ('stage("transactinal") == "new"', 7, 14, "There is no model “transactinal”. Did you mean “transactional”?"),
        ('segment("vp")', 9, 4, "There is no segment “vp”. Did you mean “vip”?"),
        ('segment("qqq")', 9, 5, "There is no segment “qqq”."),
        ("props.x == 1", 1, 7, "A property belongs to an event: write it inside “where”, as in "
         'ever("Order Completed", where=props.channel == "store").'),
        ('ever("A", where=trait.x == 1)', 17, 12, "“where” looks at the event’s own properties only, "
         'such as props.channel == "store".'),
        ('ever("A", where=not ever("B"))', 21, 9, "“where” looks at the event’s own properties only, "
         'such as props.channel == "store".'),
        ('any_member(ever("A"))', 1, 21, "“any_member” is about accounts; this rule is about people."),
        ('count_members(ever("A")) > 1', 1, 24, "“count_members” is about accounts; this rule is about people."),
        ('account(account(ever("A")))', 9, 18, "“account” is about people; this rule is about accounts. "
         "Lift it with any_member(…)."),
        ('days_since_first("A") > cadence(2, default="9d")', 1, 48, "A cadence is compared with days_since_last only."),
        ('days_since_last("A") > cadence(0, default="9d")', 1, 47, "A cadence’s factor is above 0 and at most 1000."),
        ('days_since_last("A") == 3', 1, 25, "An instant has no width, so elapsed time is never equal to a length: "
         'use < or >. For those who never did, write never("…").'),
        ('days_since_last("A") in [3]', 1, 27, "“in” does not go with days_since_last. Use one of < <= > >=."),
    ],
)  # fmt: skip
def test_nonsense_is_refused_where_it_stands(text: str, column: int, length: int, message: str) -> None:
    assert errors(text) == [(column, length, message)]


def test_account_rules_lift_what_is_about_people() -> None:
    assert [message for *_, message in errors('consent("email") and account(ever("A"))', "account")] == [
        "“consent” is about people; this rule is about accounts. Lift it with any_member(…).",
        "“account” is about people; this rule is about accounts. Lift it with any_member(…).",
    ]
    accept('any_member(consent("email") and account(any_member(ever("A")))) and trait.x == 1', "account")


def test_mistakes_of_wording_and_of_meaning_are_said_together() -> None:
    found = errors('evr("A") and segment("vp") or count("A") == "x"')
    assert [column for column, *_ in found] == [1, 22, 31]


def test_names_never_seen_save_with_a_warning_and_the_nearest_known_name() -> None:
    text = 'count(["Order Completed", "Ordr Completed"], since="X") >= 1 and trait.contry == "FR" and consent("sms")'
    rule, warnings = accept(text, "person", CATALOGUE)
    assert rule == parse(text)
    assert {w.severity for w in warnings} == {"warning"}
    assert [(w.column, w.length, w.text.format(**w.fields)) for w in warnings] == [
        (27, 16, "No event “Ordr Completed” was ever seen. Did you mean “Order Completed”?"),
        (52, 3, "No event “X” was ever seen."),
        (66, 12, "“trait.contry” was never set. Did you mean “trait.country”?"),
        (91, 14, "“consent.sms” was never set."),
    ]


def test_a_property_that_no_event_of_the_name_has_saves_with_a_warning() -> None:
    text = (
        'count("Order Completed", where=props.chanel == "web" and not props.products.name == "Tea") > 1 and '
        'sum(["Order Completed", "Checkout Started"], props.products.nam) > 1 and ever("X", where=props.y == 1) '
        'and count("Checkout Started", since=ever("Order Completed", where=props.step == 1)) > 1 and '
        'last(["Checkout Started", "Order Completed"], props.step) == 1 and ever("Page Viewed", where=props.z == 1)'
    )
    _, warnings = accept(text, "person", CATALOGUE)
    assert [text[w.column - 1 :][: w.length] + " " + w.text.format(**w.fields) for w in warnings] == [
        "props.chanel “props.chanel” is in none of the 40 events of that name looked at. Did you mean “props.channel”?",
        "props.products.nam “props.products.nam” is in none of the 42 events of that name looked at. Did you mean “props.products.name”?",
        '"X" No event “X” was ever seen.',
        "props.step “props.step” is in none of the 40 events of that name looked at.",
    ]


def test_names_that_are_known_or_not_asked_for_are_no_problem() -> None:
    text = 'ever("Order Completed") and trait.country == "FR" and held(score.churn > 0.7, "1d") and segment("vip")'
    assert accept(text, "person", CATALOGUE, MODELS, SEGMENTS)[1] == []
    assert accept('ever("X") and segment("y") and stage("z") == "u"')[1] == []


def test_rules_without_text_have_problems_without_column() -> None:
    rules: list[Rule] = [Compare(Count(("A",)), "contains", 1), And((Ever(("A",)),))]
    assert [[p.column for p in check(rule)] for rule in rules] == [[0], [0]]


def test_problems_are_ready_for_json() -> None:
    with pytest.raises(RuleError) as error:
        accept('segment("vp")', segments=SEGMENTS)
    assert msgspec.to_builtins(error.value.problems[0])["fields"] == {"name": "vp", "near": "vip"}


def test_references_are_found_wherever_they_hide() -> None:
    rule = parse(
        'held(not segment("a"), "1d") and account(stage("m") == "x") or count("A", where=props.x == 1) > 1'
    )
    assert references(rule) == [("segment", "a"), ("model", "m")]


def test_a_circle_of_references_is_named_by_its_path() -> None:
    definitions = {
        ("segment", "start"): [parse('segment("a")')],
        ("segment", "a"): [parse('ever("A")'), parse('held(stage("m") == "x", "1d")')],
        ("model", "m"): [parse('not segment("b")')],
        ("segment", "b"): [parse('segment("a")')],
    }
    found = cycle(definitions)  # type: ignore[arg-type]
    assert found is not None
    assert found.text.format(**found.fields) == "These refer to each other in a circle: a → m → b → a."


def test_references_without_circle_are_fine_even_to_what_is_not_there() -> None:
    a, b = parse('segment("b") and segment("c")'), parse('segment("c") and stage("gone") == "x"')
    assert (
        cycle({("segment", "a"): [a], ("segment", "b"): [b], ("segment", "c"): [parse('ever("A")')]}) is None
    )
    assert cycle({("segment", "a"): [parse('segment("a")')]}) is not None
