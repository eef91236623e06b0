"""One import from the file to the inbox: looked at, read to its end, and only then handed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

import msgspec

from habitue.app.corrections import Corrections
from habitue.app.workspace import Workspace
from habitue.ingest import files, traces
from habitue.ingest.filed import Filed, filed
from habitue.ingest.files import Detected, Report, Source
from habitue.ingest.inbox import checked, packed, unpacked
from habitue.ingest.returned import Returned
from habitue.kernel import money
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
    `rejects` is the file that holds them. `stored` events are new, `known` were there already, `differing` of
    them with other contents: what came first stays, and `corrections` is the file that lists them.
    `conflicts` of these are orders of another customer by now. `revenue` is what the file adds up to, net, in
    minor units of `currency`, `stored_revenue` what is new of it; `first` and `last` are the period (µs).
    `chosen` and `lines` say it in words.
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
    conflicts: int = 0
    corrections: str | None = None
    stored: int = 0
    stored_revenue: int = 0


@dataclass(frozen=True)
class Done:
    """A file that was read, and what becomes of its events; `returned` are of people who are erased."""

    detected: Detected
    report: Report
    rejects: Path
    dry_run: bool
    language: Language
    filed: Filed
    returned: int
    tried: bool = False
    """Whether a dry run was told where to write the rejected rows."""

    def said(self, language: Language | None = None) -> ImportReport:
        """What there is to report; in its own language it also writes the file of corrections."""
        spoken = language or self.language
        report, filed, t = self.report, self.filed, translator(spoken)
        wrong = Corrections(filed.corrected, report.currency, report.zone, spoken)
        listed = self.rejects.with_stem(f"{self.rejects.stem}-corrections")
        if wrong.rows.num_rows and not self.dry_run and language is None:
            wrong.write(listed)
        return ImportReport(
            file=self.detected.source.name,
            kind=self.detected.kind,
            dry_run=self.dry_run,
            rows=report.rows,
            events=dict(report.events),
            customers=report.customers,
            known=filed.known,
            rejected=report.rejected,
            reasons=report.reasons.said(t),
            rejects=self._rejects(),
            first=report.first,
            last=report.last,
            revenue=report.money,
            currency=report.currency,
            chosen=self.detected.lines(spoken),
            lines=[*report.lines(spoken, self._new()), *wrong.lines()],
            differing=wrong.rows.num_rows - wrong.count("refund"),
            conflicts=wrong.count("customer"),
            corrections=str(listed) if wrong.rows.num_rows and not self.dry_run else None,
            stored=filed.events,
            stored_revenue=filed.revenue,
        )

    def kept(self) -> dict[str, object]:
        """What is kept of the report, for good: nothing out of the file's cells."""
        told = msgspec.to_builtins(self.said())
        return {name: told[name] for name in traces.NUMBERS}

    def _rejects(self) -> str | None:
        """The file of rejected rows; there is none where nothing of them may be written."""
        made = self.report.rejected and self.rejects.exists() and (not self.dry_run or self.tried)
        return str(self.rejects) if made else None

    def _new(self) -> int | None:
        """What is new of the revenue, where not all of the file is."""
        return self.filed.revenue if self.filed.known or self.returned else None


def without(report: ImportReport, returned: int, language: Language) -> ImportReport:
    """The report with how many events were left out, for they are of people who were erased."""
    if not returned:
        return report
    one = N_("{n} event is of somebody who was erased since; it was left out")
    many = "{n} events are of people who were erased since; they were left out"
    return replace(report, lines=[*report.lines, translator(language).n(one, many, returned)])


def reading(shop: Workspace, language: Language, rates: Mapping[str, Decimal]) -> files.Settings:
    """How the shop reads amounts and dates."""
    return files.Settings(shop.settings.currency, shop.settings.timezone, language, rates)


def seen(
    shop: Workspace, path: Path | Source, kind: str | None, mapping: Mapping[str, str] | None
) -> Detected:
    """How the shop would read the file: as said, as the last one with these columns, as found."""
    place = files.Place(shop.settings.language, shop.settings.timezone)
    return files.inspect(path, kind, mapping, lambda header: jobs.remembered(shop.ops, header), place)


def rate(text: str) -> tuple[str, Decimal]:
    """What one of a foreign currency is worth in the shop's, of `USD=0.92`; raises `UserError`."""
    code, _, value = text.partition("=")
    try:
        worth = Decimal(value)
    except InvalidOperation:
        worth = Decimal(0)
    if not (worth.is_finite() and worth > 0):
        raise UserError(N_("“{text}” is not a rate. Write it as USD=0.92."), text=text)
    return money.currency(code), worth


def run(
    shop: Workspace,
    path: Path | Source,
    kind: str | None,
    mapping: Mapping[str, str] | None,
    rates: Mapping[str, Decimal],
    dry_run: bool,
    language: Language,
    now: Micros,
    told: Told | None,
    refused: Path | None = None,
) -> Done:
    """Read the file and, unless it is a dry run, put its events in; the caller refreshes.

    A dry run writes the rejected rows only where it is told a place, `refused`.
    """
    settings = reading(shop, language, rates)
    detected = seen(shop, path, kind, mapping)
    job = files.job(detected, settings)
    rejects = refused if refused and dry_run else shop.directory / "rejects" / f"{job[:12]}.csv"
    rejects.parent.mkdir(exist_ok=True)
    report, found, before = Report(), Filed(), held.reached(shop.ops, job)
    returned = Returned(shop.ops, shop.settings.terms.region)
    # What was in the future when it began is rejected for good: its chunks are of one mind.
    begun, mark = (
        (now, None) if dry_run else jobs.begin(shop.ops, job, detected.source.name, detected.kind, now)
    )
    parcels = files.parcels(
        detected,
        settings,
        begun,
        report=report,
        rejects=None if dry_run and not refused else rejects,
        withheld=returned.named,
        first=0 if dry_run else before,
        progress=_bytes(told),
    )
    if dry_run:
        for parcel in parcels:
            _, found = filed(shop.warehouse, returned.taken(checked(parcel.table)), found)
        return Done(detected, report, rejects, dry_run, language, found, returned.events, refused is not None)
    try:
        for body in held.kept(shop.ops, job):
            _, found = filed(shop.warehouse, unpacked(body), found)
        for chunk, parcel in enumerate(parcels, start=before):
            # Left out before it is written anywhere: a database keeps for a while what was deleted from it.
            table, found = filed(shop.warehouse, returned.taken(checked(parcel.table)), found)
            held.hold(shop.ops, job, chunk, parcel.source, table.num_rows, packed(table))
    except UserError:
        held.drop(shop.ops, job)
        jobs.forget(shop.ops, job)
        raise
    held.release(shop.ops, job, mark, now)
    jobs.remember(shop.ops, files.fingerprint(detected.header), detected.kind, files.remember(detected), now)
    done = Done(detected, report, rejects, dry_run, language, found, returned.events)
    jobs.finish(shop.ops, job, done.kept(), now)
    return done


def _bytes(told: Told | None) -> Callable[[int, int, int], None] | None:
    if told is None:
        return None
    return lambda _rows, done, total: told(READING, done, total)
