"""How a stage is shown: its name and words in the reader's language, its colour, its place."""

from __future__ import annotations

from msgspec import Struct

from habitue.kernel.i18n import Language
from habitue.stages.models import Model


class Look(Struct, frozen=True):
    """One stage as a page shows it; `value` is its place in the definition, `id` its name in addresses."""

    value: int
    id: str
    name: str
    colour: str
    canonical: str


def looks(model: Model, language: Language) -> tuple[Look, ...]:
    """The stages in the order in which people read them."""
    stages = [(value, model.stages[value]) for value in model.shown]
    return tuple(
        Look(value, one.id, one.name.said(language), one.shade, one.canonical) for value, one in stages
    )
