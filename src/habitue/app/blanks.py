"""Who would get nothing: a value that their message needs is not known of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from habitue.app.letters import Answering
from habitue.broadcasts.plan import LATER, Bools, Ints, Plan
from habitue.broadcasts.shape import Broadcast
from habitue.kernel import clock
from habitue.kernel.clock import SECOND
from habitue.kernel.errors import UserError
from habitue.people import profiles
from habitue.people.patterns import patterns
from habitue.templates import kept as templates
from habitue.templates import values
from habitue.templates.needs import Needs, needs
from habitue.templates.passes import Pass
from habitue.templates.press import Press

MOST: Final = 500
"""So many kinds of customers are written to; where there are more, only what is there tells them apart."""
_NOBODY: Final = -1
_ELSEWHERE: Final = "https://shop.invalid"
"""Where links lead in what nobody is sent."""


def blanks(shop: Answering, one: Broadcast, made: Plan, going: Bools) -> tuple[Bools, Counter[str]]:
    """Of a broadcast's recipients those whose message can't be written, among those who are `going`; and of
    how many which value is missing.

    Nobody writes a million mails to find that out: those of whom the same is known are alike, and one of each
    kind is written to. Who waits for the winner is taken to get the first variant.
    """
    found, names = np.zeros(len(made.person), np.bool_), Counter[str]()
    for n, variant in enumerate(one.variants):
        mine = going & ((made.variant == n) | ((made.variant == LATER) & (n == 0)))
        version = templates.live(shop.ops, variant.template)
        if version is not None and mine.any():
            lacking = _lacking(shop, shop.presses.of(version), made.person[mine], one)
            found[mine] = lacking != ""
            names.update(lacking[lacking != ""].tolist())
    return found, names


def _lacking(shop: Answering, press: Press, persons: Ints, one: Broadcast) -> NDArray[np.str_]:
    """Which value each of them lacks; empty where the message can be written."""
    asked = [needs(text, language) for language, text in press.template.texts.items()]
    kinds = _kinds(shop, asked, persons, several=len(asked) > 1)
    _, firsts, whose = np.unique(kinds, return_index=True, return_inverse=True)
    alike = persons[firsts].tolist()
    traits = profiles.known_traits(shop.warehouse, alike)
    lacks = _writer(shop, press, one)
    return np.array([lacks(traits.get(person, {})) for person in alike], np.str_)[whose]


def _kinds(shop: Answering, asked: list[Needs], persons: Ints, *, several: bool) -> Ints:
    named = frozenset().union(*(each.named for each in asked)) | ({"language"} if several else set())
    compared = frozenset().union(*(each.compared for each in asked)) | {"language"}

    def traits(wanted: frozenset[str]) -> list[str]:
        every = (name.removeprefix("trait.") for name in shop.catalogue().names if name.startswith("trait."))
        return [f"trait.{name}" for name in every if values.known([name]) & wanted]

    found = patterns(shop.warehouse, persons, traits(named), traits(compared))
    if len(np.unique(found)) > MOST:
        found = patterns(shop.warehouse, persons, traits(named), traits(frozenset({"language"})))
    return found


def _writer(shop: Answering, press: Press, one: Broadcast) -> Callable[[dict[str, object]], str]:
    """Says what is missing to write to somebody of whom this is known; nothing, where nothing is."""
    asks = Pass(0, _NOBODY, one.channel, one.purpose, clock.now() // SECOND)
    links = shop.passes(shop.base or _ELSEWHERE).links(asks)

    def lacks(traits: dict[str, object]) -> str:
        told = traits.get("language")
        language = one.language or (told if isinstance(told, str) else shop.settings.language)
        try:
            press.fill(shop.given(traits, {}, links), language)
        except UserError as error:
            return str(error.fields.get("name", "")) or "–"
        return ""

    return lacks
