"""What is wrong with a template, where, and how to mend it; and why one mail can't be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from msgspec import Struct

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator, translator

Part = Literal["", "subject", "preheader", "body", "button", "link"]
Severity = Literal["error", "warning"]


class Fault(Struct, frozen=True):
    """One thing to mend, in a part of the text of a language, at a line (from 1; 0 where it has none).

    `text` is a gettext message for `fields`. A template with errors can't go live, one with warnings can.
    """

    text: str
    fields: Mapping[str, Any] = {}
    severity: Severity = "error"
    language: str = ""
    part: Part = ""
    line: int = 0

    def say(self, t: Translator) -> str:
        return t(self.text, **self.fields)

    @property
    def place(self) -> tuple[str, int, int, str]:
        """By which they are put in order."""
        return self.language, get_args(Part).index(self.part), self.line, self.text


class TemplateError(UserError):
    """A template that can't go live; all that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda one: one.place))
        first = self.faults[0]
        super().__init__(first.text, **first.fields)

    def __str__(self) -> str:
        return self.say(translator("en"))

    def say(self, t: Translator) -> str:
        """Every fault on its own line, with its place."""
        return "\n".join(placed(one, t) for one in self.faults)


def placed(fault: Fault, t: Translator) -> str:
    """The fault with where it is."""
    where = ", ".join(
        one
        for one in (
            fault.language,
            t(PARTS[fault.part]) if fault.part else "",
            t(N_("line {n}"), n=fault.line) if fault.line else "",
        )
        if one
    )
    return t(N_("{where}: {fault}"), where=where, fault=fault.say(t)) if where else fault.say(t)


PARTS: Mapping[str, str] = {
    "subject": N_("subject"),
    "preheader": N_("preheader"),
    "body": N_("body"),
    "button": N_("button"),
    "link": N_("link"),
}


class Unfit(UserError):
    """A mail that can't be written, because a value is missing, one doesn't fit, or it becomes too much."""

    def __init__(self, reason: Literal["missing", "value", "limit"], text: str, /, **fields: Any) -> None:
        super().__init__(text, **fields)
        self.reason = reason


def missing(name: str) -> Unfit:
    """There is nothing to put in here, and the template doesn't say what to write then."""
    return Unfit(
        "missing",
        N_("“{name}” is missing, and the template has no words for that case."),
        name=name,
    )
