"""The builder: every rule as cards and back, and what its buttons do."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.kernel.errors import UserError
from habitue.rules.nodes import Rule
from habitue.rules.text import parse, write
from habitue.web.builder import Card, Faults, cards, change, fields, gathered, rule
from habitue.web.builder.acts import Known, fresh
from habitue.web.builder.draw import DEEPEST
from tests.rules.strategies import WILD, rules

KNOWN = Known(("Order Completed",), ("country",), (("transactional", "active"),), ("vip",))
KINDS = (
    *("ever", "never", "count", "sum", "distinct", "days_since_last", "days_since_first", "last", "trait"),
    *("score", "stage", "entered", "segment", "consent", "account", "group", "text"),
)


def sent(card: Card | None) -> Card | None:
    """The cards after a browser has sent them: fields that are not there, and one by one as they stand."""
    body = urlencode(list(fields(card)))
    return gathered(parse_qs(body, keep_blank_values=True))


def back(card: Card | None) -> Rule:
    faults = Faults()
    found = rule(card, faults)
    assert faults.found == {}
    assert found is not None
    return found


@settings(max_examples=60)
@given(st.one_of(rules(), rules(WILD), rules(subject="account"), rules(WILD, leaves=12)))
def test_every_rule_goes_through_cards_and_form_and_text_unchanged(drawn: Rule) -> None:
    found = back(sent(cards(drawn)))
    assert write(found) == write(drawn)
    assert write(parse(write(found))) == write(drawn)


def kinds(card: Card) -> set[str]:
    return {card.kind}.union(*(kinds(one) for some in card.parts.values() for one in some))


@pytest.mark.parametrize(
    "text",
    [
        'ever("Order Completed")',
        'never(["A", "B"], where=props.channel == "store" and not props.n in [1, 2])',
        'count("A", where=contains(props.a.b, "x"), within="12h", since=ever("B", where=props.q > 1.5)) >= 3',
        'sum("A", props.revenue, within="365d") >= 500 or distinct("A", props.category) in [1, 2]',
        'days_since_last("A") > cadence(2.0, default="90d") and days_since_first("A") <= 30',
        'last("A", props.plan) != None and not last("A", props.on) == True',
        'trait.country in ["FR", "BE"] and trait.birthday != None and trait["first name"] == "x"',
        'held(score.churn > 0.7, "14d") and stage("m") in ["a", "b"] and stage("m") != None',
        'segment("vip") and not consent("email") and account(trait.size > 10)',
        'any_member(ever("A")) and count_members(ever("B")) >= 2',
    ],
)
def test_each_node_has_a_card_of_its_own(text: str) -> None:
    made = cards(parse(text))
    assert "text" not in kinds(made)
    assert write(back(sent(made))) == write(parse(text))


@pytest.mark.parametrize(
    "text",
    [
        'trait.x == ""',
        'ever("a\\nb")',
        "trait.x in []",
        'trait.x in ["a", None]',
    ],
)
def test_what_no_card_shows_without_loss_stays_as_text(text: str) -> None:
    made = cards(parse(f"{text} and trait.y == 1"))
    assert [one.kind for one in made.parts["items"]] == ["text", "trait"]
    assert write(back(sent(made))) == f"{text} and trait.y == 1"


def test_what_is_nested_too_deep_stays_as_text() -> None:
    text = "trait.a == 1"
    for n in range(DEEPEST + 3):
        text = f"(trait.b{n} == 1 {'or' if n % 2 else 'and'} ({text}))"
    whole = write(parse(text))
    assert "text" in kinds(cards(parse(text)))
    assert write(back(sent(cards(parse(text))))) == whole


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_card_can_be_read_or_says_what_it_wants(kind: str) -> None:
    made = change(change(None, f"add c {kind}", KNOWN), f"add c {kind}", KNOWN)
    faults = Faults()
    found = rule(sent(made), faults)
    assert (found is None) == bool(faults.found)
    assert len(made.parts["items"] if made else []) == 2 * len(fresh(kind, KNOWN))


def test_one_card_about_events_turns_into_another_without_loss_of_its_events() -> None:
    [card] = fresh("count", KNOWN)
    for kind in ("sum", "days_since_last", "days_since_first", "ever", "never"):
        turned = Card("and", parts={"items": [Card(kind, card.fields, card.parts)]})
        assert '"Order Completed"' in write(back(sent(turned)))


def test_buttons_add_wrap_move_and_remove() -> None:
    card = change(None, "add c ever", KNOWN)
    card = change(card, "add c trait", KNOWN)
    card = change(card, "wrap c/items1 not", KNOWN)
    card = change(card, "up c/items1", KNOWN)
    assert write(back(card)) == 'not (trait.country != None) and ever("Order Completed")'
    card = change(card, "wrap c/items1 held", KNOWN)
    card = change(card, "double c/items1", KNOWN)
    card = change(card, "unwrap c/items1", KNOWN)
    card = change(card, "remove c/items0", KNOWN)
    assert write(back(card)) == 'ever("Order Completed") and held(ever("Order Completed"), "14d")'
    card = change(card, "remove c/items1/rule0", KNOWN)
    card = change(card, "where c/items0", KNOWN)
    card = change(card, "where c/items0", KNOWN)
    card = change(card, "since c/items0", KNOWN)
    assert card is not None
    assert [one.kind for one in card.parts["items"][0].parts["where"]] == ["and"]
    assert change(card, "remove c", KNOWN) is None


def test_nothing_is_lost_where_there_is_no_room_for_it() -> None:
    made = cards(parse('held(ever("A") and ever("B"), "14d")'))
    assert change(made, "unwrap c/items0/rule0", KNOWN) == made


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [("1,234", False, "1234"), ("1,5", True, "1.5"), ("1\u202f234,5", True, "1234.5")],
)
def test_numbers_are_read_as_people_write_them(text: str, comma: bool, value: str) -> None:
    card = Card("trait", {"path": ["x"], "op": [">"], "value": [text], "type": ["number"]})
    faults = Faults(comma)
    found = rule(card, faults)
    assert found is not None
    assert write(found) == f"trait.x > {value}"


@pytest.mark.parametrize(
    "act",
    [
        "",
        "fly",
        "add",
        "add c nothing",
        "add c/items9 ever",
        "remove c/x",
        "up c",
        "wrap c/items0 fly",
        "add c/items0 ever",
    ],
)
def test_a_button_that_is_none_is_refused(act: str) -> None:
    with pytest.raises(UserError):
        change(cards(parse('ever("A")')), act, KNOWN)


def test_a_form_that_no_page_of_ours_sent_is_read_as_far_as_it_goes() -> None:
    odd = {
        "c.is": ["and"],
        "c/items0.is": ["nonsense"],
        "c/items7/where0.op": ["=="],
        "c/../x.is": ["and"],
        "c": ["x"],
    }
    faults = Faults()
    assert rule(gathered(odd), faults) is None
    assert faults.found
    deep = "c" + "/items0" * 500
    assert gathered({f"{deep}.is": ["and"]}) is None
    with pytest.raises(UserError):
        gathered({"c.is": ["and"], "c.value": ["x"] * 6_000})
