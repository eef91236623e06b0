"""Text messages, whoever carries them: to whole numbers only, and something has to stand in them."""

from __future__ import annotations

import re
from typing import Final

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter

_WHOLE: Final = re.compile(r"\+[1-9]\d{6,14}")


def numbered(text: str) -> str:
    """The number as E.164 has it; raises `UserError` for what is none."""
    if not _WHOLE.fullmatch(text):
        raise UserError(
            N_("“{number}” is no whole phone number. Write one as +33612345678."), number=text[:40]
        )
    return text


def worded(letter: Letter) -> str:
    """What is said."""
    return letter.text.strip()
