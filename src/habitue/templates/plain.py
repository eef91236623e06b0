"""The plain text that goes with the HTML, for who reads mails without it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from habitue.templates.liquid import MARKS

_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_APART: Final = frozenset(["blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "table", "ul"])
_UNSAID: Final = frozenset(["head", "script", "style", "title", "noscript"])
_GAPS: Final = re.compile(r"\n{3,}")
_FILLING: Final = re.compile("[\u034f\u200b-\u200d\u2007\u00ad\ufeff]+")


def text(html: str) -> str:
    """What the HTML says, its links in brackets after their words; marks stay around the addresses."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return tidy("".join(reader.said))


def tidy(said: str) -> str:
    """The text with no blanks at the ends of lines, and no more than one empty line together."""
    lines = [line.rstrip(" \t\u00a0").lstrip(" \t") for line in said.split("\n")]
    return _GAPS.sub("\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._hidden: list[str] = []
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag in _UNSAID or (self._hidden and tag == self._hidden[-1]) or _hidden(known):
            if tag not in ("img", "br", "meta", "link", "input", "hr"):
                self._hidden.append(tag)
            return
        if self._hidden:
            return
        if tag in _BLOCKS:
            self.said.append("\n\n" if tag in _APART else "\n")
        self._opened(tag, known)

    def _opened(self, tag: str, known: dict[str, str]) -> None:
        match tag:
            case "br":
                self.said.append("\n")
            case "li":
                self.said.append("- ")
            case "hr":
                self.said.append("----\n\n")
            case "td" | "th":
                self.said.append(" ")
            case "img":
                self.said.append(" ".join(known.get("alt", "").split()))
            case "a":
                self._link = known.get("href", ""), len(self.said)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
            return
        if tag == "a" and self._link:
            self._followed(*self._link)
            self._link = None
        if tag in _BLOCKS:
            self.said.append("\n\n" if tag in _APART else "\n")

    def _followed(self, address: str, since: int) -> None:
        words = "".join(self.said[since:]).strip()
        bare = address.strip("".join(MARKS))
        if not bare or bare.startswith("#"):
            return
        if words in (bare, bare.removeprefix("mailto:"), bare.removeprefix("tel:")):
            self.said[since:] = [address]
        elif words:
            self.said.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.said.append(
                _FILLING.sub("", re.sub(r"[ \t\r\n\f]+", " ", data)).replace("{{", "{ {").replace("{%", "{ %")
            )


def _hidden(known: dict[str, str]) -> bool:
    """Whether readers don't see it, such as the line that mail programs show after the subject."""
    return "hidden" in known or re.search(r"display\s*:\s*none", known.get("style", "")) is not None
