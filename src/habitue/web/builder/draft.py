"""A rule that is being written: its text and its cards in step, with all that is wrong with either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from habitue.rules.nodes import Rule
from habitue.rules.problem import Problem, RuleError
from habitue.rules.text import parse, write
from habitue.web.builder.acts import Known, change
from habitue.web.builder.card import Card, gathered
from habitue.web.builder.draw import cards
from habitue.web.builder.read import Faults, rule


class Draft(Struct):
    """`rule` is None where nothing is said, or something is wrong: of the text (`problems`) or the cards.

    `was` is the text that the cards stand for; where the text is another, it was typed and counts.
    """

    text: str
    was: str
    card: Card | None
    rule: Rule | None
    problems: tuple[Problem, ...]
    faults: Faults

    @property
    def astray(self) -> bool:
        """Whether the text can't be read, so that the cards show what it was before."""
        return self.text != self.was


def begun(text: str = "", comma: bool = False) -> Draft:
    """The draft of a rule's text, or an empty one."""
    return _typed(text, "", None, comma)


def sent(form: Mapping[str, Sequence[str]], known: Known, comma: bool = False) -> Draft:
    """The draft that a page of the builder sends, after the button that was pressed.

    Raises `UserError` for a button or a card that is not there.
    """
    text, was = (_lines((form.get(name) or [""])[0]) for name in ("text", "was"))
    act = (form.get("do") or [""])[0]
    card = gathered(form)
    if text != was:
        found = _typed(text, was, card, comma)
        if not act or found.astray:
            return found
        card, was = found.card, found.was
    if act and act != "read":
        card = change(card, act, known)
    return _built(card, was, comma)


def _typed(text: str, was: str, card: Card | None, comma: bool) -> Draft:
    """From the text; where it can't be read, the cards stay as they were."""
    if not text.strip():
        return Draft(text, text, None, None, (), Faults(comma))
    try:
        found = parse(text)
    except RuleError as error:
        return Draft(text, was, card, None, error.problems, Faults(comma))
    return Draft(text, text, cards(found), found, (), Faults(comma))


def _built(card: Card | None, was: str, comma: bool) -> Draft:
    """From the cards; where they can't be read, the text stays as it was."""
    faults = Faults(comma)
    if card is None or not card.parts.get("items"):
        return Draft("", "", None, None, (), faults)
    found = rule(card, faults)
    text = was if found is None else write(found)
    # The text that was typed stays as it was typed while it says the same.
    if found is not None and _same(was, text):
        text = was
    return Draft(text, text, card, found, (), faults)


def _same(text: str, other: str) -> bool:
    try:
        return write(parse(text)) == other
    except RuleError:
        return False


def _lines(text: str) -> str:
    """A browser sends its own line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
