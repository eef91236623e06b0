"""What an import tells: notes for people, the counts, and the file of rejected rows."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, NamedTuple

from habitue.kernel.cell import safe
from habitue.kernel.clock import shown as day
from habitue.kernel.i18n import N_, Language, Translator, translator
from habitue.kernel.money import shown
from habitue.people import terms

EXAMPLES: Final = 5
FEW: Final = 3
"""Fewer orders of nothing are not spoken of."""
SHOWN: Final = 3
"""So many different examples of one reason are shown."""


class Note(NamedTuple):
    """A message with its fields, said in either language by `say`."""

    text: str
    fields: dict[str, Any]

    def say(self, t: Translator) -> str:
        fields = {k: v.say(t) if isinstance(v, Note) else v for k, v in self.fields.items()}
        return t(self.text, **fields)


def note(text: str, /, **fields: Any) -> Note:
    return Note(text, fields)


class Reject(NamedTuple):
    line: int
    reason: Note
    cells: list[str]


Withheld = Callable[[Sequence[str], Sequence[str]], bool]


class Rejects:
    """The CSV file of rejected rows: line, reason, then the row's own cells. Made only when there is one.

    What `withheld` says of a header and cells is not written.
    """

    def __init__(
        self, path: Path | None, header: list[str], language: Language, withheld: Withheld | None = None
    ) -> None:
        self.path, self.header, self.withheld = path, header, withheld
        self.say = translator(language)
        self.stream: IO[str] | None = None

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self.stream:
            self.stream.close()

    def write(self, rejects: Iterable[Reject]) -> None:
        for reject in rejects:
            if self.withheld and self.withheld(self.header, reject.cells):
                continue
            self._row([str(reject.line), reject.reason.say(self.say), *reject.cells])

    def _row(self, cells: list[str]) -> None:
        if self.path is None:
            return
        if self.stream is None:
            # The byte order mark makes Excel read the accents right.
            self.stream = self.path.open("w", encoding="utf-8-sig", newline="", errors="replace")
            self._row([self.say(N_("line")), self.say(N_("reason")), *self.header])
        csv.writer(self.stream).writerow([safe(cell.replace("\0", "")) for cell in cells])


@dataclass
class Reasons:
    """What was wrong and how often, each with the first few ways in which it was."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Note]] = field(default_factory=dict)

    def add(self, reason: Note) -> None:
        self.counts[reason.text] += 1
        shown = self.examples.setdefault(reason.text, [])
        if len(shown) <= SHOWN and reason not in shown:
            shown.append(reason)

    def said(self, t: Translator) -> dict[str, int]:
        """Each reason in words with its first examples, and how often it came; the most frequent first."""
        return {self._say(t, self.examples[text]): n for text, n in self.counts.most_common()}

    def _say(self, t: Translator, notes: list[Note]) -> str:
        return " · ".join([n.say(t) for n in notes[:SHOWN]] + ["…"] * (len(notes) > SHOWN))

    def lines(self, t: Translator) -> list[str]:
        return [f"{n} × {reason}" for reason, n in list(self.said(t).items())[:EXAMPLES]]


@dataclass
class Report:
    """The counts of an import so far; complete once the parcels have all been taken.

    `money` is the net revenue in minor units of the workspace's currency; `first` and `last` are instants.
    """

    rows: int = 0
    events: Counter[str] = field(default_factory=Counter)
    customers: int = 0
    rejected: int = 0
    reasons: Reasons = field(default_factory=Reasons)
    omitted: Reasons = field(default_factory=Reasons)
    updated: int = 0
    identical: int = 0
    known: int = 0
    left: int = 0
    free: int = 0
    spellings: int = 0
    spelled: list[tuple[str, ...]] = field(default_factory=list)
    first: int | None = None
    last: int | None = None
    money: int = 0
    currency: str = ""
    zone: str = "UTC"
    chunks: int = 0

    def reject(self, rejects: Iterable[Reject]) -> None:
        for reject in rejects:
            self.rejected += 1
            self.reasons.add(reject.reason)

    def omit(self, cells: Iterable[Note]) -> None:
        for cell in cells:
            self.omitted.add(cell)

    def period(self, first: int, last: int) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def lines(self, language: Language, stored: int | None = None) -> list[str]:
        """The report in words, the most important first; `stored`: what is new of the net revenue."""
        t = translator(language)
        said = [
            t.n("{n} row read", "{n} rows read", self.rows),
            *(
                t(N_("{n} × {event}"), n=n, event=t(terms.event(name)))
                for name, n in self.events.most_common()
            ),
            t.n("{n} customer", "{n} customers", self.customers),
        ]
        if self.first is not None and self.last is not None:
            first, last = (day(at, self.zone, language, "day") for at in (self.first, self.last))
            said.append(t(N_("from {first} to {last}"), first=first, last=last))
        if self.currency and (self.money or stored):
            money, new = (shown(n or 0, self.currency, language) for n in (self.money, stored))
            in_file = N_("net revenue: {money}")
            both = N_("net revenue in the file: {money}; newly stored: {new}")
            said.append(
                t(in_file, money=money) if stored in (None, self.money) else t(both, money=money, new=new)
            )
        return said + self._doubtful(t) + self._odd(t) + self._refused(t)

    def _doubtful(self, t: Translator) -> list[str]:
        """Rows that were left out, and orders of nothing where they are too many to be gifts."""
        said, orders = [], self.events["Order Completed"]
        if self.left:
            said.append(t.n(N_("{n} row left out, as you said"), "{n} rows left out, as you said", self.left))
        if self.free >= FEW and self.free * 10 >= orders:
            text = N_(
                "{n} of {orders} orders have the amount 0: if these are no sales, leave them out "
                "with --only COLUMN=VALUE"
            )
            said.append(t(text, n=self.free, orders=orders))
        return said

    def _odd(self, t: Translator) -> list[str]:
        said = []
        if self.spellings:
            examples = " · ".join(" = ".join(group) for group in self.spelled)
            one = N_(
                "{n} id is written in another way than before, and taken for the same customer: {examples}"
            )
            many = (
                "{n} ids are written in another way than before, and taken for the same customers: {examples}"
            )
            said.append(t.n(one, many, self.spellings, examples=examples))
        if self.identical:
            one = N_("{n} row is identical to an earlier one and counts on its own")
            many = "{n} rows are identical to earlier ones and count on their own"
            said.append(t.n(one, many, self.identical))
        if self.known:
            one = N_("{n} row repeats what this file already said; the first one counts")
            many = "{n} rows repeat what this file already said; the first ones count"
            said.append(t.n(one, many, self.known))
        if self.updated:
            one = N_("{n} row says something else of a customer already told of; the later row wins")
            many = "{n} rows say something else of customers already told of; the later rows win"
            said.append(t.n(one, many, self.updated))
        return said + self.omitted.lines(t)

    def _refused(self, t: Translator) -> list[str]:
        if not self.rejected:
            return []
        return [t.n("{n} row rejected", "{n} rows rejected", self.rejected), *self.reasons.lines(t)]
