"""One import from the file to the inbox: looked at, read to its end, and only then handed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from habitue.app.workspace import Workspace
from habitue.ingest import files
from habitue.ingest.files import Detected, Report
from habitue.ingest.inbox import checked, packed
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language, translator
from habitue.store import held, jobs

READING: Final = N_("Reading")

Told = Callable[[str, int, int], None]
"""Told the step (a message), how much of it is done, and of how much; 0 where that is not known."""


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do.

    `rows` in the file, `events` by name, `customers`; `rejected` rows with how often each reason came, in
    words with its first examples;
    `rejects` is the file that holds them. `known` events were there already, `differing` of them with other
    contents: what came first stays. `revenue` is what the file adds up to, net, in minor units of `currency`;
    `first` and `last` are the period (µs). `chosen` and `lines` say it in words.
    """

    file: str
    kind: str
    dry_run: bool
    rows: int
    events: dict[str, int]
    customers: int
    known: int
    rejected: int
    reasons: dict[str, int]
    rejects: str | None
    first: Micros | None
    last: Micros | None
    revenue: int
    currency: str
    chosen: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    differing: int = 0


def run(
    shop: Workspace,
    path: Path,
    kind: str | None,
    mapping: Mapping[str, str] | None,
    rates: Mapping[str, Decimal],
    dry_run: bool,
    language: Language,
    now: Micros,
    told: Told | None,
) -> ImportReport:
    """Read the file and, unless it is a dry run, put its events in; the caller refreshes."""
    own = shop.settings
    settings = files.Settings(own.currency, own.timezone, language, rates)
    place = files.Place(own.language, own.timezone)
    detected = files.inspect(path, kind, mapping, lambda header: jobs.remembered(shop.ops, header), place)
    job = files.job(detected, settings)
    rejects = shop.directory / "rejects" / f"{job[:12]}.csv"
    rejects.parent.mkdir(exist_ok=True)
    report, before = Report(), held.reached(shop.ops, job)
    # What was in the future when it began is rejected for good: its chunks are of one mind.
    begun = now if dry_run else jobs.begin(shop.ops, job, detected.source.name, detected.kind, now)
    parcels = files.parcels(
        detected,
        settings,
        begun,
        report=report,
        rejects=None if dry_run else rejects,
        first=0 if dry_run else before,
        progress=_bytes(told),
    )
    if dry_run:
        for _ in parcels:
            pass
        return _report(detected, report, rejects, language, dry_run=True)
    try:
        for chunk, parcel in enumerate(parcels, start=before):
            held.hold(
                shop.ops, job, chunk, parcel.source, parcel.table.num_rows, packed(checked(parcel.table))
            )
    except UserError:
        held.drop(shop.ops, job)
        jobs.forget(shop.ops, job)
        raise
    held.release(shop.ops, job, now)
    jobs.remember(shop.ops, files.fingerprint(detected.header), detected.kind, files.remember(detected), now)
    said = _report(detected, report, rejects, language, dry_run=False)
    jobs.finish(shop.ops, job, msgspec.to_builtins(said), now)
    return said


def _report(
    detected: Detected, report: Report, rejects: Path, language: Language, dry_run: bool
) -> ImportReport:
    return ImportReport(
        file=detected.source.name,
        kind=detected.kind,
        dry_run=dry_run,
        rows=report.rows,
        events=dict(report.events),
        customers=report.customers,
        known=0,
        rejected=report.rejected,
        reasons=report.reasons.said(translator(language)),
        rejects=str(rejects) if report.rejected and not dry_run else None,
        first=report.first,
        last=report.last,
        revenue=report.money,
        currency=report.currency,
        chosen=detected.lines(language),
        lines=report.lines(language),
    )


def settled(report: ImportReport, known: int, differing: int, language: Language) -> ImportReport:
    """The report with what loading found: events there already, and those whose contents differed."""
    lines = [*report.lines]
    if differing:
        one = N_("{n} event is here already with another date, amount or detail; what came first stays")
        many = "{n} events are here already with other dates, amounts or details; what came first stays"
        lines.append(translator(language).n(one, many, differing))
    return replace(report, known=known, differing=differing, lines=lines)


def _bytes(told: Told | None) -> Callable[[int, int, int], None] | None:
    if told is None:
        return None
    return lambda _rows, done, total: told(READING, done, total)
