"""What each column means: by `--map`, by memory, by the words of its header, and by what it holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.ingest.files import dates, money
from habitue.ingest.files.money import Sign
from habitue.ingest.files.props import FLAGS, NUMBER, Type
from habitue.ingest.files.report import Note, note
from habitue.ingest.files.words import FIELDS, NUMBERS, WORDS, plain, tidy
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

MOMENTS: Final = ("ts", "created")
SUMS: Final = ("revenue", "line", "price", "quantity", "refunded")
OPTIONS: Final = {"dates": dates.FORMS, "decimal": ("comma", "point")}
"""Not columns: how dates and amounts are to be read where the file can be read in two ways."""

SHOWN: Final = 50
"""A message lists no more columns than this."""

GLANCE: Final = 1000
"""So many cells show how dates are written."""

_TWICE: Final = N_("“{field}” is mapped twice. Say which column it is once.")
_ITEM = re.compile(r'\s*([^=,\s]+?)\s*=\s*("(?:[^"]|"")*"|[^,]*?)\s*(?:,|\Z)')
_EMAIL: Final = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"


class Column(Struct, frozen=True):
    """A column as the sample shows it: its type as a property, its decimal sign, its form if it can be dates.

    `dates` and `amounts` are the shares of its cells that are such.
    """

    name: str
    type: Type
    sign: Sign
    form: str | None
    samples: tuple[str, ...]
    email: bool
    dates: float
    amounts: float
    fractions: bool
    unsure: tuple[Note, ...] = ()


class Choice(Struct, frozen=True):
    """The column that a field is read from and why; or, for all rows, a fixed value."""

    column: str
    reason: Note
    fixed: bool = False


def parse(mapped: str) -> dict[str, str]:
    """`--map` as field → column. A column with a comma or a leading quote is written `field="a, ""b"" c"`.

    `field==value` (or `field="=value"`) gives every row that value. Raises `UserError` for anything else.
    """
    mapping: dict[str, str] = {}
    at = 0
    while at < len(mapped):
        found = _ITEM.match(mapped, at)
        if not found:
            wrong = N_(
                "“{mapping}” is no mapping. Write field=column, and quotes around a column with a comma."
            )
            raise UserError(wrong, mapping=mapped[at:])
        if found[1] in mapping:
            raise UserError(_TWICE, field=found[1])
        column = found[2]
        mapping[found[1]] = column[1:-1].replace('""', '"') if column[:1] == '"' else column
        at = found.end()
    return mapping


def write(mapping: Mapping[str, str]) -> str:
    """The mapping as `parse` reads it."""
    quote = re.compile(r'[,"]|^\s|\s\Z')
    return ",".join(
        f'{k}="' + v.replace('"', '""') + '"' if quote.search(v) else f"{k}={v}" for k, v in mapping.items()
    )


def resolve(
    mapping: Mapping[str, str], header: list[str], kind: str | None, reason: Note
) -> dict[str, Choice]:
    """The mapping's fields with the columns as the header has them; a field mapped to "" is in none.

    Raises `UserError` for unknown names, and for a field that is mapped under two of its names.
    """
    fields = {f for k in ([kind] if kind else FIELDS) for f in FIELDS[k]}
    choices: dict[str, Choice] = {}
    for given, wanted in mapping.items():
        field = given.strip().casefold()
        field = field if field in fields else WORDS.aliases.get(field, field)
        if field in OPTIONS:
            continue
        if field not in fields:
            near, known = _near(field, sorted(fields)), ", ".join(sorted(fields))
            text = N_("“{field}” is not a field; the nearest is “{near}”. The fields are: {known}.")
            bare = N_("“{field}” is not a field. The fields are: {known}.")
            raise UserError(text if near else bare, field=given, near=near, known=known)
        if field in choices:
            raise UserError(_TWICE, field=field)
        if wanted.strip():
            choices[field] = column(wanted, header, reason)
    return choices


def left_out(mapping: Mapping[str, str]) -> set[str]:
    """The fields that a mapping says are in no column."""
    names = {name.strip().casefold() for name, wanted in mapping.items() if not wanted.strip()}
    return {WORDS.aliases.get(name, name) for name in names} - OPTIONS.keys()


def column(wanted: str, header: list[str], reason: Note) -> Choice:
    name = tidy(wanted)
    same = [h for h in header if h == name] or [h for h in header if h.casefold() == name.casefold()]
    if same:
        return Choice(same[0], reason)
    if wanted.startswith("="):
        return Choice(wanted[1:], reason, fixed=True)
    near, shown = _near(name, header), ", ".join(header[:SHOWN])
    text = N_("There is no column “{column}”; the nearest is “{near}”. The columns are: {columns}.")
    bare = N_("There is no column “{column}”. The columns are: {columns}.")
    raise UserError(text if near else bare, column=wanted, near=near, columns=shown)


def _near(name: str, known: list[str]) -> str:
    """The known name that may be meant, "" where none is like it."""
    folded = {k.casefold(): k for k in known}
    return next((folded[k] for k in get_close_matches(name.casefold(), folded, 1)), "")


def options(mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping's `dates` and `decimal`. Raises `UserError` for a value that is none of theirs."""
    found = {name: mapping[name].strip().casefold() for name in OPTIONS if name in mapping}
    for name, value in found.items():
        if value not in OPTIONS[name]:
            raise UserError(
                N_("“{value}” is not a way to write {name}. Choose one of: {known}."),
                value=value, name=name, known=", ".join(OPTIONS[name]),
            )  # fmt: skip
    return found


def study(
    table: pa.Table, types: Mapping[str, Type], comma: bool, given: Mapping[str, str]
) -> dict[str, Column]:
    """Each column's look in the sample; `comma`: cells are parted by `;`, so commas are likely decimal."""
    return {name: _study(name, table[name], types.get(name), comma, given) for name in table.column_names}


def _study(name: str, cells: Any, given_type: Type | None, comma: bool, given: Mapping[str, str]) -> Column:
    trimmed = pc.utf8_trim_whitespace(cells.combine_chunks())
    filled = trimmed.filter(pc.not_equal(trimmed, ""))
    texts = filled.to_pylist()
    sign, unsure = _sign(texts, comma, given)
    form, share = _form(filled, given)
    some = tuple(text[:60] for text in dict.fromkeys(texts[:50]))[:3]
    email = bool(texts) and bool(pc.all(pc.match_substring_regex(filled, _EMAIL)).as_py())
    amounts = float((money.amounts(filled, sign).why == 0).mean()) if texts else 0.0
    fractions = any("." in text or "," in text for text in some)
    kind = given_type or _type(filled, texts, sign)
    return Column(name, kind, sign, form, some, email, share, amounts, fractions, unsure)


def _sign(texts: list[str], comma: bool, given: Mapping[str, str]) -> tuple[Sign, tuple[Note, ...]]:
    if "decimal" in given:
        return ("," if given["decimal"] == "comma" else "."), ()
    shown = money.decide(texts)
    if shown:
        return shown, ()
    sign: Sign = "," if comma else "."
    if not any("," in text for text in texts):
        return sign, ()
    decimal = N_(
        "1,234 can be read two ways; the comma was taken for the decimal sign; "
        "for the other say --map decimal=point"
    )
    grouping = N_(
        "1,234 can be read two ways; the comma was taken to group digits; "
        "for the other say --map decimal=comma"
    )
    return sign, (note(decimal if comma else grouping),)


def _type(filled: pa.Array, texts: list[str], sign: Sign) -> Type:
    if not texts:
        return "text"
    pointed = pc.replace_substring(filled, ",", ".") if sign == "," else filled
    if pc.all(pc.match_substring_regex(pointed, NUMBER)).as_py():
        return "number"
    return "flag" if all(text.casefold() in FLAGS for text in texts) else "text"


def _form(filled: pa.Array, given: Mapping[str, str]) -> tuple[str | None, float]:
    """The date form in which the most cells can be read, at least half of them, and their share.

    Whether the day or the month stands first is decided later, and only for the dates that matter.
    """
    filled = filled.slice(0, GLANCE)
    if not len(filled) or not pc.any(pc.match_substring_regex(filled, r"\d")).as_py():
        return None, 0.0
    share: dict[str, float] = {
        form: _plausible(form, *dates.instants(filled, form, "UTC")) for form in dates.FORMS
    }
    if "dates" in given:
        return given["dates"], share[given["dates"]]
    best = max(dates.FORMS, key=lambda form: share[form])
    return (best, share[best]) if share[best] >= 0.5 else (None, 0.0)


def _plausible(form: str, at: dates.Ints, why: dates.Ints) -> float:
    """The share of dates that may be meant: any number can be seconds, few of those are years like ours."""
    years = at // 31_556_952_000_000 + 1970
    since = 1990 if form in ("seconds", "milliseconds", "excel") else 1900
    return float(((why == 0) & (years >= since) & (years < 2100)).mean())


def guess(
    kind: str,
    header: list[str],
    columns: Mapping[str, Column],
    taken: Mapping[str, Choice],
    without: Collection[str] = (),
) -> dict[str, Choice]:
    """The fields of the kind that are not yet taken, by header words first, then by what the columns hold;
    not those that it is to be `without`.
    """
    choices = dict(taken)
    found = [*_shaped(header), *worded(kind, header), *_held(kind, header, columns)]
    for field, column, reason in sorted(found, key=_called):
        used = {choice.column for choice in choices.values() if not choice.fixed}
        if field == "name" and kind != "customers":
            continue  # the rows must show whose it is
        if _called((field, column, reason)) and "email" in choices:
            continue  # many people may have the same name, and each their own address
        if (
            field in FIELDS[kind]
            and field not in (*choices, *without)
            and column not in used
            and fits(kind, field, columns[column])
        ):
            choices[field] = Choice(column, reason)
    return choices


def _called(found: tuple[str, str, Note]) -> bool:
    """Whether a column of names would say who somebody is: a last resort."""
    field, column, _ = found
    return field == "customer" and not WORDS.called.isdisjoint(plain(column).split())


def _shaped(header: list[str]) -> Iterator[tuple[str, str, Note]]:
    names = {plain(h): h for h in reversed(header)}
    for shape in WORDS.shapes:
        if shape.header <= names.keys():
            reason = note(N_("as in this shop's exports"))
            yield from ((field, names[word], reason) for word, field in shape.means.items())


def worded(kind: str, header: list[str]) -> Iterator[tuple[str, str, Note]]:
    """Exact names for all fields before names that only hold the words."""
    names = {plain(h): h for h in reversed(header)}
    for field in FIELDS[kind]:
        for phrase in WORDS.columns[field]:
            if phrase in names:
                yield field, names[phrase], note(N_("its name"))
    for field in FIELDS[kind]:
        for phrase in WORDS.columns[field]:
            words = set(phrase.split())
            for name, column in names.items():
                if len(phrase) > 3 and phrase not in WORDS.alone and words <= set(name.split()):
                    yield field, column, note(N_("“{phrase}” in its name"), phrase=phrase)


def _held(kind: str, header: list[str], columns: Mapping[str, Column]) -> Iterator[tuple[str, str, Note]]:
    for name in header:
        if columns[name].email:
            yield "email", name, note(N_("it holds e-mail addresses"))
        if columns[name].dates > 0.9 and kind != "customers":
            yield "ts", name, note(N_("it holds dates"))
    sums = [name for name in header if columns[name].amounts > 0.9 and columns[name].fractions]
    if len(sums) == 1 and kind in ("orders", "order-lines"):
        yield "revenue", sums[0], note(N_("the only column of amounts"))


def fits(kind: str, field: str, column: Column) -> bool:
    """Whether what the column holds can be that field: of an event's amounts only `revenue` is money,
    of its numbers only what is called an order's is that."""
    if kind == "events" and field == "revenue" and plain(column.name) != "revenue":
        return False
    if kind == "events" and field == "order_id":
        return plain(column.name) in NUMBERS and column.type != "json"
    if not column.samples:
        return True
    if field in MOMENTS:
        return column.dates >= 0.5
    if field in SUMS:
        return column.amounts >= 0.5 and not (field == "refunded" and set(column.samples) <= {"0", "1"})
    return field != "email" or column.email or "@" in "".join(column.samples)
