"""What only the rows themselves show of a file of orders: which column numbers them, whose name stands there,
which rows may be no sales; and which rows alone are to be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.ingest.files import columns
from habitue.ingest.files.columns import Choice
from habitue.ingest.files.dates import Bools
from habitue.ingest.files.report import Note, note
from habitue.ingest.files.words import WORDS, plain
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

STATES: Final = 12
"""A column with more different texts than this tells no states."""

_NUMBERS: Final = frozenset({"id", "uuid", "guid", "number", "numero", "no"})
_NAMES: Final = frozenset({*WORDS.columns["name"], "nom", "client name"})


class Only(Struct, frozen=True):
    """The rows alone that are read: those whose cell in `column` is one of the `values`."""

    column: str
    values: tuple[str, ...]

    def keeps(self, table: pa.Table) -> Bools:
        wanted = pa.array([value.casefold() for value in self.values], pa.string())
        cells = pc.utf8_lower(pc.utf8_trim_whitespace(table[self.column]))
        return np.asarray(pc.is_in(cells, wanted))

    def __str__(self) -> str:
        return f"{self.column}={'|'.join(self.values)}"


def only(text: str, header: list[str]) -> Only | None:
    """`COLUMN=VALUE|VALUE`; None for the empty text. Raises `UserError` for anything else."""
    if not text.strip():
        return None
    name, _, values = text.partition("=")
    if not (name.strip() and values.strip()):
        raise UserError(N_("“{text}” chooses no rows. Write it as COLUMN=VALUE."), text=text)
    column = columns.column(name, header, note(N_("as you said"))).column
    return Only(column, tuple(value.strip() for value in values.split("|")))


def none_left(wanted: Only, sample: pa.Table) -> UserError:
    held = " · ".join(pc.unique(sample[wanted.column]).to_pylist()[:STATES])
    text = N_("No row has “{only}”; the column holds: {values}.")
    return UserError(text, only=str(wanted), values=held)


def again(choices: Mapping[str, Choice], sample: pa.Table) -> bool:
    """Whether customers come more than once: then rows are what they did, not who they are."""
    owner = _owner(choices, sample)
    return owner is not None and pc.count_distinct(owner).as_py() < len(owner)


def _owner(choices: Mapping[str, Choice], sample: pa.Table) -> Any:
    choice = choices.get("customer") or choices.get("email")
    return None if choice is None or choice.fixed else pc.utf8_lower(sample[choice.column])


def further(choices: Mapping[str, Choice], sample: pa.Table) -> dict[str, Choice]:
    """The choices with the order's number and the customer's name, where columns show to be these."""
    made = dict(choices)
    used = {choice.column for choice in choices.values() if not choice.fixed}
    free = [name for name in sample.column_names if name not in used]
    number = next((name for name in free if _numbers(name, sample)), None)
    if "order_id" not in made and number and again(choices, sample):
        made["order_id"] = Choice(number, note(N_("it is different in every row")))
    surname = made.get("last_name")
    if surname and plain(surname.column) == "nom" and "first_name" not in made:
        free.append(surname.column)
    named = next((name for name in free if plain(name) in _NAMES and _theirs(name, choices, sample)), None)
    if "name" not in made and named:
        made = {field: choice for field, choice in made.items() if choice.column != named}
        made["name"] = Choice(named, note(N_("each customer has one: it is taken for their name")))
    return made


def _numbers(name: str, sample: pa.Table) -> bool:
    words = plain(name).split()
    if not words or words[-1] not in _NUMBERS or set(words) & WORDS.others:
        return False
    cells = pc.utf8_trim_whitespace(sample[name])
    return pc.count_distinct(cells).as_py() == len(cells) and not pc.any(pc.equal(cells, "")).as_py()


def _theirs(name: str, choices: Mapping[str, Choice], sample: pa.Table) -> bool:
    """Whether nearly every customer has one value, and most of them one of their own."""
    owner = _owner(choices, sample)
    if owner is None:
        return False
    rows = pa.table({"owner": owner, "name": pc.utf8_trim_whitespace(sample[name])})
    rows = rows.filter(pc.and_(pc.not_equal(rows["owner"], ""), pc.not_equal(rows["name"], "")))
    ways = rows.group_by("owner").aggregate([("name", "count_distinct")])["name_count_distinct"]
    single = pc.sum(pc.equal(ways, 1)).as_py() or 0
    return 0 < 0.9 * len(ways) <= single and 2 * pc.count_distinct(rows["name"]).as_py() >= len(ways)


def doubts(choices: Mapping[str, Choice], sample: pa.Table, wanted: Only | None) -> Iterator[Note]:
    """The columns whose texts say of some rows that they are no sales, and how to leave those out."""
    states = [choices[field].column for field in ("status", "type") if field in choices]
    used = {choice.column for choice in choices.values() if not choice.fixed} - set(states)
    for name in sample.column_names:
        if name not in used and not (wanted and wanted.column == name):
            texts = sorted(filter(None, pc.unique(pc.utf8_trim_whitespace(sample[name])).to_pylist()))
            known = WORDS.cancelled | WORDS.refund if name in states else frozenset()
            bad = [text for text in texts if plain(text) in (WORDS.unsold | WORDS.cancelled) - known]
            if bad and len(texts) <= STATES:
                yield _doubt(name, bad, [text for text in texts if text not in bad])


def _doubt(column: str, bad: list[str], good: list[str]) -> Note:
    text = N_(
        "careful: “{column}” holds {bad}, so these rows may be no sales but are read as orders; "
        'to read only the others say --only "{column}={good}"'
    )
    return note(text, column=column, bad=", ".join(bad), good="|".join(good) or "…")
