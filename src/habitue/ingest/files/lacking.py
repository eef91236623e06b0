"""What a file lacks to be read as what it may be: which columns, and the words that would say them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from habitue.ingest.files import columns
from habitue.ingest.files.columns import Choice, Column
from habitue.ingest.files.report import Note, note
from habitue.ingest.files.words import FIELDS
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator

NEEDED: Final[dict[str, tuple[frozenset[str], ...]]] = {
    "orders": tuple(map(frozenset, (("customer", "email"), ("ts",), ("revenue", "line", "price")))),
    "customers": (frozenset({"customer", "email"}),),
    "events": tuple(map(frozenset, (("customer", "email"), ("ts",), ("event",)))),
}
"""What each kind that is found out can't do without: one field of each."""

_NAME: Final = {"customer", "ts", "revenue", "event"}


class Unclear(UserError):
    """A file that can't be read as it is: one line for each thing to say about it."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self.notes = tuple(notes)
        super().__init__(notes[0].text, **notes[0].fields)

    def __str__(self) -> str:
        return "\n".join(one.text.format(**one.fields) for one in self.notes)

    def say(self, t: Translator) -> str:
        return "\n".join(one.say(t) for one in self.notes)


def missing(kind: str, found: Collection[str]) -> list[str]:
    """The fields that the kind needs and the file does not have."""
    return [next(iter(ways & _NAME)) for ways in NEEDED[kind] if not ways & set(found)]


def unclear(
    header: list[str], studied: Mapping[str, Column], found: Mapping[str, Mapping[str, Choice]]
) -> Unclear:
    """A file that is nothing known; `found` has the fields that it would have as each kind."""
    first = N_("It is not clear what this file holds. Its columns are: {columns}.")
    said = [note(first, columns=", ".join(header[: columns.SHOWN]))]
    lacked: dict[str, None] = {}
    for kind, choices in found.items():
        fields = missing(kind, choices)
        lacked |= dict.fromkeys(fields)
        if foreign := [field for field in choices if field not in FIELDS[kind]]:
            said.append(note(N_("{kind} have no field {field}"), kind=kind, field=foreign[0]))
        elif fields:
            text = N_("as {kind} it lacks {fields}; if that is what it is, say: --as {kind} --map {mapping}")
            mapping = ",".join(f"{field}=COLUMN" for field in fields)
            said.append(note(text, kind=kind, fields=", ".join(fields), mapping=mapping))
        else:
            said.append(note(N_("if it holds {kind}, say: --as {kind}"), kind=kind))
    return Unclear([*said, *unreadable(lacked, header, studied)])


def incomplete(field: str, header: list[str], studied: Mapping[str, Column]) -> Unclear:
    """A file of a known kind without a column that it can't do without."""
    text = N_("No column for {field} was found. Say --map {field}=COLUMN; the columns are: {columns}.")
    first = note(text, field=field, columns=", ".join(header[: columns.SHOWN]))
    return Unclear([first, *unreadable([field], header, studied)])


def unreadable(fields: Collection[str], header: list[str], studied: Mapping[str, Column]) -> Iterator[Note]:
    """The columns that have the name of a field, but hold what can't be read as such."""
    text = N_("“{column}” has the name of {field}, but can't be read as such: it holds “{value}”")
    shown = set()
    for kind in FIELDS:
        for field, column, _ in columns.worded(kind, header):
            look = studied[column]
            if (
                field in fields
                and column not in shown
                and look.samples
                and not columns.fits(kind, field, look)
            ):
                shown.add(column)
                yield note(text, column=column, field=field, value=look.samples[0])
