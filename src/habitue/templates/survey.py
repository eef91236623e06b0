"""Buttons that answer a question: what stands in their address, signed with all else that a link says.

`{{ links.answer }}?survey=exit&answer=price&says=Too%20expensive` is one. `survey` names the question, `says`
is what the reader chose, in words; all else is kept with the answer, whole numbers as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from msgspec import Struct

EVENT: Final = "Survey Answered"

MOST: Final = 10
"""Values that a button may hold."""
LONGEST: Final = 200
"""Characters of a value."""
COMMENT: Final = 2000
"""Characters of what somebody adds in words of their own."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WHOLE: Final = re.compile(r"-?\d{1,9}")


class Reply(Struct, frozen=True):
    """What somebody is about to answer: to which question, in which words, and what it means."""

    survey: str
    says: str
    props: Mapping[str, str | int]


def read(query: str) -> Reply | None:
    """The answer that a button holds; None where it holds none."""
    told: dict[str, str | int] = {
        name: int(value) if _WHOLE.fullmatch(value) else value[:LONGEST]
        for name, value in parse_qsl(query)[:MOST]
        if _NAME.fullmatch(name)
    }
    survey, says = str(told.pop("survey", "")), str(told.pop("says", ""))
    if not survey or not (says or told):
        return None
    return Reply(survey, says or ", ".join(str(one) for one in told.values()), told)
