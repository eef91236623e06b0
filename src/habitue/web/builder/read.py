"""From cards to the rule; every field that can't be read becomes a fault beside its card."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from habitue.kernel.clock import LONGEST
from habitue.kernel.i18n import N_
from habitue.rules.nodes import (
    Cadence,
    Compare,
    Consent,
    Held,
    Members,
    Not,
    Prop,
    Rule,
    Segment,
    Stage,
)
from habitue.rules.problem import RuleError
from habitue.rules.text import parse
from habitue.web.builder import paths
from habitue.web.builder.card import ROOT, Card
from habitue.web.builder.kinds import (
    COUNTED,
    ELAPSED,
    GROUPS,
    HAPPENED,
    LIFTS,
    MEASURES,
    NAMED,
    SET,
    UNITS,
    operators,
)

_NUMBER: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?")
_GROUPED: Final = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_BLANKS: Final = str.maketrans("", "", " \u00a0\u202f'")

EVENT: Final = N_("Name an event.")
NAME: Final = N_("Give it a name.")
VALUE: Final = N_("Fill in what it is compared with.")
NUMERIC: Final = N_("This must be a number.")
LENGTH: Final = N_("Give a length of time: a whole number above 0.")
EMPTY: Final = N_("Nothing is in here yet: add a condition, or remove the group.")
CHOICE: Final = N_("Choose one.")
UNKNOWN: Final = N_("This card can’t be read. Remove it and add it again.")


class Faults:
    """What can't be read, by the path of the card: messages for gettext, or errors of a rule's text.

    `comma` says that the reader writes decimals with one; else it may set thousands apart.
    """

    def __init__(self, comma: bool = False) -> None:
        self.found: dict[str, list[Any]] = {}
        self.comma = comma

    def grouped(self, text: str) -> bool:
        """Whether the commas in a number set thousands apart."""
        return not self.comma and _GROUPED.fullmatch(text) is not None

    def add(self, path: str, text: Any) -> None:
        self.found.setdefault(path, []).append(text)

    def of(self, path: str) -> list[Any]:
        return self.found.get(path, [])


def rule(card: Card | None, faults: Faults, path: str = ROOT) -> Rule | None:
    """The rule that the cards say; None where they say none, or with `faults`."""
    return _Reader(faults).rule(card, path) if card is not None else None


class _Reader:
    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def rule(self, card: Card, path: str) -> Any:
        kind = card.kind
        if kind in GROUPS:
            return self.group(card, path)
        read: dict[str, Callable[[Card, str], Any]] = {
            "not": self.opposite,
            "held": self.held,
            "segment": lambda card, path: self.named(card, path, "id", Segment),
            "consent": lambda card, path: self.named(card, path, "channel", Consent),
            "text": self.text,
            **dict.fromkeys(LIFTS, self.lifted),
            **dict.fromkeys(HAPPENED, self.happened),
            **dict.fromkeys(MEASURES, self.compared),
        }
        return read[kind](card, path) if kind in read else self.fail(path, UNKNOWN)

    def fail(self, path: str, text: Any) -> Any:
        """Nothing, and why."""
        self.faults.add(path, text)
        return None

    # --- what holds others ---

    def group(self, card: Card, path: str) -> Any:
        """All or any of its items; of a single one, just that."""
        items = self.items(card, path, "items")
        if not items:
            return self.fail(path, EMPTY)
        if any(one is None for one in items):
            return None
        return items[0] if len(items) == 1 else GROUPS[card.kind](tuple(items))

    def items(self, card: Card, path: str, slot: str) -> list[Any]:
        return [self.rule(one, f"{path}/{slot}{n}") for n, one in enumerate(card.parts.get(slot, ()))]

    def inner(self, card: Card, path: str, slot: str = "rule") -> Any:
        """The one that a card holds."""
        found = self.items(card, path, slot)
        return found[0] if found else self.fail(path, EMPTY)

    def opposite(self, card: Card, path: str) -> Any:
        found = self.inner(card, path, "items")
        return None if found is None else Not(found)

    def lifted(self, card: Card, path: str) -> Any:
        found = self.inner(card, path)
        return None if found is None else LIFTS[card.kind](found)

    def held(self, card: Card, path: str) -> Any:
        found, length = self.inner(card, path), self.length(card, path)
        return None if found is None or length is None else Held(found, length)

    # --- events ---

    def happened(self, card: Card, path: str) -> Any:
        events, where = self.events(card, path), self.where(card, path)
        return None if events is None else HAPPENED[card.kind](events, where)

    def events(self, card: Card, path: str) -> Any:
        found = tuple(one for one in card.all("events") if one.strip())
        return found or self.fail(path, EVENT)

    def where(self, card: Card, path: str) -> Any:
        part = card.part("where")
        return None if part is None else self.rule(part, f"{path}/where0")

    def happening(self, card: Card, path: str) -> Any:
        """A measure of events."""
        kind = MEASURES[card.kind]
        given = {"events": self.events(card, path), "where": self.where(card, path)}
        if "prop" in kind.__struct_fields__:
            usual = "revenue" if card.kind == "sum" else ""
            given["prop"] = self.path(card, path, "prop", Prop, usual)
        if "within" in kind.__struct_fields__ and card.one("within").strip():
            given["within"] = self.length(card, path, "within")
        since = card.part("since")
        if "since" in kind.__struct_fields__ and since is not None:
            there = f"{path}/since0"
            given["since"] = self.happened(Card("ever", since.fields, since.parts), there)
        needed = [name for name in ("events", "prop", "since") if name in given]
        return None if any(given[name] is None for name in needed) else kind(**given)

    # --- comparisons ---

    def compared(self, card: Card, path: str) -> Any:
        measure, op = self.measure(card, path), card.one("op") or operators(card.kind)[0]
        if op not in operators(card.kind):
            op = operators(card.kind)[0]
        if op in SET.values():
            return None if measure is None else Compare(measure, "!=" if op == "set" else "==", None)
        value = self.elapsed(card, path) if card.kind in ELAPSED else self.values(card, path, op)
        return None if measure is None or value is None else Compare(measure, op, value)  # type: ignore[arg-type]  # it is one of them

    def measure(self, card: Card, path: str) -> Any:
        if card.kind in NAMED:
            return self.path(card, path, "path", NAMED[card.kind])
        if card.kind == "stage":
            return self.named(card, path, "model", Stage)
        if card.kind == "count_members":
            found = self.inner(card, path)
            return None if found is None else Members(found)
        return self.happening(card, path)

    def elapsed(self, card: Card, path: str) -> Any:
        length = self.length(card, path)
        if card.one("pace") != "cadence" or card.kind != "days_since_last":
            return length
        factor = self.number(card.one("factor", "2"), path)
        return None if length is None or factor is None else Cadence(float(factor), length)

    def values(self, card: Card, path: str, op: str) -> Any:
        """What is compared with: a list for `in`, else the first; blank lines of a list don't count."""
        texts, types = card.fields.get("value", self.beginning(card)), card.all("type")
        known = [types[n] if n < len(types) else self.usual(card) for n in range(len(texts))]
        filled = [(text, kind) for text, kind in zip(texts, known, strict=True) if text]
        if not filled:
            return self.fail(path, VALUE)
        found = [self.value(text, self.fitting(card, op, kind), path) for text, kind in filled]
        if any(one is None for one in found):
            return None
        return tuple(found) if op in ("in", "not in") else found[0]

    def beginning(self, card: Card) -> list[str]:
        """The value of a card that was of another kind just now."""
        return ["1"] if self.usual(card) == "number" else []

    def usual(self, card: Card) -> str:
        return "number" if card.kind in COUNTED or card.kind == "count_members" else "text"

    def fitting(self, card: Card, op: str, kind: str) -> str:
        """The type of a value that goes with the operator: what is left over from another is no matter."""
        if card.kind == "stage" or op in ("startswith", "matches"):
            return "text"
        if self.usual(card) == "number":
            return "number"
        return "text" if kind == "bool" and op not in ("==", "!=", "in", "not in") else kind

    def value(self, text: str, kind: str, path: str) -> Any:
        if kind == "bool":
            return text == "true"
        return self.number(text, path) if kind == "number" else text

    # --- plain fields ---

    def named(self, card: Card, path: str, name: str, kind: Any) -> Any:
        text = card.one(name)
        return kind(text) if text.strip() else self.fail(path, CHOICE)

    def path(self, card: Card, path: str, name: str, kind: Any, usual: str = "") -> Any:
        found = paths.read(card.one(name, usual))
        return kind(found) if found else self.fail(path, NAME)

    def number(self, text: str, path: str) -> Any:
        """A number as people write it, with a point or a comma, thousands apart or not."""
        plain = text.translate(_BLANKS)
        plain = plain.replace(",", "") if self.faults.grouped(plain) else plain.replace(",", ".")
        if not _NUMBER.fullmatch(plain):
            return self.fail(path, NUMERIC)
        whole = plain.lstrip("+-").isdigit()
        found: int | float = int(plain) if whole and len(plain) <= 17 else float(plain)
        return found if abs(found) <= 2.0**53 else self.fail(path, NUMERIC)

    def length(self, card: Card, path: str, name: str = "length") -> Any:
        text, unit = card.one(name, "30").translate(_BLANKS), card.one(f"{name}_unit", "d")
        if not (text.isascii() and text.isdigit() and len(text) < 12 and unit in UNITS):
            return self.fail(path, LENGTH)
        found = int(text) * UNITS[unit]
        return found if 0 < found <= LONGEST else self.fail(path, LENGTH)

    def text(self, card: Card, path: str) -> Any:
        try:
            return parse(card.one("text"))
        except RuleError as error:
            return self.fail(path, error)
