"""Templates: each is a sound rule, said in both languages, that a shop with everything lacks nothing for."""

from __future__ import annotations

import pytest

from habitue.kernel.i18n import LANGUAGES
from habitue.rules.catalogue import Catalogue
from habitue.rules.check import accept
from habitue.rules.sentence import sentence
from habitue.segments.saved import NAME
from habitue.segments.templates import Template, templates

ALL = Catalogue(
    (
        *("Order Completed", "Order Refunded", "Checkout Started", "Product Viewed"),
        *("Email Opened", "Survey Answered"),
    ),
    ("trait.birthday", "consent.email"),
)


def test_there_are_twelve_with_names_of_their_own() -> None:
    made = templates()
    assert len(made) == 12
    for language in LANGUAGES:
        assert len({one.name.said(language) for one in made.values()}) == 12


@pytest.mark.parametrize("one", templates().values(), ids=lambda one: one.id)
def test_each_is_sound_and_can_be_said(one: Template) -> None:
    for month in (1, 12):
        rule, problems = accept(one.text(month), catalogue=ALL, models={}, segments=())
        assert problems == []
        assert all(sentence(rule, language) for language in LANGUAGES)
    assert NAME.fullmatch(one.id)
    assert one.lacking(ALL) == []


def test_what_a_shop_lacks_is_named() -> None:
    bare = Catalogue(("Order Completed",), ())
    lacking = {one.id: one.lacking(bare) for one in templates().values()}
    assert lacking["second-order"] == []
    assert lacking["abandoned-cart"] == ["Checkout Started"]
    assert (lacking["birthday"], lacking["unreachable"]) == (["trait.birthday"], ["consent.email"])
