"""Rules as sentences for one reader: what they name is called as people call it."""

from __future__ import annotations

from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.i18n import Language, translator
from habitue.people.terms import EVENTS
from habitue.rules.nodes import Rule
from habitue.rules.sentence import Subject, points, sentence
from habitue.segments.saved import Segment
from habitue.segments.templates import told
from habitue.web.words import Words


def circles(shop: Shop, language: Language) -> list[Segment]:
    """The saved segments as this reader is told of them, by title."""
    found = [told(one, language) for one in shop.segments()]
    return sorted(found, key=lambda one: one.title.casefold())


def names(shop: Shop, language: Language) -> dict[str, str]:
    """What segments, models and their stages are called, by the ids that rules write."""
    models = shop.models()
    called = {one.id: one.title for one in circles(shop, language)}
    called |= {model.id: model.kind.name.said(language) for model in models}
    called |= {f"event.{name}": translator(language)(told) for name, told in EVENTS.items()}
    return called | {
        f"{model.id}.{stage.id}": stage.name.said(language) for model in models for stage in model.stages
    }


class Meaning(Struct, frozen=True):
    """A rule in words: one sentence, or a line with its conditions under it."""

    line: str
    parts: tuple[str, ...] = ()


def meant(rule: Rule, words: Words, called: dict[str, str], subject: Subject = "person") -> Meaning:
    """The rule as a page tells it: in a list, where one sentence would be too long to be read."""
    found = points(rule, words.language, subject, called, words.currency)
    if found is None:
        return Meaning(_begun(sentence(rule, words.language, subject, called, words.currency)))
    return Meaning(_begun(found[0]), tuple(found[1]))


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def said(rule: Rule, shop: Shop, words: Words, called: dict[str, str] | None = None) -> str:
    """The rule as a noun phrase that begins a line."""
    known = names(shop, words.language) if called is None else called
    text = sentence(rule, words.language, names=known, currency=shop.settings.currency)
    return _begun(text)
