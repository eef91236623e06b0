"""Every rule is a sentence that people would write, in English and in French."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.kernel.i18n import Language
from habitue.rules.check import Subject
from habitue.rules.judge import judge
from habitue.rules.nodes import Rule
from habitue.rules.opposite import opposite
from habitue.rules.sentence import points, sentence
from habitue.rules.text import parse
from tests.rules.strategies import SMALL, World, books, moments, rules, worlds

NAMES: Final = {"vip": "VIP", "transactional.dormant": "Dormant"}
GOLDEN: Final = Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8")
"""A rule, its English and its French; rules about accounts say so."""


@pytest.mark.parametrize("block", GOLDEN.strip().split("\n\n"), ids=lambda block: block.split("\n")[0])
def test_the_sentence_of_a_rule(block: str) -> None:
    text, english, french = block.split("\n")
    subject: Subject = "account" if text.startswith("accounts: ") else "person"
    rule = parse(text.removeprefix("accounts: "))
    assert sentence(rule, "en", subject, NAMES, "EUR") == english
    assert sentence(rule, "fr", subject, {**NAMES, "transactional": "Cycle de vie"}, "EUR") == french


def test_many_conditions_are_a_list_and_a_few_are_a_sentence() -> None:
    many = parse('ever("Signed Up") or trait.email != None or trait.phone != None')
    assert points(many, "en") == (
        "customers to whom one of these applies:",
        ["who signed up", "whose e-mail address is set", "whose phone number is set"],
    )
    nested = parse('(ever("Signed Up") and trait.age > 3) or trait.email != None')
    assert points(nested, "en") == (
        "customers to whom one of these applies:",
        ["who signed up and whose age is more than 3", "whose e-mail address is set"],
    )
    left = parse('ever("Account Closed") and not count("Account Closed", since="Order Completed") == 0')
    for few in (left, parse('ever("Signed Up") and trait.email != None'), parse('ever("Signed Up")')):
        assert points(few, "en") is None


def test_events_are_called_as_their_reader_calls_them() -> None:
    rule = parse('count(["Order Completed", "Our Own"]) >= 2')
    said = sentence(rule, "en", names={"event.Order Completed": "Order placed"})
    assert said == "customers who did “Order placed” or “Our Own” at least 2 times"


@pytest.mark.parametrize(
    ("currency", "said"),
    [(None, "1,234.5"), ("JPY", "¥1,234.5"), ("EUR", "€1,234.50"), ("TND", "TND1,234.500")],
)
def test_money_is_said_in_the_workspaces_currency(currency: str | None, said: str) -> None:
    rule = parse('sum("Order Completed", props.revenue) >= 1234.5')
    assert sentence(rule, "en", currency=currency) == f"customers who spent at least {said}"


@given(st.data(), st.sampled_from(("en", "fr")), st.sampled_from(("person", "account")))
def test_any_rule_has_a_sentence_without_seams(
    data: st.DataObject, language: Language, subject: Subject
) -> None:
    rule: Rule = data.draw(rules(SMALL, data.draw(books(subject)), subject))
    said = sentence(rule, language, subject)
    heads = {"en": ("customers", "accounts"), "fr": ("les clients", "les comptes")}
    assert said.startswith(heads[language][subject == "account"])
    assert not {"{", "}", "  ", " )", "( "} & {said[i : i + n] for n in (1, 2) for i in range(len(said))}
    assert said.count("(") == said.count(")")


@given(worlds(), moments())
@settings(max_examples=300)
def test_the_opposite_that_is_said_is_true_exactly_where_the_rule_is_not(world: World, at: int) -> None:
    simple = opposite(world.rule)
    if simple is not None and at >= world.history.birth:
        truths = [judge(rule, world.history, at, world.book) for rule in (world.rule, simple)]
        assert sorted(truths) == [False, True]
