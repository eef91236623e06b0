"""A file of addresses: one a line, or a table with a column of e-mail addresses or phone numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people.keys import folded
from habitue.people.suppression import reachable

_HEADERS: Final = frozenset(
    ("email", "e-mail", "mail", "email address", "e-mail address", "address", "phone", "phone number")
) | {"courriel", "mél", "adresse", "adresse e-mail", "adresse email", "adresse mail", "téléphone", "portable"}


class Addresses(NamedTuple):
    """The addresses (`people.suppression.normal`), each once, and the lines, from 1, that hold none."""

    keys: list[str]
    without: list[int]


def addresses(path: Path, region: str | None) -> Addresses:
    """Read a file; raises `UserError` for one that holds no address at all."""
    found: dict[str, None] = {}
    without: list[int] = []
    column: int | None = None
    for line, cells in _rows(path):
        named = [n for n, cell in enumerate(cells) if folded(cell) in _HEADERS]
        if not found and column is None and named:
            column = named[0]
            continue
        keys = [reachable(cell, region) for cell in (cells if column is None else cells[column : column + 1])]
        found.update(dict.fromkeys(key for key in keys if key))
        if not any(keys):
            without.append(line)
    if not found:
        raise UserError(
            N_("{file} holds no address. One a line is needed, or a column “email”."), file=path.name
        )
    return Addresses(list(found), without)


def _rows(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    body = path.read_bytes()
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    return ((reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells))
