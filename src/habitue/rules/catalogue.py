"""The names that the data hold, as far as a rule may be warned of others."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple, TypeAlias

from msgspec import Struct

Path: TypeAlias = tuple[str, ...]


class Sample(NamedTuple):
    """So many events of one name, and where their properties stand."""

    events: int
    paths: Collection[Path]


class Catalogue(Struct, frozen=True):
    """The names seen in the data: of events, and of traits, scores and consents as `trait.address.city`.

    `props` looks at some events of a name that was seen.
    """

    events: Collection[str]
    names: Collection[str]
    props: Callable[[str], Sample] = lambda _: Sample(0, ())
