"""What a journey is checked against: the names that there are around it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from habitue.rules.catalogue import Catalogue


class Around(Struct, frozen=True):
    """What is None is not checked; `templates`, `journeys` and `coupons` are the names of those there are.

    A template or a pool that is missing is a warning, and an error where the journey is to be `live`.
    """

    catalogue: Catalogue | None = None
    models: Mapping[str, Collection[str]] | None = None
    segments: Collection[str] | None = None
    templates: Collection[str] | None = None
    journeys: Collection[str] | None = None
    coupons: Collection[str] | None = None
    live: bool = False
