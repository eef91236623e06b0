"""What a command answers, and the lines in which an answer travels from a server to the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from habitue.kernel.i18n import Language

Kind: TypeAlias = Literal["text", "count", "money", "share", "days", "time", "month", "key"]
Cell: TypeAlias = str | int | float | None


class Column(Struct, frozen=True):
    """`id` names it for programs; `title` is a message, or a word of the user's own. Money is in minor units,
    a share between 0 and 1, a time in microseconds, a month `2026-11`; a key
    a customer's, `user:c-001`, whose kind is left out on screen; `names` has what people call ids."""

    id: str
    title: str
    kind: Kind = "text"
    names: dict[str, str] = {}


class Sheet(Struct):
    """A table: rows as long as the columns, perhaps from an iterator, to be read once; and notes."""

    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]
    notes: list[str] = []
    wrong: bool = False
    """Whether it tells of something that is for somebody to mend: the exit status says so."""


class Facts(Struct, tag="facts"):
    """A report: fields for programs (times in ISO 8601), lines for people, notes to be said beside it.

    `table` names the field that is the report in CSV, a list of objects with these `columns`; all fields in
    one row if empty. What such a table leaves `unsaid` is said beside it.
    """

    fields: dict[str, Any]
    lines: list[str]
    notes: list[str] = []
    table: str = ""
    columns: tuple[str, ...] = ()
    unsaid: list[str] = []


class House(Struct, tag="house"):
    """What an answer must be written with: the shop's language, time zone and currency."""

    language: Language
    timezone: str
    currency: str


Answer: TypeAlias = Sheet | Facts


class Step(Struct, tag="step"):
    """How far long work has come: so much done, of so much (0: not known)."""

    name: str
    done: int
    total: int


class Head(Struct, tag="head"):
    """A sheet follows."""

    columns: tuple[Column, ...]
    notes: list[str]
    wrong: bool = False


class Rows(Struct, tag="rows"):
    """Some of its rows."""

    rows: list[list[Cell]]


class End(Struct, tag="end"):
    """Nothing follows: without it the answer is cut short."""


class Fault(Struct, tag="fault"):
    """A mistake of the user's, already said in their language."""

    message: str


Line: TypeAlias = House | Step | Head | Rows | Facts | End | Fault
