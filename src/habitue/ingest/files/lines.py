"""Lines of one order, wherever they stand in the file, become one order.

The rows are first parted by order id, in order, into files of a temporary directory that each fit memory;
then each holds all lines of its orders. An order with a faulty line is refused whole: its total would be
wrong, and the mended file could not replace it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import structs

from habitue.ingest.files import seen
from habitue.ingest.files.dates import Bools, Ints
from habitue.ingest.files.faults import Faults
from habitue.ingest.files.orders import Orders
from habitue.ingest.files.rows import Rows, flat
from habitue.ingest.files.text import Batch
from habitue.kernel.i18n import N_

PIECE: Final = 16 << 20
MOST: Final = 500
"""Pieces: each is an open file while the rows are parted."""


def parted(batches: Iterable[Batch], column: str, size: int) -> Iterator[Batch]:
    """The same rows, all lines of an order in one batch; `size` is about that of the rows, in bytes.

    Where a row could not be read, the other lines of its order are rejected with it.
    """
    pieces = min(MOST, size // PIECE + 1)
    spoiled: set[str] = set()
    with TemporaryDirectory(prefix="habitue-") as folder, ExitStack() as stack:
        files: dict[int, pa.ipc.RecordBatchFileWriter] = {}
        for batch in batches:
            place = batch.table.column_names.index(column)
            spoiled |= {reject.cells[place].strip() for reject in batch.rejects if len(reject.cells) > place}
            yield batch._replace(table=batch.table.slice(0, 0), lines=batch.lines[:0])
            table = batch.table.append_column("", pa.array(batch.lines))
            which = seen.short(seen.digests(_trimmed(batch.table, column))) % np.uint64(pieces)
            for piece in np.unique(which).tolist():
                if piece not in files:
                    path = str(Path(folder) / str(piece))
                    files[piece] = stack.enter_context(pa.ipc.new_file(path, table.schema))
                files[piece].write_table(table.filter(pa.array(which == piece)))
        stack.close()
        for piece in sorted(files):
            with pa.memory_map(str(Path(folder) / str(piece))) as stored:
                yield _whole(pa.ipc.open_file(stored).read_all().combine_chunks(), column, spoiled)


def _trimmed(table: pa.Table, column: str) -> pa.Array:
    return pc.utf8_trim_whitespace(flat(table[column]))


def _whole(stored: pa.Table, column: str, spoiled: set[str]) -> Batch:
    table, lines = stored.drop_columns([""]), np.array(flat(stored[""]), np.int64)
    bad = np.asarray(pc.is_in(_trimmed(table, column), pa.array(list(spoiled - {""}), pa.string())))
    faults = Faults(len(lines))
    faults.mark(bad, N_("another line of the same order is wrong"))
    return Batch(table.filter(pa.array(~bad)), lines[~bad], faults.rejects(table, lines), 0)


def merge(lines: Orders, rows: Rows) -> Orders:
    """One entry per order id and customer; a refund at another instant than its order is one of its own.

    A line without customer or date has its order's. Faults go to all lines of an order, and it is left out.
    """
    order = _order(lines)
    lines = _inherit(lines, rows, order)
    group = _pair(_pair(order, _codes(lines.key)), _later(lines, order))
    sort = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(group[sort]) > 0])
    good = np.logical_and.reduceat(rows.faults.good[sort], starts)
    sizes = np.diff(np.r_[starts, len(sort)])
    refused = np.zeros(len(sort), np.bool_)
    refused[sort] = np.repeat(~good, sizes)
    rows.faults.mark(refused, N_("another line of the same order is wrong"))
    return _gathered(lines, rows, sort, starts, good)


def _order(lines: Orders) -> Ints:
    """A number per order id; a line without an id is an order of its own."""
    codes = _codes(lines.order)
    alone = np.asarray(pc.equal(lines.order, ""))
    return np.where(alone, len(codes) + np.arange(len(codes)), codes)


def _codes(texts: pa.Array) -> Ints:
    return np.array(texts.dictionary_encode().indices, np.int64)


def _pair(first: Ints, second: Ints) -> Ints:
    """One number per pair of numbers."""
    return np.unique(first * (second.max(initial=0) + 1) + second, return_inverse=True)[1].astype(np.int64)


def _leaders(order: Ints, having: Bools) -> Ints:
    """For each line the first line of its order that has something; -1 where none has."""
    number = np.unique(order, return_inverse=True)[1]
    first = np.full(number.max(initial=-1) + 1, -1)
    having_rows = np.flatnonzero(having)[::-1]
    first[number[having_rows]] = having_rows
    leaders: Ints = first[number]
    return leaders


def _inherit(lines: Orders, rows: Rows, order: Ints) -> Orders:
    keyed = np.asarray(pc.not_equal(lines.key, ""))
    owner, dated = _leaders(order, keyed), _leaders(order, lines.dated)
    rows.faults.mark(owner < 0, N_("no line of this order says whose it is"))
    rows.faults.mark(dated < 0, N_("no line of this order has a date"))
    own = np.arange(len(order))
    key = lines.key.take(pa.array(np.where(keyed, own, np.maximum(owner, 0))))
    at = np.where(lines.dated, lines.at, lines.at[np.maximum(dated, 0)])
    return structs.replace(lines, key=key, at=at)


def _later(lines: Orders, order: Ints) -> Ints:
    """0, or a number for the instant at which something was paid back after the order."""
    first = lines.at[_leaders(order, lines.dated)]
    later = ((lines.amount < 0) | lines.refunding) & (lines.at != first)
    return np.where(later, np.unique(lines.at, return_inverse=True)[1] + 1, 0)


def _gathered(lines: Orders, rows: Rows, sort: Ints, starts: Ints, good: Bools) -> Orders:
    """The good groups in the order of their first rows; `sort` and `starts` say what belongs together."""
    refunding = np.logical_and.reduceat(lines.refunding[sort], starts)
    rank = np.argsort(sort[starts], kind="stable")
    rank = rank[good[rank]]
    head = sort[starts][rank]
    heads = lines.only(head)
    return structs.replace(
        heads,
        amount=_amounts(lines, rows, sort, starts)[rank],
        sums=np.logical_or.reduceat(lines.sums[sort], starts)[rank],
        refund=np.maximum.reduceat(lines.refund[sort], starts)[rank],
        refunding=refunding[rank],
        product=_joined(lines.product.take(pa.array(sort)), starts, rank),
    )


def _amounts(lines: Orders, rows: Rows, sort: Ints, starts: Ints) -> Ints:
    """Per group the sum of its lines; where the amount is the order's, the first that is given."""
    amount, sums = lines.amount[sort], lines.sums[sort]
    if not rows.detected.whole:
        added: Ints = np.add.reduceat(np.where(sums, amount, 0), starts)
        return added
    group = np.zeros(len(sort), np.int64)
    group[starts[1:]] = 1
    stated = _leaders(np.cumsum(group), sums)[starts]
    return np.where(stated < 0, 0, amount[stated])


def _joined(products: pa.Array, starts: Ints, rank: Ints) -> pa.Array:
    texts, ends = products.to_pylist(), np.r_[starts[1:], len(products)]
    return pa.array([",".join(filter(None, texts[starts[g] : ends[g]])) or None for g in rank], pa.string())
