"""A card: one node of a rule as a person edits it, its fields as typed, its parts in slots.

In a form a card's fields are called `c.op`, a part's `c/items0.op`: the path says where it hangs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct, field

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

ROOT: Final = "c"
DEEPEST: Final = 60
MOST: Final = 5_000

Pairs: TypeAlias = Iterable[tuple[str, str]]

_STEP: Final = re.compile(r"(items|where|since|rule)(\d{1,4})")


class Card(Struct):
    """`kind` is a node's name in rules, `prop`, or `text` for what no other card can show."""

    kind: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, list[Card]] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """The field's value; the default where the form has no such field."""
        return (self.fields.get(name) or [default])[0]

    def all(self, name: str) -> list[str]:
        return self.fields.get(name, [])

    def part(self, slot: str) -> Card | None:
        """The first in a slot."""
        return next(iter(self.parts.get(slot, ())), None)

    def copy(self) -> Card:
        return Card(
            self.kind,
            {name: list(values) for name, values in self.fields.items()},
            {slot: [one.copy() for one in some] for slot, some in self.parts.items()},
        )


def fields(card: Card | None, path: str = ROOT) -> Iterator[tuple[str, str]]:
    """The card and all below it as the pairs that a form sends."""
    if card is None:
        return
    yield f"{path}.is", card.kind
    for name, values in card.fields.items():
        yield from ((f"{path}.{name}", value) for value in values)
    for slot, some in card.parts.items():
        for n, one in enumerate(some):
            yield from fields(one, f"{path}/{slot}{n}")


def gathered(form: Mapping[str, Sequence[str]]) -> Card | None:
    """The card that a form holds, None where it holds none; raises `UserError` where it is too much.

    Holes in the numbering close up: a part that is missing was taken away.
    """
    found: dict[tuple[tuple[str, int], ...], Card] = {}
    sent = [(*name.rpartition("."), values) for name, values in form.items() if name.startswith(ROOT)]
    if sum(len(values) for *_, values in sent) > MOST:
        raise UserError(N_("The rule has too many parts for cards. Split it into segments."))
    for where, _, name, values in sorted(sent, key=lambda one: one[0]):
        path = _path(where)
        if path is not None:
            card = found.setdefault(path, Card(""))
            if name == "is":
                card.kind = values[0]
            else:
                card.fields[name] = list(values)
    for path in sorted(found, key=lambda path: (len(path), path)):
        if path and path[:-1] in found:
            found[path[:-1]].parts.setdefault(path[-1][0], []).append(found[path])
    return found.get(())


def _path(text: str) -> tuple[tuple[str, int], ...] | None:
    """The steps from the root to a card; None for another field of the page."""
    root, *steps = text.split("/")
    matches = [_STEP.fullmatch(step) for step in steps]
    if root != ROOT or len(steps) > DEEPEST:
        return None
    return None if None in matches else tuple((one[1], int(one[2])) for one in matches if one)


def at(card: Card, path: str) -> tuple[Card | None, str, int]:
    """The parent of the card at a path, the slot and the place in it; no parent for the root itself.

    Raises `UserError` where there is none.
    """
    steps = _path(path)
    parent: Card | None = None
    slot, place = "", 0
    here: Card | None = card
    for slot, place in steps or ():
        parent, some = here, here.parts.get(slot, []) if here else []
        here = some[place] if place < len(some) else None
    if steps is None or here is None:
        raise UserError(N_("That card is not there any more. Load the page again."))
    return parent, slot, place
