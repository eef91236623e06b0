"""All that is wrong with a broadcast is said at once, each with its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from habitue.broadcasts import check
from habitue.broadcasts.check import BroadcastError, Known
from habitue.broadcasts.shape import Broadcast, Trial, Variant, body, from_body, from_text
from habitue.kernel.clock import instant
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

T = instant("2026-11-02T10:00Z")
TWO = (Variant("a", "spring"), Variant("b", "summer"))
SOUND = Broadcast("spring-sale", to='segment("vip")', variants=TWO[:1])


def read(rule: str) -> Sequence[Any]:
    if "nothing" in rule:
        raise UserError(N_("There is no segment “{name}”."), name="nothing")
    return []


TEMPLATES = {
    "spring": ("email", "marketing"),
    "summer": ("email", "marketing"),
    "text": ("sms", "marketing"),
    "receipt": ("email", "transactional"),
}
KNOWN = Known(TEMPLATES, "Europe/Paris", read)


def places(one: Broadcast) -> list[tuple[str, str]]:
    return [(fault.place, fault.severity) for fault in check.check(one, KNOWN, T)]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"id": "Spring"}, ["id"]),
        ({"id": "new"}, ["id"]),
        ({"name": "x" * 121}, ["name"]),
        ({"to": ""}, ["to"]),
        ({"to": "nothing", "without": ("ever('x')", "nothing")}, ["to", "without.2"]),
        ({"variants": ()}, ["variants"]),
        ({"variants": (Variant("a", "sprung"), Variant("a", ""))}, ["variants", "variants.a", "variants.a"]),
        ({"variants": (Variant("a", "text"),)}, ["variants.a"]),
        ({"channel": "webhook"}, ["channel", "variants.a"]),
        ({"pace": "fast", "within": "soon", "at": "noon"}, ["pace", "within", "at"]),
        ({"at": "2026-11-01 10:00"}, ["at"]),
        ({"clock": "customer"}, ["at"]),
        ({"holdout": 1.0}, ["holdout"]),
        ({"trial": Trial()}, ["trial"]),
        ({"variants": TWO, "trial": Trial(0.0)}, ["trial"]),
        ({"variants": TWO, "trial": Trial(), "clock": "customer", "at": "2026-12-01 09:00"}, ["trial"]),
    ],
)
def test_errors_and_their_places(changes: dict[str, Any], found: list[str]) -> None:
    one = replace(SOUND, **changes)
    assert [place for place, severity in places(one) if severity == "error"] == found
    if found:
        with pytest.raises(BroadcastError) as told:
            check.sound(check.check(one, KNOWN, T))
        assert len(str(told.value).splitlines()) == len(found)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"purpose": "transactional", "variants": (Variant("a", "receipt"),)}, "purpose"),
        ({"variants": (Variant("a", "receipt"),)}, "variants.a"),
        ({"at": "2026-11-02 15:00", "clock": "customer"}, "at"),
    ],
)
def test_what_is_only_told(changes: dict[str, Any], place: str) -> None:
    assert places(replace(SOUND, **changes)) == [(place, "warning")]


def test_a_file_and_what_is_kept_say_the_same() -> None:
    text = """
id = "spring-sale"
name = "Spring sale"
to = 'segment("vip")'
without = ['segment("staff")']
at = "2026-12-01 09:00"
clock = "customer"
pace = "2000/h"
within = "12h"
holdout = 0.05

[[variants]]
id = "a"
template = "spring"

[[variants]]
id = "b"
template = "summer"

[trial]
share = 1.0
by = "orders"
"""
    one = from_text(text)
    assert from_body(body(one)) == one
    assert (one.origin, one.title, one.trial) == (
        "broadcast:spring-sale",
        "Spring sale",
        Trial(1.0, "orders"),
    )
    assert places(one) == []
    assert from_text('{"id": "x"}') == Broadcast("x")


@pytest.mark.parametrize(
    "text", ["id =", '{"id"', "id = 3", 'id = "x"\nfast = true', 'id = "x"\nclock = "mine"']
)
def test_what_is_no_broadcast_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        from_text(text)
