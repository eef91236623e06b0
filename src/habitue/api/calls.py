"""The command line's commands about events over HTTP: who may send them, and those that were refused."""

from __future__ import annotations

from typing import Final

from habitue.api import command as commands
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.ingest.calls.protocol import FAULTS
from habitue.ingest.calls.sources import Source
from habitue.kernel import clock
from habitue.kernel.i18n import N_

KINDS: Final = {"server": N_("server"), "browser": N_("browser")}


@perform.register
def _sources(_: commands.Sources, asked: Asked) -> Answer:
    columns = (
        Column("source", N_("Source")),
        Column("kind", N_("Kind"), names={one: asked.say(name) for one, name in KINDS.items()}),
        Column("write_key", N_("Write key")),
        Column("since", N_("Since"), "time"),
    )
    rows = [(one.id, one.kind, one.write_key, one.created) for one in asked.shop.sources()]
    notes = [] if rows else [asked.say(N_("Nobody may send events yet. Begin with “habitue sources add”."))]
    return Sheet(columns, rows, notes)


@perform.register
def _new(command: commands.NewSource, asked: Asked) -> Answer:
    made: Source = asked.shop.add_source(command.id, command.kind)
    lines = [asked.say(N_("Its write key is {key}. Give it to the SDK."), key=made.write_key)]
    return Facts({"source": made.id, "kind": made.kind, "write_key": made.write_key}, lines)


@perform.register
def _close(command: commands.CloseSource, asked: Asked) -> Answer:
    asked.shop.close_source(command.id)
    lines = [asked.say(N_("Nothing more is taken from {source}. What it sent stays."), source=command.id)]
    return Facts({"source": command.id}, lines)


@perform.register
def _refused(_: commands.Refused, asked: Asked) -> Answer:
    columns = (
        Column("number", N_("Number"), "count"),
        Column("received", N_("Received"), "time"),
        Column("source", N_("Source")),
        Column("reason", N_("Why")),
        Column("event", N_("Event")),
    )
    rows = [
        (
            one.id,
            one.received,
            one.source,
            asked.say(FAULTS[one.code], **one.fields),
            one.body.decode("utf-8", "replace"),
        )
        for one in asked.shop.refused()
    ]
    return Sheet(columns, rows)


@perform.register
def _replay(command: commands.Replay, asked: Asked) -> Answer:
    n = asked.shop.replay(command.number, command.mended)
    said = asked.say.n("{n} event was taken.", "{n} events were taken.", n)
    return Facts({"events": n}, [said])


@perform.register
def _drop(command: commands.Drop, asked: Asked) -> Answer:
    asked.shop.drop(command.number, clock.now())
    return Facts({"number": command.number}, [asked.say(N_("Dropped."))])
