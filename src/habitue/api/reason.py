"""The answer to "why?" as lines for people and fields for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from habitue.engine.explain import Verdict, Why
from habitue.kernel.clock import DAY, Micros, iso, shown
from habitue.kernel.i18n import N_, Translator
from habitue.rules.nodes import And, Compare, Held, Not, Or, Rule, SinceFirst, SinceLast
from habitue.rules.sentence import sentence
from habitue.rules.text import parse
from habitue.stages.models import Model


def fields(why: Why | Verdict) -> dict[str, Any]:
    """Everything there is, instants in ISO 8601 and lengths in days."""
    known = {name: getattr(why, name) for name in why.__struct_fields__}
    for name in ("since", "until"):
        known[name] = None if known[name] is None else iso(known[name])
    if isinstance(why, Verdict):
        return known | {"asked": [{"stage": stage, **fields(one)} for stage, one in why.asked]}
    if _elapsed(why):
        known |= {name: known[name] and known[name] / DAY for name in ("value", "threshold")}
    return known | {"parts": [fields(part) for part in why.parts]}


def lines(why: Why, say: Translator, zone: str, depth: int = 0) -> Iterator[str]:
    """One line for each condition: whether it holds, what was found, since when and until when."""
    rule = parse(why.rule)
    # The opposite of a single condition says all in its own line.
    alone = isinstance(rule, Not) and not why.parts[0].parts
    said, seen = (sentence(rule, say.language), why.parts[0]) if alone else (_said(rule, say), why)
    facts = [said, *_found(seen, say), *times(why.since, why.until, say, zone)]
    yield "  " * depth + ("✓ " if why.truth else "✗ ") + " · ".join(facts)
    for part in () if alone else why.parts:
        yield from lines(part, say, zone, depth + 1)


def verdict(found: Verdict, model: Model, say: Translator, zone: str) -> Iterator[str]:
    """The stage and its time, then every stage that was asked with the tree of its rule."""
    names = {stage.id: stage.name.said(say.language) for stage in model.stages}
    if found.value is None:
        yield say(N_("Outside the model’s population"))
    else:
        yield " · ".join([names[found.value], *times(found.since, found.until, say, zone)])
    for stage, why in found.asked:
        yield from ("", say(N_("{stage}?"), stage=names[stage]), *lines(why, say, zone, 1))


def times(since: Micros | None, until: Micros | None, say: Translator, zone: str) -> Iterator[str]:
    """Since when, and until when if nothing happens."""
    if since is not None:
        yield say(N_("since {day}"), day=shown(since, zone, say.language))
    if until is not None:
        yield say(N_("until {day} if nothing happens"), day=shown(until, zone, say.language))


def _said(rule: Rule, say: Translator) -> str:
    """A condition as a sentence; of what joins conditions only how, for they stand below it."""
    match rule:
        case And():
            return say(N_("all of these"))
        case Or():
            return say(N_("at least one of these"))
        case Not():
            return say(N_("not this"))
        case _:
            return sentence(rule, say.language)


def _found(why: Why, say: Translator) -> Iterator[str]:
    if why.value is None:
        return
    if _elapsed(why):
        yield say.n("found: {n} day", "found: {n} days", round(why.value / DAY))
    else:
        value = why.value if isinstance(why.value, str) else msgspec.json.encode(why.value).decode()
        yield say(N_("found: {value}"), value=value)


def _elapsed(why: Why) -> bool:
    rule = parse(why.rule)
    return isinstance(rule, Held) or (
        isinstance(rule, Compare) and isinstance(rule.measure, SinceLast | SinceFirst)
    )
