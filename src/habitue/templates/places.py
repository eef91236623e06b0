"""Where in the HTML a hole is, and what that place asks of a value: a link is not a text, nor is a colour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from habitue.kernel.i18n import N_
from habitue.templates.fault import Fault
from habitue.templates.holes import Holes
from habitue.templates.liquid import MARKS

ADDRESSES: Final = frozenset(
    ("href", "src", "background", "action", "formaction", "cite", "poster", "data", "srcset", "xlink:href")
)
FOLLOWED: Final = frozenset(("a", "area", "v:roundrect", "v:rect"))
"""Whose `href` a reader follows."""

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][\w:-]*)")
_ATTRIBUTE: Final = re.compile(r"""[\s/]*([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_CLOSED: Final = {
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
}
_COMMENT: Final = re.compile(r"<!--(?!>|\[if|<!\[endif\]).*?-->", re.DOTALL)


class Attribute(NamedTuple):
    """One of a tag, with where its value stands, without quotes."""

    tag: str
    name: str
    value: str
    start: int
    stop: int
    quoted: bool


class Element(NamedTuple):
    """A tag that begins something, and its attributes."""

    name: str
    start: int
    stop: int
    attributes: tuple[Attribute, ...]

    def get(self, name: str) -> str | None:
        return next((one.value for one in self.attributes if one.name == name), None)


def uncommented(html: str) -> str:
    """Without the comments that no program reads."""
    return _COMMENT.sub("", html)


def elements(html: str) -> Iterator[Element]:
    """The tags in their order, those for Outlook in its comments too; none of what a script or style says."""
    at = 0
    while found := _TAG.search(html, at):
        name, at = found[2].lower(), found.end()
        if found[1]:
            continue
        attributes = tuple(_attributes(html, name, at))
        at = attributes[-1].stop if attributes else at
        end = html.find(">", at)
        stop = len(html) if end < 0 else end + 1
        yield Element(name, found.start(), stop, attributes)
        at = stop
        if name in _CLOSED:
            closed = _CLOSED[name].search(html, at)
            at = closed.end() if closed else len(html)


def _attributes(html: str, tag: str, at: int) -> Iterator[Attribute]:
    while found := _ATTRIBUTE.match(html, at):
        at = found.end()
        value, quoted = found[2] or "", (found[2] or "")[:1] in ("'", '"')
        inner = value[1:-1] if quoted else value
        start = found.start(2) + quoted if found[2] else at
        yield Attribute(tag, found[1].lower(), inner, start, start + len(inner), quoted)


def guarded(html: str, holes: Holes) -> tuple[str, list[Fault]]:
    """The HTML whose holes let through what fits their place, with marks around what readers follow."""
    faults, pieces, at = list(_outside(html, holes)), [], 0
    for element in elements(html):
        for one in element.attributes:
            value = one.value
            if holes.spot.search(value):
                value, wrong = _guarded(one, holes)
                faults += wrong
            if one.name == "href" and one.tag in FOLLOWED:
                value = f"{MARKS[0]}{value}{MARKS[1]}"
            if value != one.value:
                pieces += [html[at : one.start], value]
                at = one.stop
    return "".join([*pieces, html[at:]]), faults


def _guarded(one: Attribute, holes: Holes) -> tuple[str, list[Fault]]:
    """The value of an attribute with holes in it, each of which asks for what fits."""
    numbers = [int(each) for each in holes.spot.findall(one.value)]
    puts = [n for n in numbers if holes.says(n) is not None]
    if one.name.startswith("on") and puts:
        return one.value, [_fault(_HANDLER, holes, n) for n in puts]
    if not one.quoted and puts:
        return one.value, [_fault(_UNQUOTED, holes, n) for n in puts]
    if one.name in ADDRESSES:
        return _address(one.value, holes), []
    if one.name == "style":
        return holes.spot.sub(lambda found: holes.filtered(int(found[1]), "_style"), one.value), []
    return one.value, []


def _address(value: str, holes: Holes) -> str:
    """An address: a hole at its beginning must be one whole, one in its host a host, others parts of it."""
    made, said = "", ""
    for n, piece in enumerate(holes.spot.split(value)):
        if not n % 2:
            made, said = made + piece, said + piece
            continue
        filter_ = _part(said)
        inner = holes.says(int(piece))
        if inner is None or (filter_ == "_query" and "url_encode" in inner):
            made += (
                holes.filtered(int(piece), filter_) if inner is None else holes.put(holes.taken[int(piece)])
            )
        else:
            made += holes.filtered(int(piece), filter_)
            said += "x" if filter_ != "_link" else "https://x/x"
    return made


def _part(before: str) -> str:
    """The filter for what comes after this much of an address."""
    text = before.strip()
    if not text:
        return "_link"
    if "?" in text or "#" in text:
        return "_query"
    if re.fullmatch(r"(?i)(https?:)?//[^/]*|[a-z][a-z0-9+.]*:", text) or not re.search(r"[:/]", text):
        return "_query" if text.lower().startswith(("mailto:", "tel:")) else "_host"
    return "_path"


_HANDLER: Final = N_("“{tag}” stands in what a browser would run. No value may stand there.")
_UNQUOTED: Final = N_("“{tag}” stands in an attribute without quotes. Write quotes around its value.")
_STYLE: Final = N_("“{tag}” stands in a style sheet. Values may stand in texts, and in attributes in quotes.")
_NAKED: Final = N_("“{tag}” stands inside a tag. Values may stand in texts, and in attributes in quotes.")


def _fault(text: str, holes: Holes, number: int) -> Fault:
    return Fault(text, {"tag": holes.taken[number]}, part="body", line=holes.line(number))


def _outside(html: str, holes: Holes) -> Iterator[Fault]:
    """Holes where none may be: in style sheets and scripts, and in a tag outside its attributes' values."""
    ends = [(one.stop, one) for one in elements(html)]
    for stop, element in ends:
        if element.name in _CLOSED:
            closed = _CLOSED[element.name].search(html, stop)
            inner = html[stop : closed.start() if closed else len(html)]
            yield from (_fault(_STYLE, holes, int(n)) for n in holes.spot.findall(inner))
        naked = html[element.start : stop]
        for one in reversed(element.attributes):
            naked = naked[: one.start - element.start] + naked[one.stop - element.start :]
        for n in holes.spot.findall(naked):
            if holes.says(int(n)) is not None:
                yield _fault(_NAKED, holes, int(n))
