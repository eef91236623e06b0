"""MJML with holes to HTML with the same holes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

import mrml

from habitue.kernel.i18n import N_
from habitue.templates.fault import Fault
from habitue.templates.holes import Holes

_KNOWN: Final = frozenset(
    [
        "mjml",
        "mj-accordion",
        "mj-accordion-element",
        "mj-accordion-text",
        "mj-accordion-title",
        "mj-all",
        "mj-attributes",
        "mj-body",
        "mj-breakpoint",
        "mj-button",
        "mj-carousel",
        "mj-carousel-image",
        "mj-class",
        "mj-column",
        "mj-divider",
        "mj-font",
        "mj-group",
        "mj-head",
        "mj-hero",
        "mj-image",
        "mj-navbar",
        "mj-navbar-link",
        "mj-preview",
        "mj-raw",
        "mj-section",
        "mj-social",
        "mj-social-element",
        "mj-spacer",
        "mj-style",
        "mj-table",
        "mj-text",
        "mj-title",
        "mj-wrapper",
    ]
)
_ENDING: Final = frozenset(
    [
        "mj-accordion-text",
        "mj-accordion-title",
        "mj-button",
        "mj-navbar-link",
        "mj-preview",
        "mj-raw",
        "mj-social-element",
        "mj-style",
        "mj-table",
        "mj-text",
        "mj-title",
    ]
)
"""Those that hold HTML or text; all others hold only each other."""

_TAG: Final = re.compile(
    r"""<!--.*?-->|<(/?)(mjml|mj-[\w-]*)((?:[^<>"']|"[^"]*"|'[^']*')*?)(/?)>""", re.DOTALL
)
_LEAF: Final = re.compile(rf"<({'|'.join(sorted(_ENDING))})\b[^>]*>.*?</\1>", re.DOTALL)
_VALUE: Final = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_ANY: Final = re.compile(r"""<[a-zA-Z][\w:-]*(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_LETTER: Final = re.compile(r"&#(\d{2,7});")


def faults(text: str) -> Iterator[Fault]:
    """What is wrong with the components: unknown ones, and those that are not closed in their order."""
    open_: list[tuple[str, int]] = []
    seen = False
    for found in _TAG.finditer(text):
        name, line = found[2], text.count("\n", 0, found.start()) + 1
        if name is None:
            continue
        seen = seen or name == "mjml"
        if name not in _KNOWN:
            yield _unknown(name, line)
        elif found[1]:
            if not open_ or open_[-1][0] != name:
                yield _stray(name, line, open_)
            while open_ and any(one == name for one, _ in open_) and open_.pop()[0] != name:
                pass
        elif not found[4]:
            open_.append((name, line))
    for name, line in reversed(open_):
        yield Fault(N_("<{name}> is not closed."), {"name": name}, part="body", line=line)
    if not seen:
        yield Fault(N_("The body is no MJML: it begins with <mjml> and <mj-body>."), part="body", line=1)


def _unknown(name: str, line: int) -> Fault:
    if name == "mj-include":
        return Fault(
            N_("<mj-include> is not taken: a template holds all that it needs."), part="body", line=line
        )
    near = get_close_matches(name, sorted(_KNOWN), 1)
    if near:
        return Fault(
            N_("MJML has no <{name}>. Did you mean <{near}>?"),
            {"name": name, "near": near[0]},
            part="body",
            line=line,
        )
    return Fault(N_("MJML has no <{name}>."), {"name": name}, part="body", line=line)


def _stray(name: str, line: int, open_: list[tuple[str, int]]) -> Fault:
    if open_:
        fields = {"name": name, "open": open_[-1][0], "line": open_[-1][1]}
        text = N_("</{name}> stands before <{open}> of line {line} is closed.")
        return Fault(text, fields, part="body", line=line)
    return Fault(N_("</{name}> closes nothing."), {"name": name}, part="body", line=line)


def html(text: str, holes: Holes, language: str) -> tuple[str, list[Fault]]:
    """The HTML, and what can't be read as MJML."""
    try:
        options = mrml.RenderOptions(disable_comments=True, fonts={})
        made = mrml.to_html(_prepared(text, holes, language), None, options)
    except OSError:
        return "", list(_unread(text))
    return _LETTER.sub(_shown, made.content), []


def _unread(text: str) -> Iterator[Fault]:
    """Where it is that can't be read; the library doesn't say, so each component is tried alone."""
    found = False
    for one in _LEAF.finditer(text):
        try:
            mrml.to_html(f"<mjml><mj-body>{one[0]}</mj-body></mjml>")
        except OSError:
            found = True
            fields = {"name": one[1]}
            said = N_(
                "What <{name}> holds can't be read: close every tag, and write < as &lt; where it is none."
            )
            yield Fault(said, fields, part="body", line=text.count("\n", 0, one.start()) + 1)
    if not found:
        yield Fault(
            N_("This can't be read as MJML: look at the quotes and brackets of its tags."), part="body"
        )


def _shown(found: re.Match[str]) -> str:
    """A letter that was hidden from the library; what HTML would take for something else stays as it is."""
    number = int(found[1])
    return chr(number) if 160 < number < 0x110000 and not 0xD800 <= number < 0xE000 else found[0]


def _prepared(text: str, holes: Holes, language: str) -> str:
    """What the library takes as we mean it.

    It writes attributes' values as Rust would write them for its programmers: letters that it doesn't print,
    line ends and backslashes with an escape. A tag of Liquid between components has to be called raw.
    """
    made = _lone(_TAG.sub(lambda found: found[0] if found[2] else "", text), holes)
    made = _ANY.sub(lambda found: _VALUE.sub(_valued, found[0]), made)
    if " lang=" not in made[: made.find(">") + 1]:
        made = re.sub(r"<mjml\b", f'<mjml lang="{language}" dir="{_direction(language)}"', made, count=1)
    return made.encode("ascii", "xmlcharrefreplace").decode()


def _direction(language: str) -> str:
    return "rtl" if language.partition("-")[0] in ("ar", "he", "fa", "ur") else "ltr"


def _valued(found: re.Match[str]) -> str:
    value = found[1] if found[1] is not None else found[2].replace('"', "&quot;")
    return f'="{" ".join(value.split())}"'.replace("\\", "&#92;")


def _lone(text: str, holes: Holes) -> str:
    """The text with `<mj-raw>` around each hole that stands between components."""
    pieces, at, inside = [], 0, ""
    for found in _TAG.finditer(text):
        between = text[at : found.start()]
        pieces.append(
            between if inside else holes.spot.sub(lambda hole: f"<mj-raw>{hole[0]}</mj-raw>", between)
        )
        pieces.append(found[0])
        at = found.end()
        if found[2] in _ENDING and not found[4]:
            inside = "" if found[1] and inside == found[2] else inside or (found[2] if not found[1] else "")
    return "".join([*pieces, text[at:]])
