"""What the engine is asked to keep: definitions, in the order in which they can be folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from habitue.rules import nodes
from habitue.rules.check import walk

Subject = Literal["person", "account"]


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a segment or a stage model; its intervals are kept under `version`.

    A watch is a rule that a journey looks out for: nothing refers to it.
    The values are the stages in order of precedence (a segment has one, "in"); each has the rule at
    the same place, None for "else". A subject has a value exactly while `population` holds.
    `terminal` are the places of the values that end a life.
    """

    version: int
    kind: Literal["segment", "model", "watch"]
    id: str
    subject: Subject
    values: tuple[str, ...]
    rules: tuple[nodes.Rule | None, ...]
    population: nodes.Rule | None = None
    terminal: frozenset[int] = field(default_factory=frozenset)

    @property
    def all(self) -> tuple[nodes.Rule, ...]:
        """Every rule of it, that of its population too."""
        return tuple(rule for rule in (*self.rules, self.population) if rule is not None)


@dataclass(frozen=True, slots=True)
class Book:
    """The definitions that rules may refer to, by id."""

    models: dict[str, Definition] = field(default_factory=dict)
    segments: dict[str, Definition] = field(default_factory=dict)

    @classmethod
    def of(cls, definitions: Sequence[Definition]) -> Book:
        return cls(
            {d.id: d for d in definitions if d.kind == "model"},
            {d.id: d for d in definitions if d.kind == "segment"},
        )

    def __iter__(self) -> Iterator[Definition]:
        yield from self.models.values()
        yield from self.segments.values()

    def needs(self, definition: Definition) -> list[Definition]:
        """The definitions that this one refers to, itself left out."""
        found = []
        for rule in definition.all:
            for node in walk(rule):
                if isinstance(node, nodes.Stage) and node.model in self.models:
                    found.append(self.models[node.model])
                elif isinstance(node, nodes.Segment) and node.id in self.segments:
                    found.append(self.segments[node.id])
        return found


def in_order(definitions: Sequence[Definition]) -> list[Definition]:
    """The definitions, each after those that it refers to; references have no circles (`rules.check`)."""
    book = Book.of(definitions)
    done: dict[int, Definition] = {}

    def place(definition: Definition) -> None:
        if definition.version not in done:
            for needed in book.needs(definition):
                place(needed)
            done[definition.version] = definition

    for definition in definitions:
        place(definition)
    return list(done.values())
