"""What a mail server's own log says of mails: taken, not taken, or not to be told.

Postfix notes a Message-ID when it has read the head of a mail, which it may refuse after that, or never get
to the end of. It has taken the mail when its queue has it. Any other log is taken at its word: a mail stands
in it when it was taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_READ: Final = re.compile(rb"/cleanup\[\d+\]: ([0-9A-Za-z]+): message-id=")
_CAME: Final = rb": %b: client="
_PROCESS: Final = re.compile(rb"/smtpd\[(\d+)$")
_QUEUED: Final = rb"/[nq]*mgr\[\d+\]: %b: from=<|: %b: to=<[^>]*>, .*status="
_REFUSED: Final = rb": %b: (?:milter-)?reject: "
_BROKEN: Final = rb"/smtpd\[%b\]: (?:lost connection|timeout|too many errors) after (?:DATA|BDAT)"
_NEXT: Final = rb"/smtpd\[%b\]: (?:[0-9A-Za-z]+: client=|connect from)"


def taken(log: bytes, names: Iterable[str]) -> dict[str, bool]:
    """Of mails with these Message-IDs whether they were taken; what can't be told yet is left out."""
    found: dict[str, bool] = {}
    for name in names:
        told = [_one(log, place.start()) for place in re.finditer(re.escape(name.encode()), log)]
        if True in told:
            found[name] = True
        elif None not in told:
            found[name] = False
    return found


def _one(log: bytes, place: int) -> bool | None:
    """What became of the mail whose Message-ID stands at a place; None where the log doesn't say yet."""
    read = _READ.search(log[log.rfind(b"\n", 0, place) + 1 : place])
    if read is None:
        return True
    queue, came = read[1], _CAME.replace(b"%b", read[1])
    begin, stop = log.rfind(came, 0, place), log.find(came, place)  # numbers are used again
    stop = len(log) if stop < 0 else stop
    if _seek(_QUEUED, queue, log, place, stop):
        return True
    if _seek(_REFUSED, queue, log, max(0, begin), stop):
        return False
    process = _PROCESS.search(log[max(0, begin - 80) : max(0, begin - 1)]) if begin >= 0 else None
    if process is None:
        return None
    # Its processes write beside each other: what comes first in the log need not have been first.
    own = begin + len(came)
    following = _seek(_NEXT, process[1], log, own, len(log))
    broken = _seek(_BROKEN, process[1], log, own, following.start() if following else len(log))
    return False if broken else None


def _seek(pattern: bytes, what: bytes, log: bytes, first: int, last: int) -> re.Match[bytes] | None:
    return re.compile(pattern.replace(b"%b", what)).search(log, first, last)
