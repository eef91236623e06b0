"""What every kind of watch is: it reads one figure at any instant, past ones too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.kernel.clock import Micros
from habitue.kernel.i18n import Language, translator
from habitue.store.warehouse import Warehouse

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Form = Literal["count", "share", "money", "hours"]
Control = Literal["model", "stage", "segment", "event", "source", "journey", "length", "choice"]


class Asked(Struct, frozen=True):
    """How a setting is asked for: its words, by which control, and its choices where it has some of its own.

    `free` may be left empty, and then means what `any` says.
    """

    label: str
    control: Control
    choices: tuple[tuple[str, str], ...] = ()
    free: bool = False
    any: str = ""


class Spoken(Protocol):
    """A name that each language has its own of."""

    def said(self, language: Language) -> str: ...


class Plain(Struct, frozen=True):
    """A name that is the same in every language."""

    text: str

    def said(self, _: Language) -> str:
        return self.text


class Stages(Struct, frozen=True):
    """A live stage model as a watch needs it: the version of its intervals, and each stage's value."""

    version: int
    values: Mapping[str, int]


class Ground(Struct, frozen=True):
    """What watches read. `sent` counts a journey's messages in each hour from an instant on; `born` is when
    the shop's first event was, None before there is one. Money has so many `digits` behind the point.
    """

    warehouse: Warehouse
    zone: str
    models: Mapping[str, Stages]
    segments: Mapping[str, int]
    sent: Callable[[str, Micros], Mapping[Micros, int]]
    born: Micros | None
    digits: int = 2


class Names(Struct, frozen=True):
    """What things are called: models, `model.stage`, segments and journeys, each by its id."""

    models: Mapping[str, Spoken] = {}
    stages: Mapping[str, Spoken] = {}
    segments: Mapping[str, Spoken] = {}
    journeys: Mapping[str, Spoken] = {}
    events: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def called(self, kind: Literal["models", "stages", "segments", "journeys"], name: str) -> Spoken:
        """The name, or the id where it is not known any more."""
        known: Mapping[str, Spoken] = getattr(self, kind)
        return known.get(name, Plain(name))


class Said(Struct, frozen=True):
    """A message with its fields, which may have words of their own in each language."""

    text: str
    fields: Mapping[str, Any] = {}

    def said(self, language: Language) -> str:
        return translator(language)(self.text, **self.fields)


class Kind(Struct, frozen=True, kw_only=True, tag_field="is", forbid_unknown_fields=True):
    """Something that can be watched; what it is set to are texts, each an `Asked`."""

    title: ClassVar[str]
    about: ClassVar[str]
    icon: ClassVar[str]

    @classmethod
    def name(cls) -> str:
        """By which files call it."""
        return str(cls.__struct_config__.tag)

    @property
    def form(self) -> Form:
        """How its figure is written."""
        return "count"

    def span(self) -> str:
        """The length that its figure sums up; empty for one that holds at an instant."""
        return str(getattr(self, "within", ""))

    def figures(self, ground: Ground, since: Ints, at: Ints) -> Floats:
        """The figure at each of these instants, which rise; of what happened, from `since` until then.

        NaN where it can't be known.
        """
        raise NotImplementedError

    def told(self, names: Names) -> Said:
        """What is watched, as a noun phrase that begins a line."""
        raise NotImplementedError

    def behind(self, since: Micros, at: Micros) -> str:
        """The page that shows what is behind the figure."""
        raise NotImplementedError
