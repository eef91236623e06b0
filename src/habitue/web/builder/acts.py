"""What the buttons of the builder do to the cards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.web.builder.card import ROOT, Card, at
from habitue.web.builder.kinds import GROUPS


class Known(Struct, frozen=True):
    """Names of the shop that new cards begin with."""

    events: Sequence[str] = ()
    traits: Sequence[str] = ()
    models: Sequence[tuple[str, str]] = ()
    """Each model's id and that of its first stage."""
    segments: Sequence[str] = ()


_UNKNOWN: Final = N_("The builder has no button “{name}”. Load the page again.")
_WRAPS: Final = {"and": "items", "or": "items", "not": "items", "held": "rule", "account": "rule"}


def change(card: Card | None, act: str, known: Known) -> Card | None:
    """The cards after a button: `add c/items0 count`, `remove c/items1`, `wrap c/items0 not` and so on."""
    verb, path, *rest = [*act.split(" "), "", ""][:4]
    kind = rest[0] if rest else ""
    whole = card.copy() if card is not None else Card("and")
    verbs: dict[str, Callable[[], Card | None]] = {
        "add": lambda: _added(whole, path, kind, known),
        "remove": lambda: _removed(whole, path),
        "wrap": lambda: _wrapped(whole, path, kind),
        "unwrap": lambda: _unwrapped(whole, path),
        "double": lambda: _doubled(whole, path),
        "up": lambda: _moved(whole, path, -1),
        "down": lambda: _moved(whole, path, 1),
        "where": lambda: _where(whole, path),
        "since": lambda: _since(whole, path, known),
        "event": lambda: _more(whole, path, "events"),
        "value": lambda: _more(whole, path, "value"),
    }
    if verb not in verbs:
        raise UserError(_UNKNOWN, name=verb)
    return verbs[verb]()


def fresh(kind: str, known: Known) -> list[Card]:
    """New cards of a kind, filled in as far as can be guessed."""
    event = "Order Completed" if "Order Completed" in known.events else next(iter(known.events), "")
    model, stage = next(iter(known.models), ("", ""))
    standing = {"model": [model], "op": ["=="], "value": [stage]}
    about = {"events": [event]}
    made: dict[str, Callable[[], list[Card]]] = {
        "ever": lambda: [Card("ever", about)],
        "never": lambda: [Card("never", {**about, "within": ["90"], "within_unit": ["d"]})],
        "count": lambda: [
            Card("count", {**about, "op": [">="], "value": ["2"], "within": ["90"], "within_unit": ["d"]})
        ],
        "sum": lambda: [Card("sum", {**about, "prop": ["revenue"], "op": [">="], "value": ["100"]})],
        "distinct": lambda: [Card("distinct", {**about, "prop": [""], "op": [">="], "value": ["2"]})],
        "days_since_last": lambda: [
            Card("days_since_last", {**about, "op": [">"], "length": ["90"], "length_unit": ["d"]})
        ],
        "days_since_first": lambda: [
            Card("days_since_first", {**about, "op": ["<"], "length": ["30"], "length_unit": ["d"]})
        ],
        "last": lambda: [Card("last", {**about, "prop": [""], "op": ["=="], "value": [""]})],
        "trait": lambda: [Card("trait", {"path": [next(iter(known.traits), "")], "op": ["set"]})],
        "score": lambda: [Card("score", {"path": [""], "op": [">="], "value": [""], "type": ["number"]})],
        "stage": lambda: [Card("stage", standing)],
        "entered": lambda: _entered(standing),
        "segment": lambda: [Card("segment", {"id": [next(iter(known.segments), "")]})],
        "consent": lambda: [Card("consent", {"channel": ["email"]})],
        "account": lambda: [
            Card("account", parts={"rule": [Card("and", parts={"items": fresh("trait", known)})]})
        ],
        "group": lambda: [Card("or", parts={"items": fresh("ever", known)})],
        "text": lambda: [Card("text", {"text": [""]})],
    }
    if kind not in made:
        raise UserError(_UNKNOWN, name=kind)
    return made[kind]()


def _entered(standing: dict[str, list[str]]) -> list[Card]:
    """Who came into a stage lately: who is in it, and has not been for so long."""
    lasting = Card(
        "held", {"length": ["30"], "length_unit": ["d"]}, {"rule": [Card("stage", dict(standing))]}
    )
    return [Card("stage", dict(standing)), Card("not", parts={"items": [lasting]})]


def _there(whole: Card, path: str) -> tuple[list[Card], int]:
    """The siblings of the card at a path, and its place among them."""
    parent, slot, place = at(whole, path)
    if parent is None:
        raise UserError(_UNKNOWN, name=path)
    return parent.parts[slot], place


def _here(whole: Card, path: str) -> Card:
    parent, slot, place = at(whole, path)
    return whole if parent is None else parent.parts[slot][place]


def _added(whole: Card, path: str, kind: str, known: Known) -> Card:
    group = _here(whole, path or ROOT)
    if group.kind not in GROUPS:
        raise UserError(_UNKNOWN, name=path)
    made = fresh(kind, known)
    # "any of these" is not to hold for two cards that belong together.
    both = [Card("and", parts={"items": made})] if len(made) > 1 and group.kind == "or" else made
    group.parts.setdefault("items", []).extend(both)
    return whole


def _removed(whole: Card, path: str) -> Card | None:
    """The cards without that one, and without what held nothing else."""
    parent, slot, place = at(whole, path)
    if parent is None:
        return None
    del parent.parts[slot][place]
    if not parent.parts[slot]:
        del parent.parts[slot]
        above = path.rpartition("/")[0]
        if slot in ("items", "rule") and above != ROOT:
            return _removed(whole, above)
    return whole


def _wrapped(whole: Card, path: str, kind: str) -> Card:
    if kind not in _WRAPS:
        raise UserError(_UNKNOWN, name=kind)
    fields = {"length": ["14"], "length_unit": ["d"]} if kind == "held" else {}
    if path == ROOT:
        return Card("and", parts={"items": [Card(kind, fields, {_WRAPS[kind]: [whole]})]})
    some, place = _there(whole, path)
    some[place] = Card(kind, fields, {_WRAPS[kind]: [some[place]]})
    return whole


def _unwrapped(whole: Card, path: str) -> Card:
    """What a card holds, in its place, where there is room for it."""
    parent, slot, place = at(whole, path)
    some, _ = _there(whole, path)
    held = [one for inner in ("items", "rule") for one in some[place].parts.get(inner, ())]
    if len(held) == 1 or (parent and parent.kind in GROUPS and slot == "items"):
        some[place : place + 1] = held
    return whole


def _doubled(whole: Card, path: str) -> Card:
    some, place = _there(whole, path)
    some.insert(place, some[place].copy())
    return whole


def _moved(whole: Card, path: str, by: int) -> Card:
    some, place = _there(whole, path)
    if 0 <= place + by < len(some):
        some[place], some[place + by] = some[place + by], some[place]
    return whole


def _where(whole: Card, path: str) -> Card:
    """One more condition on the event."""
    card, new = _here(whole, path), Card("prop", {"path": [""], "op": ["=="], "value": [""]})
    found = card.part("where")
    if found is None:
        card.parts["where"] = [new]
    elif found.kind in GROUPS:
        found.parts.setdefault("items", []).append(new)
    else:
        card.parts["where"] = [Card("and", parts={"items": [found, new]})]
    return whole


def _since(whole: Card, path: str, known: Known) -> Card:
    _here(whole, path).parts["since"] = fresh("ever", known)
    return whole


def _more(whole: Card, path: str, name: str) -> Card:
    card = _here(whole, path)
    card.fields.setdefault(name, []).append("")
    if name == "value" and "type" in card.fields:
        card.fields["type"].append(card.fields["type"][-1])
    return whole
