"""Orders of a file that are stored already with something else: told by example, and all listed in a file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from habitue.kernel import money
from habitue.kernel.cell import safe
from habitue.kernel.clock import Micros, moment
from habitue.kernel.i18n import N_, Language, translator
from habitue.people.keys import bare

SHOWN: Final = 3
"""So many of each are told."""

HEADER: Final = (
    *("order_id", "what", "customer_stored", "customer_in_file", "date_stored", "date_in_file"),
    *("amount_stored", "amount_in_file", "currency"),
)


@dataclass(frozen=True)
class Corrections:
    """The rows (`twice.CORRECTED`) and how to say them."""

    rows: pa.Table
    currency: str
    zone: str
    language: Language

    def count(self, what: str) -> int:
        """How many orders have another `customer`, other `figures`, only other `details`, or a `refund`."""
        return int(pc.sum(pc.equal(self.rows["what"], what)).as_py() or 0)

    def lines(self) -> Iterator[str]:
        """What is stored and what the file says, the first few of each; and what to do."""
        t = translator(self.language)
        if n := self.count("customer"):
            one = N_("{n} order is here already with another customer, and stays with the first: {examples}")
            many = "{n} orders are here already with other customers, and stay with the first: {examples}"
            yield t.n(one, many, n, examples=self._examples("customer", self._owners))
        if n := self.count("refund"):
            one = N_(
                "{n} refund is of an order that stays with another customer, and is left out: {examples}"
            )
            many = "{n} refunds are of orders that stay with other customers, and are left out: {examples}"
            yield t.n(one, many, n, examples=self._examples("refund", self._refund))
        if n := self.count("figures"):
            one = N_(
                "{n} order is here already with another date or amount; what came first stays: {examples}"
            )
            many = (
                "{n} orders are here already with other dates or amounts; what came first stays: {examples}"
            )
            yield t.n(one, many, n, examples=self._examples("figures", self._figures))
        if n := self.count("details"):
            one = N_("{n} order is here already with other details; what came first stays: {examples}")
            many = "{n} orders are here already with other details; what came first stays: {examples}"
            yield t.n(one, many, n, examples=self._examples("details", lambda row: str(row["order"])[:60]))
        if self.count("customer"):
            yield t(
                N_(
                    "If these are other orders, of another shop that gives the same numbers, put a prefix "
                    "before the order ids of one file and import it again."
                )
            )
        if self.count("customer") + self.count("figures"):
            yield t(
                N_(
                    "To count what was corrected, import the difference as an order with an id of its own "
                    "(a negative amount is a refund), or begin a new workspace with the corrected file."
                )
            )

    def write(self, path: Path) -> None:
        """All of them as CSV: ISO times on the shop's clock, amounts in decimals."""
        # The byte order mark makes Excel read the accents right.
        with path.open("w", encoding="utf-8-sig", newline="", errors="replace") as stream:
            writer = csv.writer(stream)
            writer.writerow(HEADER)
            for batch in self.rows.to_batches():
                writer.writerows(map(self._cells, batch.to_pylist()))

    def _cells(self, row: dict[str, Any]) -> list[str]:
        texts = (row["order"], row["what"], row["stored_key"], row["key"])
        sums = (row["stored_revenue"], row["revenue"])
        amounts = ("" if one is None else str(money.major(one, self.currency)) for one in sums)
        times = (moment(row[name], self.zone).isoformat() for name in ("stored_ts", "ts"))
        return [*map(safe, texts), *times, *amounts, self.currency]

    def _examples(self, what: str, say: Callable[[dict[str, Any]], str]) -> str:
        some = self.rows.filter(pc.equal(self.rows["what"], what)).slice(0, SHOWN + 1).to_pylist()
        return " · ".join([*map(say, islice(some, SHOWN)), *["…"] * (len(some) > SHOWN)])

    def _owners(self, row: dict[str, Any]) -> str:
        return self._pair(row, bare(row["stored_key"])[:60], bare(row["key"])[:60])

    def _refund(self, row: dict[str, Any]) -> str:
        return f"{str(row['order'])[:60]}: {self._money(row['revenue'])}"

    def _figures(self, row: dict[str, Any]) -> str:
        parts = []
        if row["stored_ts"] != row["ts"]:
            parts.append(self._days(row["stored_ts"], row["ts"]))
        if row["stored_revenue"] != row["revenue"]:
            parts.append((self._money(row["stored_revenue"]), self._money(row["revenue"])))
        stored, told = (" ".join(side) for side in zip(*parts, strict=True))
        return self._pair(row, stored, told)

    def _pair(self, row: dict[str, Any], stored: str, told: str) -> str:
        text = N_("{order}: {stored}, in the file {told}")
        return translator(self.language)(text, order=str(row["order"])[:60], stored=stored, told=told)

    def _days(self, stored: Micros, told: Micros) -> tuple[str, str]:
        one, other = moment(stored, self.zone), moment(told, self.zone)
        form = "%Y-%m-%d %H:%M:%S" if one.date() == other.date() else "%Y-%m-%d"
        return one.strftime(form), other.strftime(form)

    def _money(self, units: int | None) -> str:
        return "–" if units is None else money.shown(units, self.currency, self.language)
