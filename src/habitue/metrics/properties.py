"""What the properties of events are like: how often they are there, of what types, with which values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

from habitue.kernel.i18n import N_
from habitue.metrics import personal
from habitue.metrics.personal import Kind
from habitue.metrics.sample import Sample, Some

Type = Literal["text", "number", "boolean", "list", "object", "null"]
SAID: Final[dict[Type, str]] = {
    "text": N_("text"),
    "number": N_("number"),
    "boolean": N_("true or false"),
    "list": N_("list"),
    "object": N_("object"),
    "null": N_("empty"),
}

EXAMPLES: Final = 3
LONGEST: Final = 60
"""Of a longer text nothing is shown."""

VALUES: Final = 500
"""So many values of a property are kept at most to be looked at."""

VALUE: Final = "value"

MOST: Final = 300
"""So many properties of a name are told; who sends more uses them as values."""


class Known(Struct, frozen=True):
    """A property: in what share of the events, of which types (the most frequent first), values that it often
    has (none of what is personal), and what personal data it seems to hold.
    """

    path: str
    share: float
    types: tuple[Type, ...]
    examples: tuple[str, ...]
    personal: Kind | None


class Found(Struct):
    """A property in some events: in how many, how often of each type, and values."""

    n: int = 0
    types: Counter[Type] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    texts: list[str] = []


def found(bodies: Iterable[str]) -> dict[str, Found]:
    """The properties of some events, by path; a list is looked through."""
    seen: dict[str, Found] = {}
    for body in bodies:
        here: set[str] = set()
        for path, value in _walk(msgspec.json.decode(body), ""):
            _note(seen.setdefault(path, Found()), value, path not in here)
            here.add(path)
    return seen


def value(body: str) -> str:
    """A trait's value as the properties of an event that has only this one."""
    return f'{{"{VALUE}":{body}}}'


def known(sample: Sample, times: Iterable[dict[str, Found]], name: str) -> list[Known]:
    """The properties of a name, of what was found at each time; those that most events have first."""
    parts = [(some, one) for some, one in zip(sample, times, strict=True) if some.bodies]
    paths = {path for _, one in parts for path in one}
    made = [_known(path, [(some, one.get(path, Found())) for some, one in parts], name) for path in paths]
    return sorted(made, key=lambda one: (-one.share, one.path))[:MOST]


def _known(path: str, parts: list[tuple[Some, Found]], name: str) -> Known:
    everything = sum(some.of for some, _ in parts)
    share = sum(some.of * one.n / len(some.bodies) for some, one in parts) / everything
    types: Counter[Type] = sum((one.types for _, one in parts), Counter())
    values: Counter[str] = sum((one.values for _, one in parts), Counter())
    texts = [text for _, one in parts for text in one.texts]
    said = f"{name}.{path}".removesuffix(f".{VALUE}") if name.startswith("trait.") else path
    holds = personal.looks(texts) or (
        personal.called(said) if {"text", "number", "list"} & set(types) else None
    )
    often = sorted(values, key=lambda text: (-values[text], text))[:EXAMPLES]
    return Known(
        path, share, tuple(kind for kind, _ in types.most_common()), () if holds else tuple(often), holds
    )


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            name = f"{path}.{key}" if path else key
            yield name, inner
            yield from _walk(inner, name)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict):
                yield from _walk(inner, path)


def _note(one: Found, value: Any, first: bool) -> None:
    one.n += first
    kind = _type(value)
    one.types[kind] += 1
    if kind in ("text", "number", "boolean") and len(one.texts) < VALUES:
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        if kind != "boolean":
            one.texts.append(text)
        if len(text) <= LONGEST:
            one.values[text] += 1


def _type(value: Any) -> Type:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "text"
        case list():
            return "list"
        case dict():
            return "object"
    return "number"
