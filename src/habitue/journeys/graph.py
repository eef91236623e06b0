"""A journey as a frozen value: who enters, what happens to them, and what takes them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, TypeAlias

from msgspec import Struct

from habitue.journeys.asked import Asked
from habitue.journeys.entries import Entry
from habitue.journeys.roles import Kind, Watch
from habitue.kernel.i18n import N_


class Branch(Struct, frozen=True):
    """One way on from a step: its settings (None where its kind has none for it) and its steps."""

    id: str
    settings: Struct | None = None
    steps: tuple[Step, ...] = ()


class Step(Struct, frozen=True):
    """One step; after its branches everybody goes on with the step that follows it."""

    id: str
    does: Kind
    branches: tuple[Branch, ...] = ()


class Goal(Struct, frozen=True, omit_defaults=True):
    """What the journey is for; whoever reaches it in time counts as converted."""

    rule: Annotated[str, Asked(N_("When this begins to hold"), N_("A rule about the customer."), "rule")] = ""
    event: Annotated[str, Asked(N_("Or when this happens"), N_("Such as Order Completed."), "event")] = ""
    where: Annotated[str, Asked(N_("With"), N_("A condition on the event’s own properties."), "where")] = ""
    within: Annotated[
        str, Asked(N_("Within"), N_("Of entering the journey; later it counts no more."), "duration")
    ] = "30d"
    leaves: Annotated[
        bool, Asked(N_("Leave the journey then"), N_("Who has reached it gets nothing more."), "yes")
    ] = True

    @property
    def watch(self) -> Watch:
        return Watch(self.rule, self.event, self.where)


class Leave(Struct, frozen=True, omit_defaults=True):
    """What takes customers out, wherever they are."""

    rule: Annotated[str, Asked(N_("When this holds"), N_("A rule about the customer."), "rule")] = ""
    event: Annotated[str, Asked(N_("Or when this happens"), N_("Such as Order Completed."), "event")] = ""
    where: Annotated[str, Asked(N_("With"), N_("A condition on the event’s own properties."), "where")] = ""

    @property
    def watch(self) -> Watch:
        return Watch(self.rule, self.event, self.where)


class Head(Struct, frozen=True, omit_defaults=True):
    """What is said of a journey as a whole."""

    name: Annotated[str, Asked(N_("Name"), N_("What people call it."))] = ""
    about: Annotated[str, Asked(N_("What it is for"), "", "long")] = ""
    again: Annotated[
        str,
        Asked(
            N_("Entering again"),
            N_(
                "never, always (once the time before is over), or a length such as 30d since the time before."
            ),
            "words",
        ),
    ] = "always"
    holdout: Annotated[
        float,
        Asked(
            N_("Control group"),
            N_("The share of those who would enter that is left alone; 0.1 is one in ten."),
            "share",
        ),
    ] = 0.0
    priority: Annotated[
        int,
        Asked(N_("Priority"), N_("Where two journeys want to write at once, the higher one does."), "whole"),
    ] = 0
    late: Annotated[
        str,
        Asked(
            N_("Too late after"), N_("What could not be sent in time is sent no more after this."), "duration"
        ),
    ] = "24h"


class Journey(Struct, frozen=True):
    """One version of a journey."""

    id: str
    head: Head
    entry: Entry
    steps: tuple[Step, ...] = ()
    exits: tuple[Leave, ...] = ()
    goal: Goal | None = None

    @property
    def title(self) -> str:
        return self.head.name or self.id

    def every(self) -> Iterator[Step]:
        """All steps, in the order of the document."""
        yield from walk(self.steps)

    def watches(self) -> tuple[Watch, ...]:
        """All that it looks out for, each once."""
        found: list[Watch] = [*self.entry.watches(), *(one.watch for one in self.exits)]
        if self.goal:
            found.append(self.goal.watch)
        for step in self.every():
            found += step.does.watches()
            found += [
                Watch(when) for branch in step.branches if (when := getattr(branch.settings, "when", ""))
            ]
        return tuple(dict.fromkeys(found))


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """These steps and all below them, in the order of the document."""
    for step in steps:
        yield step
        for branch in step.branches:
            yield from walk(branch.steps)


Steps: TypeAlias = tuple[Step, ...]
MOST: Final = 200
"""So many steps a journey has at most."""
