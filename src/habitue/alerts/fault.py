"""What is wrong with an alert, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import Translator, translator


class Fault(Struct, frozen=True):
    """One thing to mend at a place such as `watch.stage`; `text` is a gettext message for `fields`."""

    place: str
    text: str
    fields: dict[str, Any] = {}

    def say(self, t: Translator) -> str:
        return t(self.text, **self.fields)


class AlertError(UserError):
    """An alert that can't be taken; all its faults, in the order of the document."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults[0].text, **self.faults[0].fields)

    def __str__(self) -> str:
        return self.say(translator("en"))

    def say(self, t: Translator) -> str:
        """Every fault on its own line, with its place."""
        return "\n".join(f"{one.place}: {one.say(t)}" if one.place else one.say(t) for one in self.faults)
