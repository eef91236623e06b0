"""The answer to "why?" as lines for people and fields for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from habitue.engine.explain import Verdict, Why
from habitue.engine.reason import Line, elapsed, told
from habitue.kernel.clock import DAY, Micros, iso, shown
from habitue.kernel.i18n import N_, Translator
from habitue.rules.text import parse
from habitue.stages.models import Model


def fields(why: Why | Verdict) -> dict[str, Any]:
    """Everything there is, instants in ISO 8601 and lengths in days."""
    known = {name: getattr(why, name) for name in why.__struct_fields__}
    for name in ("since", "until"):
        known[name] = None if known[name] is None else iso(known[name])
    if isinstance(why, Verdict):
        return known | {"asked": [{"stage": stage, **fields(one)} for stage, one in why.asked]}
    if elapsed(parse(why.rule)):
        known |= {name: known[name] and known[name] / DAY for name in ("value", "threshold")}
    return known | {"parts": [fields(part) for part in why.parts]}


def lines(why: Why, say: Translator, zone: str, depth: int = 0) -> Iterator[str]:
    """One line for each condition: whether it holds, what was found, since when and until when."""
    yield from _lines(told(why, say), say, zone, depth)


def _lines(one: Line, say: Translator, zone: str, depth: int) -> Iterator[str]:
    facts = [one.said, *([one.found] if one.found else ()), *times(one.since, one.until, say, zone)]
    yield "  " * depth + ("✓ " if one.truth else "✗ ") + " · ".join(facts)
    for part in one.parts:
        yield from _lines(part, say, zone, depth + 1)


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
