"""What is wrong with a rule, where, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator, translator


class Problem(Struct, frozen=True):
    """One thing to mend at `length` characters from `column` (from 1; 0 where the rule has no text).

    `text` is a gettext message for `fields`. A rule with errors is refused, one with warnings saves.
    """

    column: int
    length: int
    text: str
    fields: dict[str, Any] = {}
    severity: Literal["error", "warning"] = "error"

    def say(self, t: Translator) -> str:
        return t(self.text, **self.fields)


class RuleError(UserError):
    """A rule that cannot be taken; all its problems, from left to right."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.column, p.length)))
        first = self.problems[0]
        super().__init__(first.text, **first.fields)

    def __str__(self) -> str:
        return self.say(translator("en"))

    def say(self, t: Translator) -> str:
        """Every problem on its own line, with its column."""
        line = N_("Column {column}: {problem}")
        return "\n".join(
            t(line, column=p.column, problem=p.say(t)) if p.column else p.say(t) for p in self.problems
        )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, if any is like it; letter case does not count against it."""
    folded = {one.casefold(): one for one in sorted(known)}
    found = difflib.get_close_matches(name.casefold(), folded, 1)
    return folded[found[0]] if found else None
