"""Carrying out the command line's commands: what each does with a shop and answers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import singledispatch
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import to_builtins
from msgspec.structs import replace

from habitue.api import command as commands
from habitue.api import reason
from habitue.api.answer import Answer, Cell, Column, Facts, Sheet
from habitue.api.command import Command, Told
from habitue.app import ImportReport, Shop, imports
from habitue.app.selection import Selection
from habitue.app.stays import Stays
from habitue.engine.explain import Verdict
from habitue.engine.replay import drafted
from habitue.ingest import files
from habitue.ingest.doctor import Finding
from habitue.kernel import money
from habitue.kernel.clock import iso
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language, Translator, translator
from habitue.kernel.period import between, parse
from habitue.people import profiles
from habitue.rules.check import check
from habitue.stages import choice
from habitue.stages.models import Model

AT_ONCE: Final = 10_000
SUBJECT: Final = Column("subject", N_("Customer"), "key")
SPAN: Final = (
    Column("from", N_("From"), "time"),
    Column("to", N_("To"), "time"),
    Column("expected", N_("Expected"), "time"),
)
FOLDING: Final = N_("Folding")
Drawn: TypeAlias = commands.Stages | commands.Months | commands.Stays


@dataclass(frozen=True)
class Asked:
    """Whose shop it is, in which language to answer, and whom to tell how far it has come."""

    shop: Shop
    language: Language
    told: Told | None = None

    @property
    def say(self) -> Translator:
        return translator(self.language)


@singledispatch
def perform(command: Command, asked: Asked) -> Answer:
    """Do it and answer; raises `UserError`."""
    raise NotImplementedError(command.name())


# --- what comes in, and what is kept --------------------------------------------------------------


@perform.register
def _import(command: commands.Import, asked: Asked) -> Answer:
    path = Path(os.fsdecode(command.path))
    report = asked.shop.import_file(
        path,
        kind=command.kind,
        mapping=files.parse(command.mapping) if command.mapping else None,
        rates=dict(map(imports.rate, command.rates)),
        dry_run=command.dry_run,
        language=asked.language,
        told=asked.told,
    )
    fields = to_builtins(report)
    for name in ("first", "last"):
        fields[name] = fields[name] and iso(fields[name])
    for name in ("revenue", "stored_revenue"):
        fields[name] = str(money.major(fields[name], report.currency or asked.shop.settings.currency))
    return Facts(fields, [*report.chosen, *report.lines, *_beside(report, asked.say)])


def _beside(report: ImportReport, say: Translator) -> Iterator[str]:
    """What the shop did with the rows that the file can't know of."""
    left_out = report.known < sum(report.events.values())
    if report.known and not report.stored and not left_out:
        one = N_("nothing changed: the {n} event of this file was there already")
        many = "nothing changed: the {n} events of this file were all there already"
        yield say.n(one, many, report.known)
    elif report.known:
        yield say.n("{n} event was there already", "{n} events were there already", report.known)
    if report.corrections:
        yield say(N_("all that differs from what is stored is in {file}"), file=report.corrections)
    if report.rejects:
        yield say(N_("the rejected rows are in {file}"), file=report.rejects)


@perform.register
def _refresh(command: commands.Refresh, asked: Asked) -> Answer:
    now = asked.shop.instant(command.now)
    done, say = asked.shop.refresh(now, asked.told), asked.say
    lines = [
        say.n("{n} new event came in.", "{n} new events came in.", done.events)
        if done.events
        else say(N_("No new events were waiting; what is imported is taken in at once.")),
        say.n("{n} customer was looked at.", "{n} customers were looked at.", done.people),
    ]
    return Facts(asdict(done) | {"now": iso(now)}, lines)


@perform.register
def _rebuild(_: commands.Rebuild, asked: Asked) -> Answer:
    done, say = asked.shop.rebuild(told=asked.told), asked.say
    lines = [say.n("{n} event was read from the log.", "{n} events were read from the log.", done.events)]
    if not done.compared:
        lines.append(say(N_("The old working copy could not be read, so there was nothing to compare.")))
    elif done.differing:
        lines.append(
            say(
                N_("These tables differed: {tables}. The old copy is kept as {file}."),
                tables=", ".join(done.differing),
                file=done.kept,
            )
        )
    else:
        lines.append(say(N_("The new working copy equals the old one.")))
    return Facts(to_builtins(done), lines)


@perform.register
def _doctor(_: commands.Doctor, asked: Asked) -> Answer:
    return diagnosis(asked.shop.doctor(), asked.say)


def diagnosis(findings: Sequence[Finding], say: Translator) -> Sheet:
    """What the doctor found, in words."""
    columns = (
        Column("state", N_("State")),
        Column("finding", N_("Finding")),
        Column("mend", N_("How to mend it")),
    )
    rows = [
        (one.state, say(one.what, **one.fields), say(one.mend, **one.fields) if one.mend else None)
        for one in findings
    ]
    return Sheet(columns, rows)


# --- segments -------------------------------------------------------------------------------------


@perform.register
def _sentence(command: commands.Sentence, asked: Asked) -> Answer:
    found = asked.shop.segment(command.rule)
    said = found.sentence(cast(Language, command.tongue))
    return Facts({"sentence": said}, [said], _warned(found, asked))


@perform.register
def _count(command: commands.Count, asked: Asked) -> Answer:
    found = asked.shop.segment(command.rule)
    n = found.count(command.at)
    return Facts({"count": n}, [str(n)], _warned(found, asked))


@perform.register
def _members(command: commands.Members, asked: Asked) -> Answer:
    found = asked.shop.segment(command.rule)
    rows = ((key,) for key in found.members(command.at))
    return Sheet((Column("customer", N_("Customer"), "key"),), rows, _warned(found, asked))


@perform.register
def _history(command: commands.History, asked: Asked) -> Answer:
    found = asked.shop.segment(command.rule)
    return Sheet((SUBJECT, *SPAN), _rows(found.history().arrow()), _warned(found, asked))


# --- stages ---------------------------------------------------------------------------------------


@perform.register
def _stages(command: commands.Stages, asked: Asked) -> Answer:
    with _stays(command, asked) as stays:
        found, stages = stays.counts(command.at), {stage.id: stage for stage in stays.model.stages}
    total = sum(found.values()) or 1
    columns = (
        Column("stage", N_("Id")),
        Column("name", N_("Stage")),
        Column("customers", N_("Customers"), "count"),
        Column("share", N_("Share"), "share"),
    )
    rows = [(stage, stages[stage].name.said(asked.language), n, n / total) for stage, n in found.items()]
    return Sheet(columns, rows, _doubts(stays.model, command, asked))


@perform.register
def _months(command: commands.Months, asked: Asked) -> Answer:
    with _stays(command, asked) as stays:
        found = stays.by("month", command.months, command.at, command.since).arrow()
        usual = command.months is None and command.since is None
        notes = [*_doubts(stays.model, command, asked), *(_earlier(stays, found, asked.say) if usual else ())]
    names = {stage.id: stage.name.said(asked.language) for stage in stays.model.stages}
    counts = [Column(stage, names[stage], "count") for stage in found.column_names[1:]]
    return Sheet((Column("month", N_("Month"), "month"), *counts), _rows(found), notes)


@perform.register
def _every_stay(command: commands.Stays, asked: Asked) -> Answer:
    with _stays(command, asked) as stays:
        found = stays.history().arrow()
    names = {stage.id: stage.name.said(asked.language) for stage in stays.model.stages}
    columns = (SUBJECT, Column("stage", N_("Stage"), names=names), *SPAN, Column("life", N_("Life"), "count"))
    return Sheet(columns, _rows(found), _doubts(stays.model, command, asked))


def _earlier(stays: Stays, found: pa.Table, say: Translator) -> Iterator[str]:
    """That there were months before these, where there were."""
    shown, first = parse(found["month"][0].as_py()).first, stays.first
    if first is not None and first < shown:
        n = len(between(first, shown)) - 1
        yield say.n(
            "There is {n} month before these: --months {all} shows it too.",
            "There are {n} months before these: --months {all} shows them too.",
            n,
            all=n + len(found),
        )


@perform.register
def _who(command: commands.Who, asked: Asked) -> Answer:
    shop, question = asked.shop, choice.Question(stage=(command.stage,), at=command.at)
    model = shop.model(command.model)
    chosen = choice.choose(model, question, shop.settings.timezone, shop.instant(None))
    columns = (
        Column("customer", N_("Customer"), "key"),
        Column("name", N_("Name")),
        Column("email", N_("E-mail")),
        Column("since", N_("Since"), "time"),
        Column("until", N_("Until"), "time"),
        Column("then", N_("Then"), names={one.id: one.name.said(asked.language) for one in model.stages}),
        Column("life", N_("Life"), "count"),
        Column("orders", N_("Orders"), "count"),
        Column("revenue", N_("Revenue"), "money"),
        Column("last_order", N_("Last order"), "time"),
    )
    return Sheet(columns, _people(shop, model, chosen))


@perform.register
def _explain(command: commands.Explain, asked: Asked) -> Answer:
    found = asked.shop.explain(command.customer, command.rule, model=command.model, at=command.at)
    if found is None:
        raise UserError(N_("The customer “{customer}” was not there yet."), customer=command.customer)
    say, zone = asked.say, asked.shop.settings.timezone
    if isinstance(found, Verdict):
        lines = reason.verdict(found, asked.shop.model(command.model), say, zone)
    else:
        lines = reason.lines(found, say, zone)
    key = asked.shop.named(command.customer)[1]
    return Facts({"customer": key, **reason.fields(found)}, list(lines))


@contextmanager
def _stays(command: Drawn, asked: Asked) -> Iterator[Stays]:
    """The live model, or the draft folded over the whole history for as long as it is looked at."""
    shop, told = asked.shop, asked.told
    if command.draft is None:
        yield shop.stages(command.model)
        return
    model = shop.drawn(command.draft)
    progress = None if told is None else lambda done, total: told(FOLDING, done, total)
    with drafted(shop.warehouse, [model.definition()], shop.known(), progress) as (kept,):
        yield Stays(shop, replace(model, version=kept.version))


def _doubts(model: Model, command: Drawn, asked: Asked) -> list[str]:
    """Names in a draft's own population that were never seen: it is folded all the same."""
    population = model.definition().population
    if command.draft is None or population is None:
        return []
    return [doubt.say(asked.say) for doubt in check(population, model.subject, asked.shop.catalogue())]


def _people(shop: Shop, model: Model, chosen: profiles.Choice) -> Iterator[tuple[Cell, ...]]:
    persons, known, now = iter(profiles.chosen(shop.warehouse, chosen)), shop.known(), shop.instant(None)
    while batch := list(islice(persons, AT_ONCE)):
        for one in choice.members(shop.warehouse, model, chosen, batch, known, now):
            then = None if one.then is None else model.stages[one.then].id
            who = (one.key, one.name, one.email)
            yield *who, one.since, one.until, then, one.life, one.orders, one.revenue, one.last_order


def _rows(table: pa.Table) -> Iterator[tuple[Cell, ...]]:
    """The rows of a table, instants in microseconds."""
    times = [number for number, kind in enumerate(table.schema.types) if pa.types.is_timestamp(kind)]
    for batch in table.to_batches(AT_ONCE):
        columns = [pc.cast(one, pa.int64()) if n in times else one for n, one in enumerate(batch.columns)]
        yield from zip(*(column.to_pylist() for column in columns), strict=True)


def _warned(found: Selection, asked: Asked) -> list[str]:
    """Names in the rule that were never seen: it is answered all the same."""
    return [warning.say(asked.say) for warning in found.warnings]
