"""What messages will be before any is written: who lacks a value that theirs needs, and how long each is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from habitue.app.letters import Answering
from habitue.app.posting import SMS
from habitue.broadcasts.plan import LATER, Bools, Ints, Plan
from habitue.broadcasts.shape import Broadcast
from habitue.kernel import clock
from habitue.kernel.clock import SECOND
from habitue.kernel.errors import UserError
from habitue.people import identities, profiles
from habitue.people.patterns import patterns
from habitue.templates import example, values
from habitue.templates import kept as templates
from habitue.templates.fault import Unfit
from habitue.templates.needs import Needs, needs
from habitue.templates.passes import Pass
from habitue.templates.press import Press
from habitue.templates.segments import parts

MOST: Final = 500
"""So many kinds of customers are written to; where there are more, only what is there tells them apart."""
_NOBODY: Final = -1
_ELSEWHERE: Final = "https://shop.invalid"
"""Where links lead in what nobody is sent."""


class Said(NamedTuple):
    """One element for each recipient: which value is missing to write to them (empty where none is), and as
    how many text messages theirs counts, 0 where it can't be written.
    """

    lacking: NDArray[np.object_]
    parts: Ints

    @property
    def blank(self) -> Bools:
        """Whose message can't be written."""
        found: Bools = self.lacking != ""
        return found


def said(shop: Answering, one: Broadcast, made: Plan, going: Bools) -> Said:
    """What those of a broadcast's recipients will be told who are `going`.

    Nobody writes a million mails to find that out: those of whom the same is known are alike, and one of each
    kind is written to, of text messages some. Who waits for the winner is taken to get the first variant.
    """
    found = Said(np.full(len(made.person), "", np.object_), np.ones(len(made.person), np.int64))
    for n, variant in enumerate(one.variants):
        mine = going & ((made.variant == n) | ((made.variant == LATER) & (n == 0)))
        version = templates.live(shop.ops, variant.template)
        if version is not None and mine.any():
            lacking, parts = _alike(shop, shop.presses.of(version), made.person[mine], one)
            found.lacking[mine], found.parts[mine] = lacking, parts
    return found


def unsettled(shop: Answering, slugs: Iterable[str]) -> list[str]:
    """What templates say of the shop that nobody has settled yet, such as its `name`: none can be sent."""
    found = dict[str, None]()
    for version in filter(None, (templates.live(shop.ops, slug) for slug in slugs)):
        press = shop.presses.of(version)
        for language in press.template.texts:
            found |= dict.fromkeys(_unsettled(shop, press, language))
    return list(found)


def _unsettled(shop: Answering, press: Press, language: str) -> Iterator[str]:
    """Each value that is missing is put in, until nothing is."""
    event, now = example.event(language), clock.now()
    more: dict[str, Any] = {"event": event, "products": event["products"], "coupon": example.coupon(now)}
    asks = Pass(0, _NOBODY, press.template.channel, press.template.purpose, now // SECOND)
    links = shop.passes(shop.base or _ELSEWHERE).links(asks)
    traits, own = dict[str, Any](), dict[str, str]()
    for _ in range(MOST):
        given = shop.given(traits, more, links)
        try:
            press.fill(given | {"shop": given["shop"] | own}, language)
        except Unfit as error:
            part, _, name = str(error.fields.get("name", "")).partition(".")
            if error.reason != "missing" or part not in ("shop", "customer", "event"):
                return
            {"shop": own, "customer": traits, "event": event}[part][name] = _ELSEWHERE
            if part == "shop":
                yield name
        else:
            return


def long(shop: Answering, slug: str) -> int:
    """As how many text messages a template's counts, written to some customer about some order."""
    version, some = templates.live(shop.ops, slug), identities.somebody(shop.warehouse)
    if version is None:
        return 1
    press, now = shop.presses.of(version), clock.now()
    traits = profiles.known_traits(shop.warehouse, [some]).get(some, {}) if some is not None else {}
    event = example.event(shop.settings.language)
    more = {"event": event, "products": event["products"], "coupon": example.coupon(now)}
    asks = Pass(0, _NOBODY, press.template.channel, press.template.purpose, now // SECOND)
    values_ = shop.given(traits, more, shop.passes(shop.base or _ELSEWHERE).links(asks))
    try:
        return parts(press.fill(values_, shop.settings.language).text.strip()).n
    except UserError:
        return 1


def _alike(shop: Answering, press: Press, persons: Ints, one: Broadcast) -> Said:
    """What is said to these: of each kind the first is written to."""
    asked = [needs(text, language) for language, text in press.template.texts.items()]
    kinds = _kinds(shop, asked, persons, several=len(asked) > 1)
    kinds = _several(kinds) if one.channel == SMS else kinds
    _, firsts, whose = np.unique(kinds, return_index=True, return_inverse=True)
    alike = persons[firsts].tolist()
    traits = profiles.known_traits(shop.warehouse, alike)
    write = _writer(shop, press, one)
    told = [write(traits.get(person, {})) for person in alike]
    lacking = np.array([name for name, _ in told], np.object_)
    return Said(lacking[whose], np.array([n for _, n in told], np.int64)[whose])


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


def _several(kinds: Ints) -> Ints:
    """More kinds, so that about `MOST` are written to: how long a text is depends on more than what is there.
    Who is of a kind takes their turn, as chance has it.
    """
    _, codes, sizes = np.unique(kinds, return_inverse=True, return_counts=True)
    each = max(1, MOST // len(sizes))
    order = np.argsort(codes, kind="stable")
    turn = np.empty(len(codes), np.int64)
    turn[order] = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    found: Ints = codes * each + turn % each
    return found


def _writer(shop: Answering, press: Press, one: Broadcast) -> Callable[[dict[str, object]], tuple[str, int]]:
    """Says what is missing to write to somebody of whom this is known (nothing, where nothing is), and of how
    many parts it is.
    """
    asks = Pass(0, _NOBODY, one.channel, one.purpose, clock.now() // SECOND)
    links = shop.passes(shop.base or _ELSEWHERE).links(asks)

    def write(traits: dict[str, object]) -> tuple[str, int]:
        told = traits.get("language")
        language = one.language or (told if isinstance(told, str) else shop.settings.language)
        try:
            filled = press.fill(shop.given(traits, {}, links), language)
        except UserError as error:
            return str(error.fields.get("name", "")) or "–", 0
        return "", parts(filled.text.strip()).n if one.channel == SMS else 1

    return write
