"""The templates to begin with: sound, in both languages, and sent even to whom little is known of."""

from __future__ import annotations

import pytest

from habitue.kernel.i18n import LANGUAGES, Language
from habitue.templates.lint import Known, lint
from habitue.templates.press import pressed
from habitue.templates.shape import read, written
from habitue.templates.starters import BLOCKS, block, empty, framed, starters

KNOWN = Known(
    {"first_name"},
    {
        "products",
        "order_id",
        "checkout_url",
        "review_url",
        "reorder_url",
        "url",
        "name",
        "price",
        "old_price",
    },
)
LEAST = {
    "customer": {},
    "shop": {"name": "La Théière bleue", "website": "https://shop.example", "currency": "EUR"},
    "links": {
        name: f"https://own.example/{name}" for name in ("unsubscribe", "preferences", "view", "answer")
    },
    "event": {"products": [{"name": "Sencha"}]},
}


@pytest.mark.parametrize("name", starters())
def test_a_starter_is_sound_and_can_be_sent_to_whom_nothing_is_known_of(name: str) -> None:
    template = starters()[name].template
    assert set(template.texts) == set(LANGUAGES)
    assert lint(template, KNOWN)[1] == []
    for language in LANGUAGES:
        mail = pressed(template).fill(LEAST, language)
        assert "Hello," in mail.text or "Bonjour," in mail.text
        assert "https://own.example/unsubscribe" in mail.text
        assert len(mail.html) < 40_000
        assert "{" not in mail.subject + mail.preheader + mail.text


def test_a_starter_becomes_ones_own_with_the_readers_language_first() -> None:
    own = starters()["cart"].named("panier", "fr")
    assert (own.slug, own.name, list(own.texts)) == ("panier", "Panier abandonné", ["fr", "en"])
    assert read(written(own)) == own


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_block_can_be_put_into_a_body(language: Language) -> None:
    for name in BLOCKS:
        assert block(name, language).strip().endswith(("</mj-section>", "{% endif %}"))
    whole = empty("one", language)
    text = whole.texts[language]
    assert text.body == framed("<!-- text -->\n", language)
    severities = {one.severity for one in lint(whole, KNOWN)[1] if one.part == "body"}
    assert severities == set()
