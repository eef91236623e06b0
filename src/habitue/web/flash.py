"""What was done, said once on the page that comes after it."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from litestar.datastructures import Cookie
from litestar.response import Redirect
from msgspec import Struct

from habitue.kernel.i18n import translator
from habitue.web.words import Words

COOKIE: Final = "habitue_done"
Tone = Literal["good", "bad", "info", "note"]
_MOST: Final = 3_000
"""Characters that surely fit in a cookie."""


class Done(Struct, frozen=True):
    """A message to be said in the reader's language, with its fields."""

    text: str
    tone: Tone = "good"
    fields: dict[str, str | int] = {}

    def said(self, words: Words) -> str:
        numbers = {name: words.number(one) for name, one in self.fields.items() if isinstance(one, int)}
        return words.say(self.text, **self.fields | numbers)


def done(path: str, text: str, tone: Tone = "good", **fields: Any) -> Redirect:
    """Go on to `path` (303), whose page says `text`, an `N_` message, its fields as they are read."""
    told = msgspec.json.encode(Done(text, tone, fields)).hex()
    said = (
        [Cookie(COOKIE, value=told, max_age=60, httponly=True, samesite="lax")] if len(told) < _MOST else []
    )
    return Redirect(path, status_code=303, cookies=said)


def heard(cookie: str | None) -> Done | None:
    """What a cookie says. Anybody can write one: only a message of ours is said, whoever wrote its fields."""
    try:
        told = msgspec.json.decode(bytes.fromhex(cookie), type=Done) if cookie else None
    except (ValueError, msgspec.MsgspecError):
        return None
    return told if told and told.text in translator("fr").messages else None
