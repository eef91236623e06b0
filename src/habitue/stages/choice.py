"""Which people a list shows, as its address says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from habitue.engine.expect import Expected, expectable, expected
from habitue.engine.source import Known
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.period import day_of, month_of, parse, until
from habitue.kernel.region import region
from habitue.metrics.stakes import SOON
from habitue.people import profiles
from habitue.people.profiles import NOBODY, Choice, Member
from habitue.stages.models import Model
from habitue.store.warehouse import Warehouse

NONE: Final = "none"
"""The stage id of those who had no stage yet."""

NOTHING: Final = Expected(None, None)
_LATER: Final = N_("The day to begin with lies after the one to end with. Change one of them.")
_DOTS: Final = ".."
_MONTH: Final = re.compile(r"\d{4}-\d{2}\Z")


class Question(Struct, frozen=True):
    """The parameters of a list. Stages are ids; `at` is a month (its end), `..2026-04-17` (the end of that
    day) or an instant, now if not said.

    `source` and `target` ask for those who were in one of `source` at `against` (written as `at` is; the end
    of the month before if not said) and are in one of `target` at `at`; `ever` for those who have been in it;
    `segment` for those in a saved segment, `rule` for those for whom a rule holds; `becomes` for those whose
    next stage is that one, if nothing happens, by the date `until` (in 30 days if not said). `bought` asks
    for those who ordered in that period, `again` among them for those to whom it was not the first order.
    """

    stage: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    at: str | None = None
    against: str | None = None
    ever: str | None = None
    search: str = ""
    segment: str | None = None
    rule: str | None = None
    becomes: str | None = None
    until: str | None = None
    bought: str | None = None
    again: bool = False


def choose(model: Model, question: Question, zone: str, now: Micros) -> Choice:
    """The choice that a question makes in a model; raises `UserError` for an unknown stage, month or date."""
    after = instant(question.at, zone, now)
    against = question.against or until(month_of(day_of(after - 1, zone)).ago().last)
    before = instant(against, zone, now) if question.source else None
    if before is not None and before > after:
        raise UserError(_LATER)
    return Choice(
        version=model.version,
        after=after,
        values=_values(model, question.target or question.stage),
        before=before,
        was=_values(model, question.source),
        ever=model.value(question.ever) if question.ever else None,
        search=question.search.strip(),
        region=region(zone),
        then=model.value(question.becomes) if question.becomes else None,
        until=_until(question, zone, after),
    )


def _until(question: Question, zone: str, after: Micros) -> Micros | None:
    if not question.becomes:
        return None
    return clock.instant(question.until, zone) if question.until else after + SOON


def foretold(model: Model, choice: Choice, known: Known, now: Micros) -> bool:
    """Whether a list can tell what comes next: one of the past only from what had happened by then."""
    return choice.after >= now or expectable(model.definition(), known)


def members(
    warehouse: Warehouse, model: Model, choice: Choice, persons: Sequence[int], known: Known, now: Micros
) -> list[Member]:
    """Those persons' lines; in a list of the past with what was to be expected then, not with what came."""
    found = profiles.members(warehouse, choice.version, choice.after, persons)
    if choice.after >= now:
        return found
    definition = model.definition()
    told = (
        expected(definition, persons, choice.after, known, warehouse.read)
        if expectable(definition, known)
        else {}
    )
    return [replace(one, **told.get(one.person, NOTHING)._asdict()) for one in found]


def instant(at: str | None, zone: str, now: Micros) -> Micros:
    """The end of a month or of a day (`..2026-04-17`), an instant, or now."""
    if not at:
        return now
    if _MONTH.match(at) or _DOTS in at:
        return parse(at.removeprefix(_DOTS)).span(zone, now).after
    return clock.instant(at, zone)


def _values(model: Model, stages: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(NOBODY if stage == NONE else model.value(stage) for stage in stages)
