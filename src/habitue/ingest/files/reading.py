"""Which of day and month stands first in a column of dates such as 03/04/2026, and why it was taken so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from babel.core import get_global

from habitue.ingest.files import dates
from habitue.ingest.files.dates import WRITTEN, Bools
from habitue.ingest.files.report import Note, note
from habitue.kernel.i18n import N_, Language

WAYS: Final = ("day-first", "month-first")

_AMERICAN: Final = frozenset({"US", "PR", "GU", "VI", "AS", "MP", "UM"})
"""Countries and territories in which the month is written first."""


class Place(NamedTuple):
    """Where the workspace is, and what it speaks."""

    language: Language = "en"
    zone: str = "Europe/Paris"

    @property
    def usual(self) -> str:
        """The order in which people write dates there."""
        american = self.language == "en" and get_global("zone_territories").get(self.zone) in _AMERICAN
        return "month-first" if american else "day-first"


EUROPE: Final = Place()


def other(form: str) -> str:
    """The other of the two `WAYS`."""
    return WAYS[form == WAYS[0]]


def decide(pieces: Iterable[pa.Array], semicolons: bool, place: Place) -> tuple[str, Note]:
    """The form of the cells and why it was taken; `pieces` are read until one of them shows it.

    What no cell shows is told by the order of the first piece's rows, by the file's dialect (`semicolons`
    part the cells where the day comes first), by where the workspace is: in this order.
    """
    first: pa.Array | None = None
    for cells in pieces:
        first = cells if first is None else first
        if shown := _shown(cells):
            return shown
    return _ordered(first) or _usual(semicolons, place)


def _shown(cells: pa.Array) -> tuple[str, Note] | None:
    """The form that some cells alone can have; of a file that mixes both, the more frequent one."""
    coded = cells.dictionary_encode()
    texts, often = coded.dictionary, np.bincount(np.asarray(coded.indices), minlength=len(coded.dictionary))
    readable = [dates.instants(texts, way, "UTC")[1] == 0 for way in WAYS]
    alone = [readable[0] & ~readable[1], readable[1] & ~readable[0]]
    if not (alone[0].any() or alone[1].any()):
        return None
    better = int(often[alone[1]].sum() > often[alone[0]].sum())
    return WAYS[better], note(N_("“{value}” can be nothing else"), value=_first(texts, alone[better]))


def _first(texts: pa.Array, where: Bools) -> str:
    return str(texts[int(np.flatnonzero(where)[0])].as_py())[:60]


def _ordered(cells: pa.Array | None) -> tuple[str, Note] | None:
    """Rows mostly stand in order of time: a reading in which the way from row to row is far shorter."""
    if cells is None:
        return None
    read = [dates.instants(cells, way, "UTC") for way in WAYS]
    steps = [float(np.abs(np.diff(at[why == 0].astype(float))).sum()) for at, why in read]
    if max(steps) < 2 * min(steps) or not any(steps):
        return None
    return WAYS[steps[1] < steps[0]], note(N_("its rows are then in order of time"))


def _usual(semicolons: bool, place: Place) -> tuple[str, Note]:
    if semicolons:
        return "day-first", note(N_("as where cells are parted by semicolons"))
    text = N_("as is usual for the workspace’s language and time zone ({language}, {zone})")
    return place.usual, note(text, language=place.language, zone=place.zone)


def told(column: str, form: str, why: Note) -> Note:
    """What people are told of it, with how to have it otherwise."""
    text = N_("dates in “{column}” are read {form}: {why}; for the other order say --map dates={other}")
    return note(text, column=column, form=note(WRITTEN[form]), why=why, other=other(form))


def given(options: Mapping[str, str], before: Mapping[str, str]) -> dict[str, tuple[str, Note]]:
    """The options said now, and those of the last file with these columns, each with where it comes from."""
    past = {name: (value, note(N_("as last time"))) for name, value in before.items()}
    return past | {name: (value, note(N_("as you said"))) for name, value in options.items()}
