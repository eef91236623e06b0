"""The answer to "why?" in words, the same on every face: each condition, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import dropwhile
from typing import Any, Final

from babel.numbers import format_decimal
from babel.units import format_unit
from msgspec import Struct

from habitue.engine.explain import Why
from habitue.kernel.clock import DAY, HOUR, MINUTE, SECOND, Micros
from habitue.kernel.i18n import N_, Language, Translator
from habitue.rules.nodes import And, Compare, Held, Not, Or, Rule, SinceFirst, SinceLast
from habitue.rules.sentence import sentence
from habitue.rules.text import parse

_UNITS: Final = (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", SECOND))


class Line(Struct, frozen=True):
    """One condition: whether it holds, in words and as written, what was found, since when and until when."""

    truth: bool
    said: str
    text: str
    found: str | None
    since: Micros
    until: Micros | None
    parts: tuple[Line, ...]


def told(
    why: Why, say: Translator, names: Mapping[str, str] | None = None, currency: str | None = None
) -> Line:
    """A node of the answer and all below it; what only joins others leaves the words to them.

    `names` and `currency` are for the sentences, as `rules.sentence` takes them.
    """
    rule = parse(why.rule)
    # The opposite of a single condition says all in its own line.
    alone = isinstance(rule, Not) and not why.parts[0].parts
    seen = why.parts[0] if alone else why
    return Line(
        truth=why.truth,
        said=sentence(rule, say.language, names=names, currency=currency)
        if alone
        else _said(rule, say, names, currency),
        text=why.rule,
        found=_found(seen, say),
        since=why.since,
        until=why.until,
        parts=() if alone else tuple(told(part, say, names, currency) for part in why.parts),
    )


def elapsed(rule: Rule) -> bool:
    """Whether its value is a length of time."""
    return isinstance(rule, Held) or (
        isinstance(rule, Compare) and isinstance(rule.measure, SinceLast | SinceFirst)
    )


def _said(rule: Rule, say: Translator, names: Mapping[str, str] | None, currency: str | None) -> str:
    match rule:
        case And():
            return say(N_("all of these"))
        case Or():
            return say(N_("at least one of these"))
        case Not():
            return say(N_("not this"))
    return sentence(rule, say.language, names=names, currency=currency)


def _found(why: Why, say: Translator) -> str | None:
    """What the condition saw."""
    rule = parse(why.rule)
    if why.value is None:
        return say(N_("nothing found")) if isinstance(rule, Compare) else None
    value = length(why.value, say.language) if elapsed(rule) else _value(why.value, say)
    return say(N_("found: {value}"), value=value)


def length(lasted: Micros, language: Language) -> str:
    """`90 days 9 hours`: the largest unit and the next that is not zero, so that 90 days is just that."""
    said, rest = [], lasted
    for unit, size in dropwhile(lambda one: lasted < one[1], _UNITS):
        n, rest = divmod(rest, size)
        if n:
            said.append(str(format_unit(n, f"duration-{unit}", "long", locale=language)))
    return " ".join(said[:2]) or str(format_unit(0, "duration-day", "long", locale=language))


def _value(value: Any, say: Translator) -> str:
    if isinstance(value, bool):
        return say(N_("yes")) if value else say(N_("no"))
    if isinstance(value, int | float):
        return str(format_decimal(value, format="#,##0.######", locale=say.language))
    return ", ".join(_value(one, say) for one in value) if isinstance(value, list) else str(value)
