"""Lines of one order, wherever they stand in the file, become one order.

The file is first parted by order id, in order, into pieces that fit memory (spilled to a temporary directory when
there are several); then each piece holds all lines of its orders. An order with one faulty line is refused whole:
its total would be wrong, and the mended file could not replace it.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from habitue.ingest.files.orders import Orders
from habitue.ingest.files.rows import Rows, flat
from habitue.ingest.files.text import Batch
from habitue.kernel.i18n import N_

PIECE: Final = 64 << 20


def parted(
    batches: Iterator[Batch], column: str, size: int, directory: Path | None = None
) -> Iterator[Batch]:
    """The same rows, all lines of an order in one batch. `size` is the file's, in bytes."""
    pieces = size // PIECE + 1
    with TemporaryDirectory(dir=directory, prefix="import-") as folder, ExitStack() as stack:
        files: dict[int, pa.ipc.RecordBatchFileWriter] = {}
        for batch in batches:
            yield batch._replace(table=batch.table.slice(0, 0), lines=batch.lines[:0])
            table = batch.table.append_column("", pa.array(batch.lines))
            which = seen.short(seen.digests(pc.utf8_trim_whitespace(flat(batch.table[column])))) % np.uint64(
                pieces
            )
            for piece in np.unique(which).tolist():
                if piece not in files:
                    path = str(Path(folder) / str(piece))
                    files[piece] = stack.enter_context(pa.ipc.new_file(path, table.schema))
                files[piece].write_table(table.filter(pa.array(which == piece)))
        stack.close()
        for piece in sorted(files):
            with pa.memory_map(str(Path(folder) / str(piece))) as stored:
                table = pa.ipc.open_file(stored).read_all().combine_chunks()
                lines = flat(table[table.num_columns - 1]).to_numpy()
                yield Batch(table.drop_columns([""]), lines, [], size)
                del table


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
    return texts.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)


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
    """0, or for what is paid back at another instant than the order's first line a number for that instant."""
    first = lines.at[_leaders(order, lines.dated)]
    later = ((lines.amount < 0) | lines.refunding) & (lines.at != first)
    return np.where(later, np.unique(lines.at, return_inverse=True)[1] + 1, 0)


def _gathered(lines: Orders, rows: Rows, sort: Ints, starts: Ints, good: Bools) -> Orders:
    whole = rows.detected.whole
    found = np.logical_or.reduceat(lines.sums[sort], starts)
    # Where the amount is the order's, only the first line that has one counts.
    stated = _leaders(_spread(starts, len(sort)), lines.sums[sort])[starts]
    amount = (
        lines.amount[sort][np.maximum(stated, 0)]
        if whole
        else np.add.reduceat(np.where(lines.sums, lines.amount, 0)[sort], starts)
    )
    refund = np.maximum.reduceat(lines.refund[sort], starts)
    heads = sort[starts]
    rank = np.argsort(heads, kind="stable")
    rank = rank[good[rank]]
    head, ends = heads[rank], np.r_[starts[1:], len(sort)]
    pieces = lines.product.take(pa.array(sort)).to_pylist()
    joined = [",".join(p for p in pieces[starts[g] : ends[g]] if p) or None for g in rank]
    take = pa.array(head)
    return Orders(
        head, lines.order.take(take), lines.key.take(take), lines.account.take(take), lines.at[head], lines.dated[head],
        amount[rank], found[rank], refund[rank], np.logical_and.reduceat(lines.refunding[sort], starts)[rank], lines.cancelled[head],
        pa.array(joined, pa.string()), lines.rest.take(take),
    )  # fmt: skip


def _spread(starts: Ints, rows: int) -> Ints:
    """The number of its group for each of the sorted lines."""
    marks = np.zeros(rows, np.int64)
    marks[starts[1:]] = 1
    return np.cumsum(marks)
