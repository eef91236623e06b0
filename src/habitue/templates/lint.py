"""What a template should be looked at for before it is sent: all of it at once, errors and advice."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from liquid.exceptions import LiquidError
from msgspec import Struct

from habitue.kernel.i18n import N_
from habitue.rules.problem import nearest
from habitue.templates import press
from habitue.templates.fault import Fault, Part, Severity
from habitue.templates.holes import Holes
from habitue.templates.liquid import MARKS, tongue
from habitue.templates.places import Element, elements
from habitue.templates.press import Press, Ready, tried
from habitue.templates.segments import parts
from habitue.templates.shape import Template, Text

CUT: Final = 102 << 10
"""Bytes of HTML after which Gmail shows no more."""
SUBJECT: Final = 60
"""Characters of a subject that most phones and lists show."""
PREHEADER: Final = 140
SHOWN: Final = 280
"""Characters of a message on the site that leave room for the page."""
FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "shop": frozenset(
        ("name", "address", "website", "logo", "color", "currency", "timezone", "phone", "email")
    ),
    "links": frozenset(("unsubscribe", "preferences", "view", "answer")),
    "coupon": frozenset(("code", "expires", "value")),
    "message": frozenset(("language", "date")),
}
"""What is always there by these names."""
OPEN: Final = frozenset(("customer", "event", "webhook", "products", "stage", "account"))
"""What holds what the shop's own data hold."""


class Known(Struct, frozen=True):
    """The names that the shop's data hold: traits, and properties of events."""

    traits: Collection[str] = ()
    properties: Collection[str] = ()


def lint(template: Template, known: Known | None = None) -> tuple[Press | None, list[Fault]]:
    """The template made ready, where that can be; and all that there is to say of it, in its order."""
    made, faults = tried(template)
    found = [*faults, *_whole(template)]
    for language, text in template.texts.items():
        found += _envelope(template, text, language)
        found += _names(text, known or Known(), language)
        if made is not None:
            ready = made.ready[language]
            found += _body(template, text, ready, language)
    once = {(one.place, *sorted(map(str, one.fields.values()))): one for one in found}
    return made, sorted(once.values(), key=lambda one: one.place)


def _whole(template: Template) -> Iterator[Fault]:
    for language, text in template.texts.items():
        if not text.body.strip():
            yield Fault(N_("There is nothing in the body."), {}, "error", language, "body")


# --- around the body ------------------------------------------------------------------------------


def _envelope(template: Template, text: Text, language: str) -> Iterator[Fault]:
    if template.channel == "sms":
        yield from _segments(template, text, language)
    if template.channel == "inapp":
        yield from _notice(text, language)
    if template.channel != "email":
        return
    if not text.subject.strip():
        yield Fault(N_("There is no subject."), {}, "error", language, "subject")
    if (n := len(_bare(text.subject))) > SUBJECT:
        fields = {"n": n, "most": SUBJECT}
        yield Fault(N_("{n} characters: most readers see {most}."), fields, "warning", language, "subject")
    if not text.preheader.strip() and "<mj-preview" not in text.body:
        said = N_("There is none: mail programs will show the first words of the body after the subject.")
        yield Fault(said, {}, "warning", language, "preheader")
    if (n := len(_bare(text.preheader))) > PREHEADER:
        fields = {"n": n, "most": PREHEADER}
        yield Fault(N_("{n} characters: most readers see {most}."), fields, "warning", language, "preheader")


def _notice(text: Text, language: str) -> Iterator[Fault]:
    """What a message on the site needs."""
    if text.form != "text":
        said = N_("On the site a message is plain text: write form = “text”.")
        yield Fault(said, {}, "error", language, "body")
    if not text.subject.strip():
        yield Fault(N_("There is no title."), {}, "error", language, "subject")
    if (n := len(_bare(text.body).strip())) > SHOWN:
        told = N_("{n} characters: on a phone it covers the page beyond {most}.")
        yield Fault(told, {"n": n, "most": SHOWN}, "warning", language, "body")
    if text.link.strip() and not text.button.strip():
        yield Fault(N_("There are no words on the button."), {}, "error", language, "button")
    if text.button.strip() and not text.link.strip():
        yield Fault(N_("The button leads nowhere."), {}, "error", language, "link")
    holes = Holes(text.link.strip())
    if holes.text and not holes.spot.match(holes.text) and not press.leads(holes.spot.sub("x", holes.text)):
        said = N_("{name} leads nowhere: write a whole web address, or one of your site such as /sale.")
        yield Fault(said, {"name": text.link.strip()[:80]}, "error", language, "link")


def _bare(text: str) -> str:
    """The text with its Liquid as long as what usually stands there."""
    return re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "Camille", text, flags=re.DOTALL), flags=re.DOTALL)


def _segments(template: Template, text: Text, language: str) -> Iterator[Fault]:
    said = _bare(text.body)
    found = parts(said)
    fields: dict[str, Any] = {"n": found.n}
    if found.n > 1 and found.wide:
        fields["letters"] = " ".join(found.wide[:10])
        told = N_("This is sent, and paid for, as {n} text messages; without {letters} it would be fewer.")
        yield Fault(told, fields, "warning", language, "body")
    elif found.n > 1:
        told = N_("This is sent, and paid for, as {n} text messages.")
        yield Fault(told, fields, "warning", language, "body")
    if template.purpose != "transactional" and not re.search(r"\bSTOP\b|links\.unsubscribe", text.body):
        told = N_("Say how to say no, such as “STOP 36111”: the law asks for it. OVHcloud adds it itself.")
        yield Fault(told, {}, "warning", language, "body")


# --- in the body ----------------------------------------------------------------------------------


def _body(template: Template, text: Text, ready: Ready, language: str) -> Iterator[Fault]:
    if template.channel == "email" and template.purpose != "transactional" and not _leaves(ready):
        said = N_("There is no way to unsubscribe: link to {tag} in the footer.")
        yield Fault(said, {"tag": "{{ links.unsubscribe }}"}, "error", language, "body")
    if not ready.raw:
        return
    if (n := len(ready.raw.encode())) > CUT:
        fields = {"n": n >> 10, "most": CUT >> 10}
        said = N_(
            "{n} KB of HTML: Gmail shows the first {most} KB, and not the way to unsubscribe after them."
        )
        yield Fault(said, fields, "warning", language, "body")
    for element in elements(ready.raw):
        yield from _element(element, text, ready, language)


def _leaves(ready: Ready) -> bool:
    return any("links.unsubscribe" in one or "links.preferences" in one for one in ready.holes.taken)


def _element(one: Element, text: Text, ready: Ready, language: str) -> Iterator[Fault]:
    if one.name == "script":
        said = N_("Mail programs run no scripts: take <{name}> out.")
        yield Fault(said, {"name": one.name}, "error", language, "body", _line(f"<{one.name}", text))
    for name in (each.name for each in one.attributes if each.name.startswith("on")):
        said = N_("Mail programs run no scripts: take “{name}” out of <{tag}>, and leave the rest of it.")
        fields = {"name": name, "tag": one.name}
        yield Fault(said, fields, "error", language, "body", _line(name, text))
    if one.name == "img":
        source = one.get("src") or ""
        if one.get("alt") is None:
            said = N_("The picture {name} has no words for those who don’t see it: give it an alt.")
            yield _at(said, source, text, ready, language)
        if "width" not in {each.name for each in one.attributes} and text.form == "html":
            yield _at(
                N_("The picture {name} has no width: Outlook shows it as large as it is."),
                source,
                text,
                ready,
                language,
            )
        yield from _address(source, text, ready, language, followed=False)
    if one.name == "a":
        yield from _address(
            (one.get("href") or "").strip("".join(MARKS)), text, ready, language, followed=True
        )


def _address(value: str, text: Text, ready: Ready, language: str, followed: bool) -> Iterator[Fault]:
    """What is wrong with an address, as far as it can be seen without asking for it."""
    shown = ready.holes.spot.sub("x", value).strip()
    if ready.holes.spot.match(value.strip()) or (followed and value.startswith("#") and len(value) > 1):
        return
    if not shown or shown == "#":
        if followed:
            yield _at(N_("A link leads nowhere."), value, text, ready, language, "error", seek='href=""')
        else:
            yield _at(N_("A picture has no address."), value, text, ready, language, "error", seek='src=""')
        return
    scheme, said = shown.partition(":")[0].lower(), None
    if scheme in ("mailto", "tel") and followed:
        return
    if scheme not in ("http", "https"):
        said = N_("{name} is no whole web address: write it with https://.")
    elif " " in shown or not _hosted(shown):
        said = N_("{name} is no web address.")
    if said:
        yield _at(said, value, text, ready, language, "error")
    elif scheme == "http":
        yield _at(N_("{name} is not encrypted: write it with https://."), value, text, ready, language)


def _hosted(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return "." in host.strip(".") or host == "localhost"


def _at(
    said: str,
    value: str,
    text: Text,
    ready: Ready,
    language: str,
    severity: Severity = "warning",
    seek: str = "",
) -> Fault:
    shown = ready.holes.shown(value)
    fields = {"name": shown if len(shown) <= 80 else f"{shown[:79]}…"}
    return Fault(
        said,
        fields,
        severity,
        language,
        "body",
        _line(seek or shown.partition("{")[0], text),
    )


def _line(seek: str, text: Text) -> int:
    """The line on which this stands; 0 where it can't be told."""
    at = text.body.find(seek) if seek else -1
    return text.body.count("\n", 0, at) + 1 if at >= 0 else 0


# --- the names ------------------------------------------------------------------------------------


def _names(text: Text, known: Known, language: str) -> Iterator[Fault]:
    for part, said in press.parts(text):
        with suppress(LiquidError, RecursionError):  # what can't be read is told where it is read
            template = tongue(language, escaping=False).from_string(said)
            for found in template.analyze(include_partials=False).globals.values():
                for one in found:
                    place = language, part, said.count("\n", 0, one.span.index) + 1
                    yield from _name([str(segment) for segment in one.segments], known, *place)


def _name(path: Sequence[str], known: Known, language: str, part: Part, line: int) -> Iterator[Fault]:
    root, *rest = path
    if root not in FIELDS and root not in OPEN:
        roots = sorted({*FIELDS, *OPEN})
        near = nearest(root, roots) or (f"customer.{root}" if root in known.traits else None)
        text, fields = _unknown(root, near, ", ".join(roots))
        yield Fault(text, fields, "error", language, part, line)
        return
    names = FIELDS.get(root) or _held(root, known)
    if rest and names and rest[0] not in names and ".".join(rest) not in names:
        near = nearest(rest[0], names)
        text, fields = _unknown(f"{root}.{rest[0]}", f"{root}.{near}" if near else None, "")
        yield Fault(text, fields, "error" if root in FIELDS else "warning", language, part, line)


def _held(root: str, known: Known) -> Collection[str]:
    return known.traits if root == "customer" else known.properties if root == "event" else ()


def _unknown(name: str, near: str | None, among: str) -> tuple[str, dict[str, str]]:
    if near:
        return N_("Nothing is called “{name}”. Did you mean “{near}”?"), {"name": name, "near": near}
    if among:
        return N_("Nothing is called “{name}”. There are: {known}."), {"name": name, "known": among}
    return N_("The data hold nothing called “{name}”."), {"name": name}
