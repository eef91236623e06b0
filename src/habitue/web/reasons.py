"""The answer to "why?": the engine's verdict as lines that people read."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from habitue.engine.explain import Verdict, Why
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.i18n import N_
from habitue.rules.nodes import And, Compare, Held, Not, Or, Rule, SinceFirst, SinceLast
from habitue.rules.sentence import sentence
from habitue.rules.text import parse
from habitue.web.looks import Look
from habitue.web.words import Words


class Line(Struct, frozen=True):
    """One condition: whether it holds, in words and as written, what was found, since when and until when."""

    truth: bool
    said: str
    text: str
    found: str | None
    since: Micros
    until: Micros | None
    parts: tuple[Line, ...]


class Asked(Struct, frozen=True):
    """A stage that was asked, and the tree of its rule."""

    look: Look
    line: Line


def told(verdict: Verdict | Why | None, by_value: dict[int, Look], words: Words) -> list[Asked]:
    """The stages in the order in which they were asked; the first that is true is the customer's."""
    if not isinstance(verdict, Verdict):
        return []
    by_id = {look.id: look for look in by_value.values()}
    return [Asked(by_id[name], _line(why, words)) for name, why in verdict.asked]


def _line(why: Why, words: Words) -> Line:
    rule = parse(why.rule)
    return Line(
        truth=why.truth,
        said=_said(rule, words),
        text=why.rule,
        found=_found(rule, why, words),
        since=why.since,
        until=why.until,
        parts=tuple(_line(part, words) for part in why.parts),
    )


def _said(rule: Rule, words: Words) -> str:
    """The condition in words; what only joins others leaves the words to them."""
    match rule:
        case And():
            return words.say(N_("all of these"))
        case Or():
            return words.say(N_("at least one of these"))
        case Not():
            return words.say(N_("the opposite of this"))
    return sentence(rule, words.language)


def _found(rule: Rule, why: Why, words: Words) -> str | None:
    """What the condition saw."""
    if why.value is None:
        return words.say(N_("nothing found")) if isinstance(rule, Compare) else None
    if isinstance(rule, Held) or (
        isinstance(rule, Compare) and isinstance(rule.measure, SinceLast | SinceFirst)
    ):
        return words.say(N_("found: {value}"), value=words.days(why.value / DAY))
    return words.say(N_("found: {value}"), value=_value(why.value, words))


def _value(value: Any, words: Words) -> str:
    if isinstance(value, bool):
        return words.say(N_("yes")) if value else words.say(N_("no"))
    if isinstance(value, int | float):
        return words.number(value)
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
