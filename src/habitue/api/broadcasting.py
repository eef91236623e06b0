"""The command line's commands about broadcasts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from babel.numbers import format_decimal
from msgspec import to_builtins

from habitue.api import dispatch
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.app.broadcasts import Course
from habitue.app.funnel import Funnel
from habitue.broadcasts.check import Fault, sound
from habitue.broadcasts.shape import body, from_body, from_text, to_toml
from habitue.broadcasts.state import STATES
from habitue.kernel import clock, money
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.reasons import GUARDS
from habitue.messaging.reasons import STATES as MESSAGES
from habitue.store.broadcasts import Kept


@perform.register
def _broadcasts(_: dispatch.Broadcasts, asked: Asked) -> Answer:
    columns = (
        Column("broadcast", N_("Broadcast")),
        Column("name", N_("Name")),
        Column("state", N_("State"), names={name: asked.say(text) for name, text in STATES.items()}),
        Column("since", N_("Since"), "time"),
        Column("starts", N_("Starts"), "time"),
    )
    rows = [
        (kept.slug, from_body(kept.body).title, kept.state, kept.since, kept.starts)
        for kept in asked.shop.broadcasts()
    ]
    return Sheet(columns, rows)


@perform.register
def _show(command: dispatch.ShowBroadcast, asked: Asked) -> Answer:
    kept = asked.shop.broadcast(command.broadcast)
    course = asked.shop.broadcast_course(kept)
    return Facts(_course(kept, course), _lines(kept, course, asked))


def _course(kept: Kept, course: Course) -> dict[str, Any]:
    tally = [{"state": state, "reason": reason, "messages": n} for (state, reason), n in course.tally.items()]
    return {
        "broadcast": kept.slug,
        "state": kept.state,
        "since": clock.iso(kept.since),
        "by": kept.mover,
        "recipients": course.recipients,
        "waiting": course.left,
        "messages": tally,
        "variants": to_builtins(course.results),
        "winner": kept.winner,
    }


def _lines(kept: Kept, course: Course, asked: Asked) -> list[str]:
    say, number = asked.say, partial(format_decimal, locale=asked.language)
    shown = partial(clock.shown, zone=asked.shop.settings.timezone, language=asked.language)
    lines = [f"{from_body(kept.body).title}: {say(STATES[kept.state])}, {shown(kept.since)}, {kept.mover}"]
    for (state, reason), n in sorted(course.tally.items(), key=lambda one: -one[1]):
        why = f" ({say(GUARDS[reason])})" if reason in GUARDS else ""
        lines.append(f"{number(n):>12}  {say(MESSAGES[state])}{why}")
    if course.left:
        lines.append(f"{number(course.left):>12}  {say(N_('still to be put into the outbox'))}")
    for each in course.results:
        text = N_("Variant {id}: {reached} reached, {clicks} clicked, {orders} ordered.")
        told = {name: number(getattr(each, name)) for name in ("reached", "clicks", "orders")}
        lines.append(say(text, id=each.variant, **told))
    if kept.winner:
        lines.append(say(N_("The others get variant {id}."), id=kept.winner))
    return lines


@perform.register
def _check(command: dispatch.CheckBroadcast, asked: Asked) -> Answer:
    one = from_text(command.text)
    faults = asked.shop.check_broadcast(one)
    sound(faults)
    line = asked.say(N_("“{id}” can be sent."), id=one.id)
    return Facts({"broadcast": one.id, "faults": _told(faults, asked)}, [line], _told(faults, asked))


@perform.register
def _save(command: dispatch.SaveBroadcast, asked: Asked) -> Answer:
    one = from_text(command.text)
    asked.shop.keep_broadcast(one, command.by)
    line = asked.say(N_("“{id}” is kept as a draft; nothing is sent yet."), id=one.id)
    return Facts({"broadcast": one.id}, [line], _told(asked.shop.check_broadcast(one), asked))


@perform.register
def _export(command: dispatch.ExportBroadcast, asked: Asked) -> Answer:
    if command.form not in ("toml", "json"):
        raise UserError(N_("A broadcast is written as toml or json."))
    one = from_body(asked.shop.broadcast(command.broadcast).body)
    return Facts(body(one), to_toml(one).splitlines())


@perform.register
def _funnel(command: dispatch.BroadcastFunnel, asked: Asked) -> Answer:
    one = from_body(asked.shop.broadcast(command.broadcast).body)
    found = asked.shop.broadcast_funnel(one)
    return Facts({"broadcast": one.id, **to_builtins(found)}, funnelled(found, asked))


def funnelled(found: Funnel, asked: Asked) -> list[str]:
    """From those who are meant to those who get it, one line each."""
    say, number = asked.say, partial(format_decimal, locale=asked.language)
    shown = partial(clock.shown, zone=asked.shop.settings.timezone, language=asked.language)
    lines = [f"{number(found.meant):>12}  {say(N_('are meant'))}"]
    lines += [f"{number(-n):>12}  {say(text, **fields)}" for _, text, fields, n in found.losses()]
    lines.append(f"{number(found.gets):>12}  {say(N_('get it'))}")
    for guard, n in found.waits.items():
        text = N_("of them later than planned ({guard})")
        lines.append(f"{number(n):>12}  {say(text, guard=say(GUARDS[guard]))}")
    if found.first is not None and found.last is not None:
        text = N_("From {first} to {last}.")
        lines.append(say(text, first=shown(found.first), last=shown(found.last)))
    currency = asked.shop.settings.currency
    text, fields = found.price(lambda units: money.shown(units, currency, asked.language), number)
    return [*lines, say(text, **fields)] if text else lines


_STEERED: Final = {
    "send": N_("“{id}” goes out at its time, while habitue serve runs."),
    "recall": N_("“{id}” is a draft again."),
    "pause": N_("“{id}” is paused: nothing more of it is sent."),
    "resume": N_("“{id}” goes on."),
    "cancel": N_("“{id}” is cancelled: who has not got it doesn’t."),
    "choose": N_("The others get the variant that you chose."),
    "drop": N_("The draft is gone."),
}


@perform.register
def _steer(command: dispatch.SteerBroadcast, asked: Asked) -> Answer:
    asked.shop.steer_broadcast(command.broadcast, command.act, command.by, command.variant)
    line = asked.say(_STEERED[command.act], id=command.broadcast)
    return Facts({"broadcast": command.broadcast}, [line])


def _told(faults: Sequence[Fault], asked: Asked) -> list[str]:
    return [f"{one.place}: {one.say(asked.say)}" for one in faults]
