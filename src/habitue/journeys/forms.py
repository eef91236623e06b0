"""What may stand in a setting, by its form: each form has one check."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

from habitue.journeys.around import Around
from habitue.journeys.asked import Field
from habitue.journeys.calendar import offset
from habitue.journeys.fault import Fault, Message
from habitue.kernel.clock import duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.local import WEEKDAYS, clock
from habitue.rules.check import accept
from habitue.rules.problem import Problem, RuleError, nearest

LONGEST: Final = 4_000

_TRAIT: Final = re.compile(r"[A-Za-z_][\w.]{0,99}\Z")


def check(place: str, field: Field, value: Any, around: Around) -> Iterator[Fault]:
    """Everything that is wrong with a value of the right type; what is left empty is not looked at."""
    if field.required and value in ("", None):
        yield Fault(place, N_("This is missing: {title}."), {"title": Message(field.asked.title)})
    elif value not in ("", None, (), {}):
        yield from CHECKS.get(field.asked.form, _nothing)(place, value, around)


def _nothing(place: str, value: Any, _: Around) -> Iterator[Fault]:
    if isinstance(value, str) and len(value) > LONGEST:
        text = N_("This is too long: {n} characters; {most} are enough.")
        yield Fault(place, text, {"n": len(value), "most": LONGEST})


def rule(place: str, value: str, around: Around) -> Iterator[Fault]:
    """A rule about a customer."""
    yield from _ruled(place, value, around, 0)


def _where(place: str, value: str, around: Around) -> Iterator[Fault]:
    """A condition on an event's properties, read as it would stand in a rule."""
    yield from _ruled(place, f'ever("", where={value})', around, len('ever("", where='), only="where")


def _ruled(place: str, text: str, around: Around, shift: int, only: str = "") -> Iterator[Fault]:
    seen = None if only else around.catalogue
    try:
        _, warnings = accept(text, "person", seen, around.models, around.segments)
    except RuleError as error:
        yield from (_told(place, one, shift) for one in error.problems)
    else:
        yield from (_told(place, one, shift) for one in warnings)


def _told(place: str, problem: Problem, shift: int) -> Fault:
    return Fault(place, problem.text, problem.fields, max(0, problem.column - shift), problem.severity)


def _event(place: str, value: str, around: Around) -> Iterator[Fault]:
    if around.catalogue is not None and value not in around.catalogue.events:
        near = nearest(value, around.catalogue.events)
        text = (
            N_("No event “{name}” was ever seen. Did you mean “{near}”?")
            if near
            else N_("No event “{name}” was ever seen.")
        )
        yield Fault(place, text, {"name": value, "near": near}, severity="warning")


def _named(place: str, value: str, _: Around) -> Iterator[Fault]:
    """The name of a trait that is set here: it need not have been seen."""
    if not _TRAIT.match(value):
        text = N_("“{name}” can’t name a trait. Use letters, digits, _ and dots.")
        yield Fault(place, text, {"name": value})


def _trait(place: str, value: str, around: Around) -> Iterator[Fault]:
    if not _TRAIT.match(value):
        yield from _named(place, value, around)
        return
    name = f"trait.{value.removeprefix('trait.')}"
    if around.catalogue is not None and name not in around.catalogue.names:
        known = {one.removeprefix("trait.") for one in around.catalogue.names if one.startswith("trait.")}
        near = nearest(value, known)
        text = N_("“{name}” was never set. Did you mean “{near}”?") if near else N_("“{name}” was never set.")
        yield Fault(place, text, {"name": value, "near": near}, severity="warning")


def _by(read: Callable[[str], object]) -> Callable[[str, Any, Around], Iterator[Fault]]:
    """The check of what one function reads or refuses."""

    def checked(place: str, value: Any, _: Around) -> Iterator[Fault]:
        try:
            read(value)
        except UserError as error:
            yield Fault(place, error.text, error.fields)

    return checked


def _days(place: str, value: Collection[str], _: Around) -> Iterator[Fault]:
    for day in value:
        if day not in WEEKDAYS:
            yield Fault(
                place,
                N_("“{name}” is no day. There are: {known}."),
                {"name": day, "known": ", ".join(WEEKDAYS)},
            )


def _share(place: str, value: float, _: Around) -> Iterator[Fault]:
    if not 0 <= value <= 1:
        yield Fault(place, N_("A share is from 0 to 1, such as 0.1 for one in ten."))


def _address(place: str, value: str, _: Around) -> Iterator[Fault]:
    if not value.startswith("https://") or len(value) > 2_000 or any(one.isspace() for one in value):
        yield Fault(place, N_("Write an address that begins with https://."))


def _template(place: str, value: str, around: Around) -> Iterator[Fault]:
    severity = "error" if around.live else "warning"
    yield from _listed(place, value, around.templates, N_("There is no template “{name}” yet."), severity)


def _coupon(place: str, value: str, around: Around) -> Iterator[Fault]:
    severity = "error" if around.live else "warning"
    known = around.coupons if value else None
    yield from _listed(place, value, known, N_("There is no pool of coupon codes “{name}” yet."), severity)


def _journey(place: str, value: str, around: Around) -> Iterator[Fault]:
    yield from _listed(place, value, around.journeys, N_("There is no journey “{name}”."), "error")


def _listed(
    place: str, value: str, known: Collection[str] | None, text: str, severity: Any
) -> Iterator[Fault]:
    if known is not None and value not in known:
        near = nearest(value, known)
        guess = N_("There is no “{name}”. Did you mean “{near}”?")
        fields = {"name": value, "near": near} if near else {"name": value}
        yield Fault(place, guess if near else text, fields, severity=severity)


CHECKS: Final[dict[str, Callable[[str, Any, Around], Iterator[Fault]]]] = {
    "rule": rule,
    "where": _where,
    "event": _event,
    "trait": _trait,
    "named": _named,
    "duration": _by(duration),
    "offset": _by(offset),
    "clock": _by(clock),
    "days": _days,
    "share": _share,
    "address": _address,
    "template": _template,
    "journey": _journey,
    "coupon": _coupon,
}
