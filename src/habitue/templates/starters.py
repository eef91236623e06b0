"""Templates to begin with, and the blocks that they are made of: each is one file, in English and French."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from habitue.kernel.i18n import LANGUAGES, N_, Language
from habitue.templates.shape import Channel, Template, Text

BLOCKS: Final = {
    "header": N_("Header"),
    "text": N_("Text"),
    "products": N_("Products"),
    "coupon": N_("Coupon"),
    "button": N_("Button"),
    "survey": N_("Question with answers"),
    "footer": N_("Footer with unsubscribe"),
}
"""What can be put into a body."""
_PLACE: Final = re.compile(r"<!-- (\w+) -->")


class Starter(Struct, frozen=True):
    """A template that nobody has made their own yet."""

    id: str
    order: int
    names: dict[Language, str]
    abouts: dict[Language, str]
    template: Template

    def named(self, slug: str, language: Language) -> Template:
        """It as a template of one's own; the reader's language comes first."""
        first = [language, *(one for one in LANGUAGES if one != language)]
        texts: dict[str, Text] = {one: self.template.texts[one] for one in first}
        return Template(
            slug,
            texts,
            self.names[language],
            self.abouts[language],
            self.template.channel,
            self.template.purpose,
        )


@cache
def starters() -> dict[str, Starter]:
    """Them all, by id, in their order."""
    folder = files("habitue.templates").joinpath("starters")
    found = [
        _read(one.name[:-5], one.read_text("utf-8")) for one in folder.iterdir() if one.name[-5:] == ".toml"
    ]
    return {one.id: one for one in sorted(found, key=lambda one: one.order)}


def told(template: Template, language: Language) -> Template:
    """The template as its reader is told of it: a starter's own words, while unchanged, in their language."""
    for one in starters().values():
        if (template.name, template.about) in ((one.names[of], one.abouts[of]) for of in LANGUAGES):
            return replace(template, name=one.names[language], about=one.abouts[language])
    return template


def empty(slug: str, language: Language, channel: Channel = "email") -> Template:
    """A template with nothing in it but its frame."""
    if channel != "email":
        return Template(slug, {language: Text("", form="text")}, channel=channel)
    body = framed("<!-- text -->\n", language)
    return Template(slug, {language: Text(body, "", "")})


@cache
def block(name: str, language: Language) -> str:
    """A block as MJML."""
    folder = files("habitue.templates").joinpath("blocks")
    own, shared = folder.joinpath(f"{name}.{language}.mjml"), folder.joinpath(f"{name}.mjml")
    return (own if own.is_file() else shared).read_text("utf-8")


def framed(content: str, language: Language) -> str:
    """A whole body around this, with the blocks that it names in their places."""
    whole = _PLACE.sub(lambda found: block(found[1], language).rstrip("\n"), content)
    parts = block("head", language), block("header", language), whole, block("footer", language)
    return "".join(parts) + block("foot", language)


def _read(name: str, text: str) -> Starter:
    told: dict[str, Any] = tomllib.loads(text)
    texts = {
        one: Text(framed(told[one]["content"], one), told[one]["subject"], told[one]["preheader"])
        for one in LANGUAGES
    }
    template = Template(name, cast(dict[str, Text], texts), told["name"]["en"], "", "email", told["purpose"])
    return Starter(name, told["order"], told["name"], told["about"], template)
