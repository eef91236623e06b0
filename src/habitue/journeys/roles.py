"""What a step can do with those who come to it, many at once: wait, choose a way, act.

A kind of step is a struct of its settings in a file of `kinds/`. Live runs, replays of the past and dry runs
all go through the same few methods, over arrays: one element for each customer who is there.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.engine.sweep import NEVER, Ints
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_

__all__ = ["NEVER", "Ints"]

Flags: TypeAlias = NDArray[np.bool_]


class Watch(Struct, frozen=True, omit_defaults=True):
    """Something that is looked out for: a rule that comes to hold, or an event that happens."""

    rule: str = ""
    event: str = ""
    where: str = ""

    def __bool__(self) -> bool:
        return bool(self.rule or self.event)


class Facts(Protocol):
    """What is known of customers, in whatever time it is asked."""

    def next(self, watch: Watch, persons: Ints, after: Ints) -> Ints:
        """From when on it holds, `after` itself included for a rule; an event counts later only. Or NEVER."""

    def turns(self, watch: Watch, persons: Ints, after: Ints) -> Ints:
        """When it first begins to hold later than `after`; or NEVER."""

    def traits(self, name: str, persons: Ints) -> Sequence[Any]:
        """A trait of each, None where it isn't set."""

    def zones(self, persons: Ints) -> tuple[Sequence[str], Ints]:
        """Time zones, and which of them is whose."""


class Here(NamedTuple):
    """Those who are at a step: who, since when, and when they entered the journey."""

    journey: str
    step: str
    person: Ints
    at: Ints
    entered: Ints
    facts: Facts


# --- what is to be done, as data ------------------------------------------------------------------


class Message(Struct, frozen=True):
    """Put into the outbox, which decides whether it leaves."""

    channel: str
    purpose: str
    template: str
    language: str | None = None
    values: dict[str, Any] = {}


class Happening(Struct, frozen=True):
    """Goes to the log as an event of the customer's."""

    name: str
    props: dict[str, Any]


class Task(Struct, frozen=True):
    """For somebody of the team, beside the customer."""

    text: str
    due: Micros
    assignee: str | None = None


class Enrol(Struct, frozen=True):
    """Into another journey."""

    journey: str


class Expel(Struct, frozen=True):
    """Out of another journey."""

    journey: str


Deed: TypeAlias = Message | Happening | Task | Enrol | Expel


class Outlet(NamedTuple):
    """One of the ways on that a kind of step always has."""

    id: str
    title: str


# --- the roles ------------------------------------------------------------------------------------


class Kind(Struct, frozen=True, kw_only=True, tag_field="is", omit_defaults=True):
    """The settings of a step, of whatever kind; a subclass's tag is its name in files."""

    title: ClassVar[str]
    about: ClassVar[str]
    icon: ClassVar[str] = "info"
    outlets: ClassVar[tuple[Outlet, ...]] = ()
    """Its ways on, where they are always the same; else each branch is written down by who makes the step."""
    forks: ClassVar[type[Struct] | None] = None
    """What each of its branches asks for, where there may be any number."""

    @classmethod
    def name(cls) -> str:
        return str(cls.__struct_config__.tag)

    def watches(self) -> tuple[Watch, ...]:
        """What it looks out for."""
        return ()


class Pause(Kind, frozen=True, kw_only=True):
    """Keeps everybody until an instant; something that is also done is done first."""

    @property
    def waits(self) -> bool:
        """Whether anybody is kept at all."""
        return True

    @abstractmethod
    def until(self, here: Here) -> Ints:
        """When each goes on, if nothing else happens; no earlier than they came."""

    def sooner(self, here: Here) -> Ints | None:  # noqa: ARG002  for those that can
        """When what is waited for has come to pass for each, or NEVER; None where only time counts."""
        return None


class Test(NamedTuple):
    """Branches are tried until so many `people` took one, or so long `after` the first did; then all take the
    better one, `by` goal or click.
    """

    by: str
    people: int
    after: str


class Fork(Kind, frozen=True, kw_only=True):
    """Sends each down one of its branches."""

    @property
    def test(self) -> Test | None:
        """How its branches are tried against each other, where they are."""
        return None

    @abstractmethod
    def choose(self, here: Here, branches: Sequence[Struct]) -> Ints:
        """Which branch each takes; -1: goes on without any, -2: is left alone for good."""


class Act(Kind, frozen=True, kw_only=True):
    """Does something, and lets everybody go on."""

    @abstractmethod
    def deed(self) -> Deed:
        """What is done for each."""


class End(Kind, frozen=True, kw_only=True):
    """Nobody goes on from here."""

    outcome: ClassVar[str] = "exit"


CHANNELS: tuple[tuple[str, str], ...] = (
    ("email", N_("E-mail")),
    ("sms", N_("SMS")),
    ("push", N_("Push")),
    ("post", N_("Post")),
    ("phone", N_("Phone")),
    ("inapp", N_("On the site")),
)
