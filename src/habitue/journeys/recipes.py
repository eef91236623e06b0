"""Journeys to begin with: what many shops want, in both languages, and for which stage and goal each is."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from habitue.kernel.i18n import LANGUAGES, Language


class Recipe(Struct, frozen=True):
    """A journey's body without its words; `stage` is a canonical stage, `templates` the starters it sends."""

    id: str
    stage: str
    names: dict[str, str]
    abouts: dict[str, str]
    goals: dict[str, str]
    templates: dict[str, str]
    body: dict[str, Any]

    def said(self, language: Language) -> dict[str, Any]:
        """The body in a language."""
        words = {"id": self.id, "name": self.names[language], "about": self.abouts[language]}
        return {**words, **_spoken(self.body, language)}


@cache
def recipes() -> dict[str, Recipe]:
    """Them all, by id, in the order of a customer's life."""
    folder = files("habitue.journeys").joinpath("recipes")
    found = [
        _read(entry.name.removesuffix(".toml"), entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    ]
    return {one.id: one for _, one in sorted(found, key=lambda pair: pair[0])}


def _spoken(part: Any, language: Language) -> Any:
    """The same, where what is said in both languages is said in one."""
    if isinstance(part, dict):
        if set(part) == {*LANGUAGES}:
            return part[language]
        return {key: _spoken(one, language) for key, one in part.items()}
    return [_spoken(one, language) for one in part] if isinstance(part, list) else part


def _read(name: str, text: str) -> tuple[int, Recipe]:
    raw = tomllib.loads(text)
    about = raw.pop("recipe")
    made = Recipe(
        name, about["stage"], about["name"], about["about"], about["goal"], about.get("templates", {}), raw
    )
    return int(about["place"]), made
