"""The columns that a list of customers can have: their names, their order, and how one is sorted by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from habitue.app.lists import COLUMNS, Wish
from habitue.kernel.i18n import N_
from habitue.people.roster import SORTS
from habitue.web.words import Words

NAMES: Final = {
    "stage": N_("Stage"),
    "since": N_("Since"),
    "next": N_("If nothing happens"),
    "life": N_("Life"),
    "orders": N_("Orders"),
    "revenue": N_("Revenue"),
    "first": N_("First order"),
    "last": N_("Last order"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
    "consent.email": N_("Agrees to e-mails"),
    "consent.sms": N_("Agrees to text messages"),
}
NUMBERS: Final = ("life", "orders", "revenue")
_RISING: Final = ("next", "name")
"""What is looked at from its smallest value on first."""


class Column(Struct, frozen=True):
    """A column as a page shows it; `order` is what its heading sorts by, `sorted` how it is sorted now."""

    id: str
    name: str
    number: bool
    order: str | None = None
    sorted: str | None = None


def shown(wish: Wish, words: Words, past: bool, foretold: bool) -> list[Column]:
    """The columns of a list, as it wishes."""
    return [
        Column(
            one,
            words.say(N_("Expected then")) if past and one == "next" else named(one, words),
            one in NUMBERS,
            _order(one, wish),
            ("descending" if wish.down else "ascending") if one == wish.sort else None,
        )
        for one in wish.columns
        if foretold or one != "next"
    ]


def choices(wish: Wish, words: Words, traits: Sequence[str]) -> list[tuple[Column, bool]]:
    """All the columns that there are, and whether they are shown."""
    plain = [one for one in dict.fromkeys((*COLUMNS, *_own(traits), *wish.columns)) if "," not in one]
    return [(Column(one, named(one, words), one in NUMBERS), one in wish.columns) for one in plain]


def named(column: str, words: Words) -> str:
    """What a column is called."""
    return words.say(NAMES[column]) if column in NAMES else words.trait(column.removeprefix("trait."))


def _own(traits: Sequence[str]) -> list[str]:
    """The traits that have no column of another name."""
    known = ("trait.email", "trait.phone", "trait.name", "trait.first_name", "trait.last_name")
    return sorted(one for one in traits if one.startswith("trait.") and one not in known)


def customer(wish: Wish, words: Words) -> Column:
    """The first column, who it is: sorted by name."""
    way = ("descending" if wish.down else "ascending") if wish.sort == "name" else None
    return Column("name", words.say(N_("Customer")), False, _order("name", wish), way)


def _order(column: str, wish: Wish) -> str | None:
    """By what its heading sorts: the other way round where it is sorted by it already."""
    if column not in SORTS:
        return None
    down = not wish.down if column == wish.sort else column not in _RISING
    return f"-{column}" if down else column
