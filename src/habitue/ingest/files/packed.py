"""How much a workbook may hold: it comes packed, and a small one may unpack to anything."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import IO, Final
from zipfile import ZipFile

import numpy as np

from habitue.ingest.files.dates import Ints
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

CELL: Final = 32 << 10
"""The most that a cell may hold, of whatever file: as much as an event that is sent, as one of Excel's."""

UNPACKED: Final = 1 << 30
"""Bytes that a workbook may unpack to (a full sheet of twenty columns is well below)."""
LITTLE: Final = 64 << 20
TIMES: Final = 60
"""And no more than so many times its own size, where that is more than a little: sheets pack ten to one."""
TEXT: Final = 6 * CELL
"""Bytes of a text as XML has it, where one character may take six."""
AREA: Final = 21_000_000
"""Cells from the first to the last, empty ones too, as room is taken for each: a sheet of twenty columns."""

_PIECE: Final = 1 << 20
_HEAD: Final = 1 << 10
_MUCH: Final = 4 * _PIECE
_SHARED: Final = re.compile(rb"[<:]si[\s/>]")
_VALUE: Final = re.compile(rb"[<:]v[^>]*>\s*(\d{1,9})")
_PLACE: Final = re.compile(rb"""r\s*=\s*["']([A-Za-z]{0,3})(\d{1,9})["']""")
_ROW: Final = re.compile(rb"[<:]row[\s/>]")
_LONE: Final = re.compile(rb"[<:]row(?=[\s/>])(?![^>]*\br\s*=)")
_BARE: Final = re.compile(rb"[<:]c(?=[\s/>])(?![^>]*\br\s*=)")
"""Rows and cells that don't say where they are."""

_PACKED: Final = N_("{path} unpacks to more than {most} MB, far more than a table would. Save it as CSV.")
_LONG: Final = N_("{path} holds a cell of more than {most} characters, which no spreadsheet has.")
_FAR: Final = N_(
    "The sheets of {path} reach to row {row} and column {column}, mostly empty. Delete the empty rows and "
    "columns, or save it as CSV."
)


def check(packed: ZipFile, path: str, size: int) -> None:
    """Read a workbook through, a piece at a time, before anybody unpacks it whole. Raises `UserError`."""
    most = min(UNPACKED, max(LITTLE, TIMES * size))
    entries = packed.infolist()
    if sum(entry.file_size for entry in entries) > most:
        raise UserError(_PACKED, path=path, most=most >> 20)
    texts = _texts(packed)
    area = told = 0
    for entry in entries:
        with packed.open(entry) as stream:
            sheet = _Sheet(path, area, texts)
            area += sheet.walk(stream)
            told += sheet.told
        if told > most:
            raise UserError(_PACKED, path=path, most=most >> 20)


def _texts(packed: ZipFile) -> Ints:
    """How long each of the texts is that cells may share: a short cell may stand for a long one."""
    found: list[int] = []
    for entry in packed.infolist():
        with packed.open(entry) as stream:
            if "sharedstrings" in entry.filename.lower() or b"sst" in stream.read(_HEAD):
                with packed.open(entry) as whole:
                    found += [len(text) for text in _SHARED.split(whole.read())[1:]]
    return np.array(found, np.int64)


class _Sheet:
    """What a part of a workbook would take room for, whatever it is called: any may be a sheet."""

    def __init__(self, path: str, before: int, texts: Ints) -> None:
        self._path, self._before = path, before
        self._shared, self._longest = texts, int(texts.max(initial=0))
        self.told = 0
        """Bytes of the shared texts that its cells stand for, at most."""
        self._row = self._column = self._rows = self._cells = self._widest = self._text = 0

    def walk(self, stream: IO[bytes]) -> int:
        """The cells from the first to the last; of what is no XML none."""
        rest, piece = b"", stream.read(_PIECE)
        if not (piece.removeprefix(BOM_UTF8).lstrip() or b"<").startswith(b"<"):
            return 0
        while piece:
            self._texts(piece)
            text = rest + piece
            whole = text.rfind(b">") + 1
            self._cells_of(text[:whole])
            self._told(text[:whole])
            if self._before + self._area > AREA:
                raise UserError(_FAR, path=self._path, row=self._row, column=self._column)
            rest, piece = text[whole:], stream.read(_PIECE)
        return self._area

    @property
    def _area(self) -> int:
        return (self._row + self._rows) * (self._column + self._widest)

    def _texts(self, piece: bytes) -> None:
        """Raises where a text is too long for a cell: what stands between two tags, also over pieces."""
        ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == ord("<"))
        edges = np.concatenate([[-self._text], ends, [len(piece)]])
        if np.diff(edges).max() > TEXT:
            raise UserError(_LONG, path=self._path, most=CELL)
        self._text = int(edges[-1] - edges[-2])

    def _told(self, text: bytes) -> None:
        most = (text.count(b"<v") + text.count(b":v")) * self._longest
        if most > _MUCH:  # it may be less: what each cell stands for is added up
            cells = np.array([int(one) for one in _VALUE.findall(text)], np.int64)
            most = int(self._shared[cells[cells < len(self._shared)]].sum())
        self.told += most

    def _cells_of(self, text: bytes) -> None:
        """Where cells and rows say that they are, and how many say nothing and stand after the last."""
        if places := _PLACE.findall(text):
            letters, digits = (set(part) for part in zip(*places, strict=True))
            self._row = max(self._row, *map(int, digits))
            self._column = max(self._column, *map(_column, letters))
        if text.count(b"<c") + text.count(b":c") > text.count(b'<c r="'):
            for number, row in enumerate(_ROW.split(text)):
                self._cells = len(_BARE.findall(row)) + (0 if number else self._cells)
                self._widest = max(self._widest, self._cells)
        if text.count(b"<row") + text.count(b":row") > text.count(b'<row r="'):
            self._rows += len(_LONE.findall(text))


def _column(letters: bytes) -> int:
    """`A` is 1, `AA` is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
