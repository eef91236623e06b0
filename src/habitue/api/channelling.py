"""The command line's commands about the ways out."""

from __future__ import annotations

from typing import Any

from habitue.api import reaching as commands
from habitue.api.answer import Answer, Cell, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.app.channels import Standing, kind_of, offered
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Composed
from habitue.messaging.registry import Kind

_COLUMNS = (
    Column("channel", N_("Channel")),
    Column("kind", N_("Kind")),
    Column("title", N_("By whom")),
    Column("since", N_("In use since"), "time"),
)


_NOWHERE = N_(
    "Habitué does not know its own address yet: write it into habitue.toml, such as "
    'url = "https://crm.shop.fr", and set this again.'
)


@perform.register
def _channels(_: commands.Channels, asked: Asked) -> Answer:
    standing = asked.shop.channels()
    rows: list[list[Cell]] = []
    for kind in offered():
        one = standing.get(kind.channel)
        used = one is not None and one.kind.name == kind.name
        rows.append([kind.channel, kind.name, asked.say(kind.title), one.since if one and used else None])
    return Sheet(_COLUMNS, rows)


@perform.register
def _channel(command: commands.Channel, asked: Asked) -> Answer:
    kind = kind_of(command.kind)
    return _told(kind, asked.shop.channels().get(kind.channel), asked)


@perform.register
def _set(command: commands.SetChannel, asked: Asked) -> Answer:
    one = asked.shop.set_channel(command.kind, command.given, command.by)
    return _told(one.kind, one, asked)


@perform.register
def _end(command: commands.EndChannel, asked: Asked) -> Answer:
    ended = asked.shop.end_channel(command.channel, command.by)
    if ended:
        line = N_("Nothing is sent on the channel {channel} any more; what is to be sent waits.")
    else:
        line = N_("Nothing was sent on the channel {channel}.")
    return Facts({"ended": ended}, [asked.say(line, channel=command.channel)])


@perform.register
def _try(command: commands.TryChannel, asked: Asked) -> Answer:
    say = asked.say
    words = Composed(
        say(N_("A test from Habitué")), "", say(N_("This is a test. If you can read it, it works."))
    )
    outcome = asked.shop.try_channel(command.channel, command.to, words)
    if outcome.state != "sent":
        raise UserError(N_("The test did not leave: {answer}"), answer=outcome.answer)
    line = say(N_("The test has left: {answer}"), answer=outcome.answer)
    return Facts({"to": command.to, "answer": outcome.answer}, [line])


@perform.register
def _rotate(command: commands.RotateHook, asked: Asked) -> Answer:
    one = asked.shop.rotate_hook(command.kind, command.by)
    return _told(one.kind, one, asked)


def _told(kind: Kind, standing: Standing | None, asked: Asked) -> Answer:
    """What it asks for, each with its value; of what is secret only whether it is there."""
    used = standing if standing is not None and standing.kind.name == kind.name else None
    say, fields, lines = asked.say, dict[str, Any](), [asked.say(kind.title)]
    for one in kind.fields:
        value = getattr(used.settings, one.name) if used else one.default
        shown = bool(value) if one.name in kind.secret else value
        fields[one.name] = shown
        if one.name in kind.secret:
            variable = f"HABITUE_{kind.name}_{one.name}".upper()
            there = say(N_("kept sealed")) if value else say(N_("is read from {variable}"), variable=variable)
            lines.append(f"  {one.name}: {there}")
        else:
            lines.append(f"  {one.name} = {'' if value is None else value}")
        lines.append(f"      {say(one.asked.title)}. {say(one.asked.help)}")
    address = asked.shop.hook_address(used) if used else None
    if address:
        fields["hook"] = address
        lines.append(
            say(N_("Have the provider tell what becomes of messages to: {address}"), address=address)
        )
        if address.startswith("/"):
            lines.append(say(_NOWHERE))
    elif used is None:
        lines.append(say(N_("It is not in use.")))
    return Facts(fields, lines)
