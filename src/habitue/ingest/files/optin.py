"""Columns that say who may be written to → answers (`$consent`), which a live answer always outdoes.

Mailchimp's exports have the instant and the address of the sign-up and of its confirmation: the proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.files import dates, seen
from habitue.ingest.files.emit import table
from habitue.ingest.files.rows import Rows, flat
from habitue.ingest.files.words import CONSENT, plain
from habitue.people.answers import EVENT

_SAID: Final = {word: status for status, words in CONSENT["words"].items() for word in words}
_SIGNED: Final = ("confirm time", "optin time")
_PLACES: Final = {"confirm time": "confirm ip", "optin time": "optin ip"}


class _Answer(NamedTuple):
    row: int
    at: int | None
    props: dict[str, Any]


def answers(rows: Rows) -> pa.Table | None:
    """The answers of the rows that are taken, at their own instant or, where the file says none, at `now`.

    Where there is no instant the message id holds the file's digest, as for traits.
    """
    columns = {plain(name): name for name in reversed(rows.table.column_names)}
    found = [
        one for one in (*_columns(rows, columns), *_mailchimp(rows, columns)) if rows.faults.good[one.row]
    ]
    if not found:
        return None
    take = pa.array([one.row for one in found])
    key, account = rows.people().take(take), rows.accounts().take(take)
    said = pa.array([msgspec.json.encode(one.props).decode() for one in found])
    stated = pa.array([rows.detected.source.digest if one.at is None else str(one.at) for one in found])
    at = np.array([rows.now if one.at is None else one.at for one in found], np.int64)
    name, nothing = pa.array([EVENT] * len(found), pa.string()), pa.nulls(len(found), pa.int64())
    ids = seen.digests("consent", key, stated, said)
    return table(ids, key, account, at, name, nothing, said)


def _columns(rows: Rows, columns: dict[str, str]) -> Iterator[_Answer]:
    for channel in ("email", "sms"):
        header = next((columns[name] for name in CONSENT[channel]["columns"] if name in columns), None)
        if header is None:
            continue
        for row, cell in enumerate(_cells(rows, header)):
            status = _SAID.get(plain(cell))
            if status:
                yield _Answer(row, None, {"channel": channel, "status": status, "form": header})


def _mailchimp(rows: Rows, columns: dict[str, str]) -> Iterator[_Answer]:
    dated = {name: _instants(rows, columns[name]) for name in (*_SIGNED, "unsub time") if name in columns}
    signed = [name for name in _SIGNED if name in dated]
    places = {name: _cells(rows, columns[_PLACES[name]]) for name in signed if _PLACES[name] in columns}
    for row in range(rows.table.num_rows if signed else 0):
        for name in signed:
            if (at := dated[name][row]) is not None:
                ip = places[name][row].strip() if name in places else ""
                proof = {"form": columns[name]} | ({"ip": ip} if ip else {})
                yield _Answer(row, at, {"channel": "email", "status": "granted", **proof})
                break
    for row, left in enumerate(dated.get("unsub time", ())):
        if left is not None:
            told = {"channel": "email", "status": "withdrawn", "form": columns["unsub time"]}
            yield _Answer(row, left, told)


def _cells(rows: Rows, header: str) -> list[str]:
    return [cell or "" for cell in pc.cast(flat(rows.table[header]), pa.string()).to_pylist()]


def _instants(rows: Rows, header: str) -> list[int | None]:
    at, why = dates.instants(flat(rows.table[header]), "year-first", rows.settings.zone)
    past = (why == 0) & (at <= rows.now)
    return [int(ts) if good else None for ts, good in zip(at, past, strict=True)]
