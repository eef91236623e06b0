"""A template made ready: everything that is the same in all its mails is done once, and the holes are left.

`pressed` refuses a template with all that is wrong with it; `Press.fill` writes one mail.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from liquid import BoundTemplate
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.primitive import IntegerLiteral, RangeLiteral
from liquid.exceptions import LiquidError
from msgspec import Struct

from habitue.kernel.i18n import N_
from habitue.templates import mjml, places, plain
from habitue.templates.fault import Fault, Part, TemplateError, Unfit, missing
from habitue.templates.filters import OWN
from habitue.templates.holes import Holes
from habitue.templates.liquid import MARKS, expressions, tongue
from habitue.templates.liquid import plain as reason
from habitue.templates.shape import Template, Text
from habitue.templates.sheet import Sheet

SUBJECT: Final = 250
"""Characters of a subject; what is longer was not written by the template."""
_WORDS: Final = 40
"""Characters on a button."""
_GOOD: Final = re.compile(r"(?:https?://[^\s\\/?#@]+(?:[/?#][^\s\\]*)?|/(?!/)[^\s\\]*)", re.IGNORECASE)
"""An address that a button may lead to: a whole one, or one of the site that it is shown on."""
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f\x85\u2028\u2029]+")
_BODY: Final = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
# What mail programs show after the subject stops here, not in the middle of the first paragraph.
_FILL: Final = "&#847;&zwnj;&nbsp;" * 40
_PREHEADER: Final = (
    '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;font-size:1px;line-height:1px;'
    'opacity:0">'
    "{said}{fill}</div>"
)

Wrap = Callable[[str], str]
"""What makes another address of an address that a reader may follow."""


class Filled(NamedTuple):
    """One message. `html` is empty where the template has none."""

    subject: str
    preheader: str
    html: str
    text: str
    button: str = ""
    link: str = ""


class Ready(NamedTuple):
    """One language of a template: its parts with their holes, and the HTML as it is before any is filled."""

    subject: Sheet
    preheader: Sheet
    html: Sheet | None
    text: Sheet
    raw: str
    holes: Holes
    button: Sheet
    link: Sheet


class Press(Struct, frozen=True, eq=False):
    """A template that can be sent: it fills in a mail at a time."""

    template: Template
    ready: Mapping[str, Ready]

    def fill(
        self, values: Mapping[str, Any], language: str | None = None, wrap: Wrap | None = None
    ) -> Filled:
        """One message in the language asked for or the first; raises `Unfit` with why it can't be written.

        `wrap` is given each web address that a reader may follow.
        """
        ready = self.ready[self.template.language(language)]
        subject = _SPACE.sub(" ", ready.subject.filled(values)).strip()
        if self.template.channel in ("email", "inapp") and not subject:
            raise missing("subject")
        if len(subject) > SUBJECT:
            raise Unfit("limit", N_("The subject became too long: {n} characters."), n=len(subject))
        return Filled(
            subject,
            _SPACE.sub(" ", ready.preheader.filled(values)).strip(),
            ready.html.filled(values, _led(wrap, _unescaped, markup.escape)) if ready.html else "",
            plain.tidy(ready.text.filled(values, _led(wrap, str, str))),
            *_buttoned(ready, values),
        )


def _buttoned(ready: Ready, values: Mapping[str, Any]) -> tuple[str, str]:
    """The words on the button, and where it leads; nothing where there is none."""
    button = _SPACE.sub(" ", ready.button.filled(values)).strip()
    link = markup.unescape(ready.link.filled(values)).strip("".join(MARKS) + " ")
    if len(button) > _WORDS:
        raise Unfit("limit", N_("The button says too much: {n} characters."), n=len(button))
    if link and not leads(link):
        raise Unfit("value", N_("“{value}” is no web address."), value=link[:80])
    return button, link


def leads(link: str) -> bool:
    """Whether a button may lead there: by HTTP, or to a page of the site that it stands on."""
    return _GOOD.fullmatch(link) is not None


def parts(text: Text) -> tuple[tuple[Part, str], ...]:
    """Whatever may hold Liquid."""
    return (
        ("subject", text.subject),
        ("preheader", text.preheader),
        ("body", text.body),
        ("button", text.button),
        ("link", text.link),
    )


def _led(wrap: Wrap | None, open_: Wrap, close: Wrap) -> Callable[[str], str]:
    """What stands as a link becomes the one that is sent."""

    def led(link: str) -> str:
        address = open_(link)
        if wrap is None or not _followed(address):
            return link
        return close(wrap(address))

    return led


_unescaped: Final = lru_cache(1024)(markup.unescape)
"""A template's links are the same in all its mails."""


@lru_cache(1024)
def _followed(address: str) -> bool:
    return address.lower().startswith(("http:", "https:"))


def pressed(template: Template) -> Press:
    """Make the template ready; raises `TemplateError` with all that is wrong."""
    press, faults = tried(template)
    wrong = [one for one in faults if one.severity == "error"]
    if wrong or press is None:
        raise TemplateError(wrong)
    return press


def tried(template: Template) -> tuple[Press | None, list[Fault]]:
    """The template made ready, where that can be; and what is wrong with how it is written."""
    ready: dict[str, Ready] = {}
    faults: list[Fault] = []
    for language, text in template.texts.items():
        made, wrong = _language(text, language)
        faults += (_of(one, language) for one in wrong)
        if made is not None:
            ready[language] = made
    whole = len(ready) == len(template.texts)
    return Press(template, ready) if whole else None, faults


def _of(fault: Fault, language: str) -> Fault:
    return Fault(fault.text, fault.fields, fault.severity, language, fault.part, fault.line)


def _language(text: Text, language: str) -> tuple[Ready | None, list[Fault]]:
    faults = [fault for part, said in parts(text) for fault in _liquid(said, part, language)]
    made, holes, wrong = _html(text, language)
    faults += wrong
    if any(one.severity == "error" for one in faults):
        return None, faults
    bare, full = tongue(language, escaping=False), tongue(language, escaping=True)
    said = plain.text(made) if made else holes.text
    ready = Ready(
        Sheet(bare.from_string(text.subject)),
        Sheet(bare.from_string(text.preheader)),
        Sheet(full.from_string(holes.shown(made))) if made else None,
        Sheet(bare.from_string(holes.shown(said))),
        made,
        holes,
        Sheet(bare.from_string(text.button)),
        Sheet(full.from_string(_address(text.link))),
    )
    return ready, faults


def _address(link: str) -> str:
    """A button's address, whose holes let through what fits their place in one."""
    holes = Holes(link.strip())
    made, _ = places.guarded(f'<a href="{markup.escape(holes.text)}">', holes)
    return holes.shown(made.removeprefix('<a href="').removesuffix('">'))


def _html(text: Text, language: str) -> tuple[str, Holes, list[Fault]]:
    """The body as HTML with its holes hidden; empty of a text."""
    body = text.body.translate(dict.fromkeys(map(ord, MARKS)))
    holes = Holes(body)
    if text.form == "text":
        return "", holes, []
    made, faults = holes.text, []
    if text.form == "mjml":
        faults = list(mjml.faults(holes.text))
        if not faults:
            made, faults = mjml.html(holes.text, holes, language)
    if faults:
        return "", holes, faults
    made, faults = places.guarded(places.uncommented(made), holes)
    return _introduced(made, text.preheader, holes), holes, faults


def _introduced(made: str, preheader: str, holes: Holes) -> str:
    """The HTML with the line that mail programs show after the subject, where the body has none."""
    if not preheader.strip():
        return made
    own = Holes(preheader)
    # Numbers of its own would meet the body's: its pieces of Liquid are taken out once more, as the body's.
    said = own.spot.sub(lambda found: holes.put(own.taken[int(found[1])]), markup.escape(own.text))
    hidden = _PREHEADER.format(said=said, fill=_FILL)
    found = _BODY.search(made)
    return made[: found.end()] + hidden + made[found.end() :] if found else hidden + made


# --- what is wrong with the Liquid ----------------------------------------------------------------


def _liquid(said: str, part: Part, language: str) -> Iterator[Fault]:
    """All that is wrong: each hole is read alone first, so that one mistake doesn't hide another."""
    holes, env = Holes(said), tongue(language, escaping=False)
    wrong = False
    for number, piece in enumerate(holes.taken):
        if holes.says(number) is not None:
            for fault in _parsed(piece, part, holes.line(number), language):
                wrong = True
                yield fault
    if wrong:
        return
    try:
        whole = env.from_string(said)
    except (LiquidError, RecursionError) as error:
        yield _unread(error, part, 0)
        return
    yield from _used(whole, said, part)


def _parsed(piece: str, part: Part, line: int, language: str) -> Iterator[Fault]:
    try:
        tongue(language, escaping=False).from_string(piece)
    except (LiquidError, RecursionError) as error:
        yield _unread(error, part, line)


def _unread(error: BaseException, part: Part, line: int) -> Fault:
    found = error.context() if isinstance(error, LiquidError) else None
    at = line or (found[0] if found else 0)
    return Fault(N_("This can't be read: {reason}."), {"reason": reason(error)}, part=part, line=at)


def _used(whole: BoundTemplate, said: str, part: Part) -> Iterator[Fault]:
    """Filters that are not there, and ranges without an end."""
    for one in expressions(whole):
        line = said.count("\n", 0, max(one.token.start_index, 0)) + 1
        if isinstance(one, FilteredExpression):
            for each in one.filters or []:
                if each.name not in OWN:
                    fields = {"name": each.name, "known": ", ".join(sorted(OWN))}
                    yield Fault(
                        N_("There is no filter “{name}”. There are: {known}."), fields, part=part, line=line
                    )
        if isinstance(one, RangeLiteral) and not _short(one):
            yield Fault(
                N_("A range goes from one number to another, no more than 1,000 apart."), part=part, line=line
            )


def _short(one: RangeLiteral) -> bool:
    ends = one.start, one.stop
    if not all(isinstance(end, IntegerLiteral) for end in ends):
        return False
    first, last = (int(getattr(end, "value", 0)) for end in ends)
    return last - first < 1_000
