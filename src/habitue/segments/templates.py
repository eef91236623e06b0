"""Segments to begin with: rules that many shops want, and what each needs to be there."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from habitue.kernel.i18n import LANGUAGES, Language
from habitue.rules.catalogue import Catalogue
from habitue.rules.check import walk
from habitue.rules.nodes import Consent, Trait
from habitue.rules.text import parse
from habitue.segments.saved import Segment


class Said(Struct, frozen=True):
    """A text in both languages."""

    en: str
    fr: str

    def said(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en


class Template(Struct, frozen=True):
    """A rule with a name; `{month}` in it stands for a month as two digits."""

    id: str
    name: Said
    about: Said
    rule: str

    def text(self, month: int) -> str:
        """The rule as chosen in a month."""
        return self.rule.replace("{month}", f"{month:02d}")

    def lacking(self, known: Catalogue) -> list[str]:
        """The events and traits that it is about and that the data don't hold."""
        names: dict[str, bool] = {}
        for node in walk(parse(self.text(1))):
            if isinstance(node, Trait | Consent):
                name = (
                    ".".join(("trait", *node.path)) if isinstance(node, Trait) else f"consent.{node.channel}"
                )
                names[name] = name in known.names
            for event in getattr(node, "events", ()):
                names[event] = event in known.events
        return [name for name, there in names.items() if not there]


@cache
def templates() -> dict[str, Template]:
    """Them all, by id, in their order."""
    text = files("habitue.segments").joinpath("templates.toml").read_text("utf-8")
    found: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {
        name: Template(name, Said(**one["name"]), Said(**one["about"]), one["rule"])
        for name, one in found.items()
    }


def told(segment: Segment, language: Language) -> Segment:
    """The segment as its reader is told of it: a template's own words, while unchanged, in their language."""
    for one in templates().values():
        if (segment.name, segment.about) in ((one.name.said(of), one.about.said(of)) for of in LANGUAGES):
            return replace(segment, name=one.name.said(language), about=one.about.said(language))
    return segment
