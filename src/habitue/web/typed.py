"""A template as its form has it, and after a button of that form."""

from __future__ import annotations

from typing import Any, cast

from msgspec.structs import replace

from habitue.kernel.i18n import LANGUAGES, Language
from habitue.templates import starters
from habitue.templates.shape import CHANNELS, FORMS, LANGUAGE, PLACES, Channel, Form, Place, Template, Text


def field(data: dict[str, Any], name: str) -> str:
    """A field; empty where it is missing."""
    found = data.get(name, "")
    return str(found[0] if isinstance(found, list) and found else found or "")


def read(data: dict[str, Any]) -> Template:
    """The template as the form has it. Browsers send lines with CR LF."""
    languages = [each for each in field(data, "languages").split(",") if LANGUAGE.fullmatch(each)] or ["en"]
    return Template(
        field(data, "slug").strip() or field(data, "own"),
        {each: _text(data, each) for each in languages},
        field(data, "name").strip(),
        field(data, "about").strip(),
        channel(field(data, "channel")),
        field(data, "purpose") or "marketing",
        cast(Place, _among(field(data, "place"), PLACES)),
    )


def channel(told: str) -> Channel:
    """The channel of that name, else e-mail."""
    return cast(Channel, _among(told, CHANNELS))


def _among(told: str, known: tuple[str, ...]) -> str:
    return told if told in known else known[0]


def _text(data: dict[str, Any], language: str) -> Text:
    names = ("body", "subject", "preheader", "button", "link")
    body, *lines = (field(data, f"{language}.{name}").replace("\r\n", "\n") for name in names)
    subject, preheader, button, link = (line.strip() for line in lines)
    form = cast(Form, _among(field(data, f"{language}.form"), FORMS))
    return Text(body, subject, preheader, form, button, link)


def done(template: Template, act: str) -> Template:
    """After a button: a language more or less, or a block before the last section."""
    verb, *rest = act.split() or [""]
    if verb == "add" and rest and rest[0] in LANGUAGES:
        spoken: Language = "fr" if rest[0] == "fr" else "en"
        text = starters.empty("", spoken, template.channel).texts[spoken]
        return replace(template, texts={**template.texts, rest[0]: text})
    if verb == "drop" and rest and len(template.texts) > 1:
        return replace(
            template, texts={name: text for name, text in template.texts.items() if name != rest[0]}
        )
    if verb == "block" and len(rest) == 2 and rest[0] in starters.BLOCKS and rest[1] in template.texts:
        text = template.texts[rest[1]]
        at = max(text.body.rfind("    <mj-section"), 0) or len(text.body)
        block = starters.block(rest[0], "fr" if rest[1][:2] == "fr" else "en")
        own = replace(text, body=text.body[:at] + block + text.body[at:])
        return replace(template, texts={**template.texts, rest[1]: own})
    return template
