"""Journeys as data: read back as they were written, refused with all that is wrong at once."""

from __future__ import annotations

import msgspec
import pytest

from habitue.journeys.around import Around
from habitue.journeys.asked import fields
from habitue.journeys.entries import WAYS
from habitue.journeys.fault import JourneyError
from habitue.journeys.reading import from_text, read
from habitue.journeys.registry import kinds
from habitue.journeys.roles import Kind, Watch
from habitue.journeys.writing import body, diff, to_json, to_toml
from habitue.kernel.i18n import translator

CART = """
id = "cart"
name = "Abandoned cart"
again = "7d"
entry = { is = "event", event = "Checkout Started", key = "cart_id" }
goal = { event = "Order Completed", within = "7d" }

[[exits]]
event = "Order Completed"

[[steps]]
id = "pause"
is = "wait"
length = "1h"

[[steps]]
id = "which"
is = "split"
[[steps.branches]]
id = "vip"
when = 'segment("vip")'
[[steps.branches.steps]]
id = "gift"
is = "send"
template = "cart-vip"
[[steps.branches]]
id = "rest"
[[steps.branches.steps]]
id = "mail"
is = "send"
template = "cart"
"""


def faults(text: str, around: Around | None = None) -> dict[str, str]:
    with pytest.raises(JourneyError) as caught:
        from_text(text, around)
    say = translator("en")
    return {one.place: one.say(say) for one in caught.value.faults}


def test_a_journey_reads_back_as_it_was_written() -> None:
    journey, doubts = from_text(CART)
    assert doubts == []
    assert [step.id for step in journey.every()] == ["pause", "which", "gift", "mail"]
    for text in (to_toml(journey), to_json(journey)):
        assert from_text(text)[0] == journey
    assert read(msgspec.json.decode(msgspec.json.encode(body(journey))))[0] == journey
    assert journey.watches() == (
        Watch(event="Checkout Started"),
        Watch(event="Order Completed"),
        Watch('segment("vip")'),
    )


def test_all_faults_are_told_at_once_each_with_its_place_and_the_nearest_name() -> None:
    bad = CART.replace("length", "lenght").replace("segment(", "segmnt(").replace('"7d" }', "5 }")
    bad = bad.replace('id = "mail"', 'id = "gift"').replace('is = "wait"', 'is = "wait"\nfoo = 1')
    assert faults(bad) == {
        "goal.within": "“5” is not what belongs here: Of entering the journey; later it counts no more.",
        "pause.lenght": "There is no “lenght” here. Did you mean “length”?",
        "pause.foo": "There is no “foo” here. There are: branches, id, is, length.",
        "pause.length": "This is missing: How long.",
        "which.vip.when": "Column 1: There is no function “segmnt”. Did you mean “segment”?",
        "gift": "Two steps have the id “gift”. Give each its own.",
    }
    assert faults(CART.replace('is = "send"', 'is = "sent"', 1))["gift"].endswith("Did you mean “send”?")


def test_a_journey_without_steps_is_kept_and_not_published() -> None:
    bare = 'id = "x"\nentry = { is = "manual" }\n'
    assert [(one.place, one.severity) for one in from_text(bare)[1]] == [("steps", "warning")]
    assert "add a step" in faults(bare, Around(live=True))["steps"]


def test_a_segment_that_is_not_there_is_a_fault_where_it_is_named() -> None:
    around = Around(segments=["vips"], journeys=[], templates=["cart"])
    assert faults(CART, around) == {
        "which.vip.when": "Column 9: There is no segment “vip”. Did you mean “vips”?",
        "gift.template": "There is no “cart-vip”. Did you mean “cart”?",
    }


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (('again = "7d"', 'again = "sometimes"'), "again"),
        (('id = "cart"', 'id = "new"'), "id"),
        (('is = "split"', 'is = "chance"'), "which.vip.share"),
        (('length = "1h"', 'length = "soon"'), "pause.length"),
        (('event = "Order Completed"\n', "\n"), "exits.1"),
        (("when = 'segment(\"vip\")'", ""), "which"),
    ],
)
def test_a_fault_stands_where_it_is(change: tuple[str, str], place: str) -> None:
    assert place in faults(CART.replace(*change))


@pytest.mark.parametrize("text", ["{", "id = ", "[1]", "\0", "id = 1\nsteps = 2\nentry = 3\ngoal = 4"])
def test_no_text_is_more_than_a_fault(text: str) -> None:
    assert faults(text)


def test_a_change_of_one_setting_is_a_change_of_one_line() -> None:
    one, other = from_text(CART)[0], from_text(CART.replace('"1h"', '"2h"'))[0]
    changed = [line for line in diff(one, other, ("1", "2")).splitlines() if line[0] in "+-"]
    assert changed[2:] == ['-length = "1h"', '+length = "2h"']
    assert diff(one, one, ("1", "1")) == ""


@pytest.mark.parametrize("kind", kinds().values(), ids=list(kinds()))
def test_every_kind_declares_what_it_asks_for(kind: type[Kind]) -> None:
    assert kind.title
    assert kind.about
    assert {one.name for one in fields(kind)} == set(kind.__struct_fields__)


def test_every_way_in_declares_what_it_asks_for() -> None:
    assert set(WAYS) == {"enters", "leaves", "event", "date", "schedule", "manual"}
    for way in WAYS.values():
        assert {one.name for one in fields(way)} == set(way.__struct_fields__)
