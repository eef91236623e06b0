"""Whether it was a program that followed a link or fetched a mail's pictures: what it did is nobody's act."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from habitue.kernel.clock import SECOND, Micros

SOON: Final = 5 * SECOND
"""After a mail has left: nobody reads so fast, and programs that check links are as fast as that."""

_PROGRAM: Final = re.compile(
    r"bot\b|crawl|spider|scan|preview|proxy|prefetch|monitor|validator|check|fetch|headless|phantom|"
    r"facebookexternalhit|whatsapp|telegram|slack|skype|discord|linkedin|mimecast|barracuda|proofpoint|"
    r"forcepoint|trendmicro|symantec|fireeye|cloudmark|safelinks|microsoft office|ms-office|outlook-|owa/|"
    r"curl|wget|python|aiohttp|httpx|okhttp|java/|libwww|go-http|node-fetch|axios|ruby|perl|php|dalvik/|urllib",
    re.IGNORECASE,
)
_BARE: Final = re.compile(r"Mozilla/5\.0( \((Macintosh|Windows NT 5\.1)[^)]*\))?|")
"""What mail privacy services say of themselves: next to nothing."""
_AHEAD: Final = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def machine(headers: Mapping[str, str], method: str, since: Micros | None, opening: bool = False) -> bool:
    """Whether a program did it, as far as can be told; `since` the mail left so long ago.

    An opening is only ever a program's unless a reader's own browser shows itself: pictures are fetched by
    mail programs and their proxies, read or not.
    """
    agent = headers.get("user-agent", "").strip()
    if method == "HEAD" or _PROGRAM.search(agent) or _BARE.fullmatch(agent):
        return True
    if any(
        "prefetch" in headers.get(name, "").lower() or "preview" in headers.get(name, "") for name in _AHEAD
    ):
        return True
    if since is not None and 0 <= since < SOON:
        return True
    return "accept-language" not in headers and not opening
