"""Alerts to begin with, in both languages."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from habitue.kernel.i18n import Language


class Recipe(Struct, frozen=True):
    """An alert's body without its words."""

    id: str
    names: dict[str, str]
    abouts: dict[str, str]
    body: dict[str, Any]

    def said(self, language: Language) -> dict[str, Any]:
        """The body in a language."""
        return {"id": self.id, "name": self.names[language], "about": self.abouts[language], **self.body}


@cache
def recipes() -> dict[str, Recipe]:
    """Them all, by id, what most shops need first."""
    folder = files("habitue.alerts").joinpath("recipes")
    found = [
        _read(entry.name.removesuffix(".toml"), entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    ]
    return {one.id: one for _, one in sorted(found, key=lambda pair: pair[0])}


def _read(name: str, text: str) -> tuple[int, Recipe]:
    raw = tomllib.loads(text)
    about = raw.pop("recipe")
    return int(about["place"]), Recipe(name, about["name"], about["about"], raw)
