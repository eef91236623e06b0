"""What comes back: that a mail could not be delivered (RFC 3464), or that somebody called it spam (RFC 5965).

Only what names one of our own marks counts, and the mark is keyed: nobody can make up a bounce of another's
mail. What isn't plainly a report, such as somebody's answer from a holiday, is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from typing import Final, Literal, NamedTuple

LARGEST: Final = 10 << 20
"""Bytes that are looked at."""

_MARK: Final = re.compile(r"(?:\+|<)(\d{1,18}\.[0-9a-f]{20})@")
_STATUS: Final = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_DEAD: Final = frozenset(("1.1", "1.2", "1.3", "1.6", "1.10"))
_DEPTH: Final = 20
_SHOWN: Final = 500
_TO: Final = ("delivered-to", "x-original-to", "to")
"""Where the address stands to which a report was sent: the mail's own return path."""


class Returned(NamedTuple):
    """A report: of what, about which mark (to be checked), what was said, and whether nobody is there."""

    kind: Literal["bounce", "complaint"]
    mark: str
    answer: str
    dead: bool


def read(raw: bytes) -> Returned | None:
    """The report; None for what is none, or says that it is tried again, or names no mail of ours."""
    try:
        mail: Message = message_from_bytes(raw[:LARGEST], policy=policy.compat32)
        parts = list(_parts(mail))
    except (MessageError, RecursionError, ValueError, LookupError):
        return None
    mark = _mark(mail, parts)
    if mark is None or mail.get_content_type() != "multipart/report":
        return None
    for part in parts:
        match part.get_content_type():
            case "message/delivery-status":
                return _bounced(part, mark)
            case "message/feedback-report":
                return _complained(part, mark)
    return None


def _parts(mail: Message, depth: int = 0) -> Iterator[Message]:
    """The parts, no deeper than a real report has them."""
    yield mail
    inside = mail.get_payload()
    if depth < _DEPTH and isinstance(inside, list):
        for part in inside:
            if isinstance(part, Message):
                yield from _parts(part, depth + 1)


def _mark(mail: Message, parts: list[Message]) -> str | None:
    """By the address that it was sent to; else by the number of the mail that is handed back with it."""
    told = [str(value) for name in _TO for value in mail.get_all(name, [])]
    told += [str(part.get("message-id", "")) for part in parts[1:]]
    for part in parts[1:]:
        if part.get_content_type() == "text/rfc822-headers":
            told += [str(one.get("message-id", "")) for one in _texts(part.get_payload())]
    found = (_MARK.search(one) for one in told)
    return next((one[1] for one in found if one), None)


def _bounced(part: Message, mark: str) -> Returned | None:
    """Of several recipients the first that failed for good; there is one in each of our mails."""
    for block in _blocks(part):
        status = _STATUS.search(str(block.get("status", "")))
        if str(block.get("action", "")).strip().lower() != "failed" or status is None or status[1] != "5":
            continue
        said = " ".join(str(block.get("diagnostic-code", "") or block.get("status", "")).split())
        return Returned("bounce", mark, said[:_SHOWN], f"{status[2]}.{status[3]}" in _DEAD)
    return None


def _complained(part: Message, mark: str) -> Returned | None:
    kinds = [str(block.get("feedback-type", "")).strip().lower() for block in _blocks(part)]
    return Returned("complaint", mark, "", dead=False) if "abuse" in kinds else None


def _blocks(part: Message) -> Iterator[Message]:
    """The fields of a report, a block for each recipient."""
    inside = part.get_payload()
    if isinstance(inside, list):
        for one in inside:
            if isinstance(one, Message):
                yield one
                yield from _texts(one.get_payload())
    else:
        yield from _texts(inside)


def _texts(told: object) -> Iterator[Message]:
    """Where a report was not taken apart by its reader: its text is."""
    if isinstance(told, str):
        for block in told.replace("\r\n", "\n").split("\n\n"):
            yield message_from_bytes(block.strip().encode("utf-8", "replace"), policy=policy.compat32)
