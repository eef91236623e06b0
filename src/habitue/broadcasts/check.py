"""What is wrong with a broadcast, all of it at once, and what somebody should know before it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from habitue.broadcasts import plan
from habitue.broadcasts.shape import RESERVED, SLUG, Broadcast, gap
from habitue.kernel.clock import Micros, duration, instant
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator, translator
from habitue.messaging.rules import TRANSACTIONAL
from habitue.rules.problem import Problem, nearest

MOST: Final = 4
"""Variants of one message."""

SENDABLE: Final = ("email", "sms", "push", "inapp")
"""The channels that a template can be sent by to many."""


class Fault(Struct, frozen=True):
    """One thing to mend at a place such as `to` or `variants.b`; `text` is a gettext message for `fields`.

    With errors a broadcast can't be sent, with warnings it can.
    """

    place: str
    text: str
    fields: Mapping[str, Any] = {}
    severity: Literal["error", "warning"] = "error"

    def say(self, t: Translator) -> str:
        return t(self.text, **self.fields)


class BroadcastError(UserError):
    """A broadcast that can't be sent; all its faults."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults[0].text, **self.faults[0].fields)

    def __str__(self) -> str:
        return self.say(translator("en"))

    def say(self, t: Translator) -> str:
        """Every fault on its own line, with its place."""
        return "\n".join(f"{one.place}: {one.say(t)}" for one in self.faults)


class Known(Struct, frozen=True):
    """What a broadcast may name: templates that are live, by name the channel and the purpose of each; `read`
    says what there is to say of a rule, or raises `UserError`.
    """

    templates: Mapping[str, tuple[str, str]]
    zone: str
    read: Callable[[str], Sequence[Problem]]


def check(one: Broadcast, known: Known, now: Micros) -> list[Fault]:
    """All that there is to say of it, errors first."""
    found = [
        *_named(one),
        *_addressed(one, known),
        *_said(one, known),
        *_timed(one, known, now),
        *_controlled(one),
    ]
    return sorted(found, key=lambda fault: fault.severity == "warning")


def sound(faults: Sequence[Fault]) -> None:
    """Raises `BroadcastError` with what keeps a broadcast from being sent."""
    if wrong := [one for one in faults if one.severity == "error"]:
        raise BroadcastError(wrong)


def _named(one: Broadcast) -> Iterator[Fault]:
    if not SLUG.fullmatch(one.id) or one.id in RESERVED:
        text = N_("“{name}” can't name a broadcast. Use small letters, digits, - and _.")
        yield Fault("id", text, {"name": one.id[:80]})
    if len(one.name) > 120:
        text = N_("This is too long: {n} characters; {most} are enough.")
        yield Fault("name", text, {"n": len(one.name), "most": 120})


def _addressed(one: Broadcast, known: Known) -> Iterator[Fault]:
    if not one.to.strip():
        yield Fault("to", N_("Say to whom: a segment, a stage, or any rule."))
    for place, rule in (("to", one.to), *((f"without.{n + 1}", rule) for n, rule in enumerate(one.without))):
        if rule.strip():
            yield from _ruled(place, rule, known)


def _ruled(place: str, rule: str, known: Known) -> Iterator[Fault]:
    try:
        for problem in known.read(rule):
            yield Fault(place, problem.text, problem.fields, problem.severity)
    except UserError as error:
        yield Fault(place, error.text, error.fields)


def _said(one: Broadcast, known: Known) -> Iterator[Fault]:
    if one.channel not in SENDABLE:
        text = N_("“{channel}” is no channel. Choose one of {channels}.")
        yield Fault("channel", text, {"channel": one.channel, "channels": ", ".join(SENDABLE)})
    if not one.variants:
        yield Fault("variants", N_("Say what is sent: choose a template."))
    if len(one.variants) > MOST:
        yield Fault("variants", N_("A test has {most} variants at most."), {"most": MOST})
    twice = [name for name, n in Counter(each.id for each in one.variants).items() if n > 1]
    for name in twice:
        yield Fault("variants", N_("Two variants are called “{name}”."), {"name": name})
    for each in one.variants:
        yield from _written(f"variants.{each.id}", each.template, one, known)
    if one.purpose == TRANSACTIONAL:
        text = N_(
            "What customers wait for goes also to who has not agreed to marketing. Send advertising as "
            "marketing."
        )
        yield Fault("purpose", text, {}, "warning")


def _written(place: str, template: str, one: Broadcast, known: Known) -> Iterator[Fault]:
    if not template:
        yield Fault(place, N_("Say what is sent: choose a template."))
    elif template not in known.templates:
        near = nearest(template, known.templates)
        text = N_("No message that is live is called “{name}”. Publish it first.")
        if near:
            text = N_("No message that is live is called “{name}”. Did you mean “{near}”?")
        yield Fault(place, text, {"name": template, "near": near})
    else:
        channel, purpose = known.templates[template]
        if channel != one.channel:
            text = N_("“{name}” is a message for {channel}.")
            yield Fault(place, text, {"name": template, "channel": channel})
        if purpose != one.purpose:
            text = N_("“{name}” was written as {purpose}, and is sent here as {other}.")
            yield Fault(place, text, {"name": template, "purpose": purpose, "other": one.purpose}, "warning")


def _timed(one: Broadcast, known: Known, now: Micros) -> Iterator[Fault]:
    wrong = [*_unread(one)]
    yield from wrong
    if any(fault.place == "at" for fault in wrong):
        return
    if not one.at:
        if one.clock == "customer":
            yield Fault("at", N_("On the customers’ own clocks it goes at a time that you say."))
        return
    begins = plan.starts(one, known.zone, now)
    if plan.ends(one, begins) < now:
        yield Fault("at", N_("That time is over. Choose one that is still to come."))
    elif begins < now and one.clock == "customer":
        text = N_("Where it is later than that already, customers get it as soon as it begins.")
        yield Fault("at", text, {}, "warning")


def _unread(one: Broadcast) -> Iterator[Fault]:
    """What is no pace, no duration or no time."""
    asked: list[tuple[str, str, Callable[[str], object]]] = [
        ("pace", one.pace, gap),
        ("within", one.within, duration),
        ("at", one.at, instant),
        ("trial", one.trial.after if one.trial else "", duration),
    ]
    for place, text, read in asked:
        try:
            if text.strip():
                read(text)
        except UserError as error:
            yield Fault(place, error.text, error.fields)


def _controlled(one: Broadcast) -> Iterator[Fault]:
    if not 0 <= one.holdout < 1:
        yield Fault("holdout", N_("A control group is a share of customers from 0 up to, but not, 1."))
    several = len(one.variants) > 1
    if one.trial is not None and not 0 < one.trial.share <= 1:
        yield Fault("trial", N_("The share who try the variants out is more than 0, and 1 at most."))
    if one.trial is not None and not several:
        yield Fault("trial", N_("A test needs two variants or more."))
    if one.trial is not None and several and one.clock == "customer" and one.trial.share < 1:
        text = N_("On the customers’ own clocks nobody can wait for the winner. Try it out on all of them.")
        yield Fault("trial", text)
