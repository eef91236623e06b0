"""What is wrong with a journey, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language, Translator, translator


class Message(str):
    """A message that stands in another one as a field."""

    __slots__ = ()

    def said(self, language: Language) -> str:
        """In that language."""
        return translator(language)(str(self)) if self else ""


class Fault(Struct, frozen=True):
    """One thing to mend at a place such as `hello.template`; `column` is where in a rule, from 1.

    `text` is a gettext message for `fields`. A journey with errors is refused, one with warnings saves.
    """

    place: str
    text: str
    fields: dict[str, Any] = {}
    column: int = 0
    severity: Literal["error", "warning"] = "error"

    def say(self, t: Translator) -> str:
        """What is wrong, without the place."""
        said = t(self.text, **self.fields)
        return t(N_("Column {column}: {problem}"), column=self.column, problem=said) if self.column else said


class JourneyError(UserError):
    """A journey that can't be taken; all its faults, in the order of the document."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults[0].text, **self.faults[0].fields)

    def __str__(self) -> str:
        return self.say(translator("en"))

    def say(self, t: Translator) -> str:
        """Every fault on its own line, with its place."""
        return "\n".join(f"{one.place}: {one.say(t)}" if one.place else one.say(t) for one in self.faults)
