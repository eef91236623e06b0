"""Lists of customers as somebody asks for them: who is in one, in which order, and what is shown of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode

import numpy as np
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from habitue.kernel import clock
from habitue.kernel.clock import LAST, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.period import parse
from habitue.metrics.sales import buyers
from habitue.people import roster
from habitue.people.profiles import Choice, Member
from habitue.people.roster import SORTS, SUMMED, Leaf, Place, Sort
from habitue.segments import saved
from habitue.stages.choice import Question, choose, members
from habitue.stages.kept import Made
from habitue.stages.models import Model

if TYPE_CHECKING:
    from habitue.app.shop import Shop

COLUMNS: Final = (
    *("stage", "since", "next", "life", "orders", "revenue", "first", "last"),
    *("email", "phone", "consent.email", "consent.sms"),
)
"""What can be shown of everybody, beside the traits that there are."""

USUAL: Final = ("stage", "since", "next", "orders", "revenue", "last")
ELSEWHERE: Final = ("after", "before", "past", "page", "lang", "batch")
"""What may stand in an address and doesn't say which list it is."""

AHEAD: Final = 4 * MINUTE
MOST: Final = 30
"""So many columns at most."""

_TOLD: Final = {"phone": "trait.phone"}


class Wish(Struct, frozen=True):
    """What stands in the address of a list."""

    model: str | None
    question: Question
    sort: Sort
    down: bool
    columns: tuple[str, ...]

    @property
    def order(self) -> str:
        """The order as an address has it."""
        return f"-{self.sort}" if self.down else self.sort


class Row(Struct, frozen=True):
    """What a list shows of a customer: `more` by the names of columns."""

    member: Member
    more: dict[str, Any]


def wish(query: str) -> Wish:
    """What the part of an address after its `?` asks for; raises `UserError` where it makes no sense."""
    given = parse_qs(query, max_num_fields=200)

    def one(name: str, longest: int = 200) -> str | None:
        said = given.get(name, [""])[-1].strip()
        if len(said) > longest:
            raise UserError(N_("“{name}” is too long: {most} characters at most."), name=name, most=longest)
        return said or None

    search = one("search") or one("q") or ""
    sort, down = _sort(one("sort"), bool(search))
    question = Question(
        stage=tuple(given.get("stage", ())),
        source=tuple(given.get("from", ())),
        target=tuple(given.get("to", ())),
        at=one("at"),
        against=one("against"),
        ever=one("ever"),
        search=search,
        segment=one("segment"),
        rule=one("rule", 10_000),
        becomes=one("becomes"),
        until=one("until"),
        bought=one("bought"),
        again=one("again") is not None,
    )
    return Wish(one("model"), question, sort, down, _columns(given.get("col", ())))


def tidy(query: str) -> str:
    """The same list asked for as it is always written, from its beginning: so that two can be compared."""
    asked = parse_qsl(query.lstrip("?"), max_num_fields=200)
    return urlencode(sorted(pair for pair in asked if pair[0] not in ELSEWHERE))


def choice(shop: Shop, model: Model, question: Question, now: Micros) -> Choice:
    """Who is meant; raises `UserError` for what there is not and for a rule that is none."""
    found = choose(model, question, shop.settings.timezone, now)
    if found.after == now:
        found = replace(found, standing=_standing(shop, model.version, now))
    if question.segment:
        found = replace(found, segment=saved.named(shop.segments(), question.segment).version)
    if question.rule:
        persons = shop.segment(question.rule).persons(found.after)
        found = replace(found, only=pa.array(persons, pa.int32()))
    if question.bought:
        buyers = _buyers(shop, question.bought, question.again, now)
        both = buyers if found.only is None else np.intersect1d(buyers, found.only.to_numpy())
        found = replace(found, only=pa.array(both, pa.int32()))
    return found


def _buyers(shop: Shop, period: str, again: bool, now: Micros) -> NDArray[np.int32]:
    """Who ordered in a period; where `again`, not for the first time."""
    span = parse(period).span(shop.settings.timezone, now)
    return buyers(shop.warehouse, *span, _summed(shop, LAST) if again else None)


def _standing(shop: Shop, version: int, now: Micros) -> pa.Table:
    """Everybody's stays around now: read once until something happens, or a while is over.

    A table of these is looked through in a quarter of the time that all stays take.
    """

    def make(_: bool) -> Made[pa.Table]:
        generation = shop.generation
        return Made(roster.standing(shop.warehouse, version, now, now + AHEAD), generation, now)

    return shop.around.get(version, now, AHEAD // 4, make).value


def leaf(
    shop: Shop,
    wished: Wish,
    chosen: Choice,
    size: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Leaf:
    """One page of the list."""
    summed = _beside(shop, wished.sort, chosen)
    return roster.leaf(
        shop.warehouse,
        chosen,
        size,
        wished.sort,
        down=wished.down,
        after=after,
        before=before,
        sums=summed,
    )


def everybody(shop: Shop, wished: Wish, chosen: Choice) -> list[int]:
    """All customers of the list, in its order."""
    summed = _beside(shop, wished.sort, chosen)
    return roster.everybody(shop.warehouse, chosen, wished.sort, down=wished.down, sums=summed)


def _beside(shop: Shop, sort: Sort, chosen: Choice) -> pa.Table | None:
    """The table of everybody that an order is read off."""
    if sort != "name":
        return sums(shop, chosen, clock.now()) if sort in SUMMED else None

    def make(_: bool) -> Made[pa.Table]:
        generation = shop.generation
        return Made(roster.ranks(shop.warehouse), generation, 0)

    return shop.ranks.get("name", 0, None, make).value


def sums(shop: Shop, chosen: Choice, now: Micros) -> pa.Table:
    """Everybody's orders added up, as of the last refresh or of a day past.

    Of a large shop it takes seconds at first.
    """
    return _summed(shop, chosen.after if chosen.after < now - MINUTE else LAST)


def _summed(shop: Shop, at: Micros) -> pa.Table:
    def make(_: bool) -> Made[pa.Table]:
        generation = shop.generation
        return Made(roster.sums(shop.warehouse, at), generation, 0)

    return shop.sums.get(at, 0, None, make).value


def warm(shop: Shop, model: Model, now: Micros) -> None:
    """Read what lists are made of."""
    sums(shop, choice(shop, model, Question(), now), now)
    shop.catalogue()


def names(columns: Sequence[str]) -> list[str]:
    """Under which names the columns are told, beside what is known of everybody."""
    return ["trait.email", *(_TOLD.get(one, one) for one in columns if "." in one or one in _TOLD)]


def rows(
    shop: Shop, model: Model, chosen: Choice, persons: Sequence[int], columns: Sequence[str], now: Micros
) -> list[Row]:
    """What is shown of these customers."""
    found = members(shop.warehouse, model, chosen, persons, shop.known(), now)
    told = roster.told(shop.warehouse, persons, names(columns)[1:])
    return [
        Row(one, {column: told.get(one.person, {}).get(_TOLD.get(column, column)) for column in columns})
        for one in found
    ]


def place(text: str | None) -> Place | None:
    """The place in a list that an address names; raises `UserError` for what none ever named."""
    if not text:
        return None
    value, dot, person = text.partition(".")
    if not (dot and person.isascii() and person.isdigit() and value.removeprefix("-").isdecimal()):
        raise UserError(N_("“{text}” is not a place in the list. Go back to its first page."), text=text[:60])
    at, whose = int(value), int(person)
    if abs(at) > 2 * clock.LAST or whose >= 1 << 31:
        raise UserError(N_("“{text}” is not a place in the list. Go back to its first page."), text=text[:60])
    return Place(at, whose)


def _sort(text: str | None, searched: bool) -> tuple[Sort, bool]:
    if text is None:
        return ("best" if searched else "since"), True
    name = text.removeprefix("-")
    for one in SORTS:
        if name == one and (one != "best" or searched):
            return one, text.startswith("-")
    raise UserError(
        N_("A list can’t be ordered by “{name}”. Choose one of {names}."),
        name=name[:60],
        names=", ".join(SORTS[:-1]),
    )


def _columns(names: Sequence[str]) -> tuple[str, ...]:
    """The columns asked for, each once; the usual ones where none is."""
    asked = tuple(dict.fromkeys(one for name in names for one in name.split(",") if one))
    for one in asked:
        if one not in COLUMNS and not (one.startswith("trait.") and len(one) < 200):
            raise UserError(N_("There is no column “{name}”."), name=one[:60])
    if len(asked) > MOST:
        raise UserError(N_("{n} columns are too many: {most} at most."), n=len(asked), most=MOST)
    return asked or USUAL
