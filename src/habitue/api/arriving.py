"""The command line's commands about what comes in: the last calls, and the catalogue of events and traits."""

from __future__ import annotations

from typing import Final

from habitue.api import command as commands
from habitue.api.answer import Answer, Column, Sheet
from habitue.api.perform import Asked, perform
from habitue.ingest.calls.protocol import FAULTS
from habitue.ingest.calls.recent import Seen
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator
from habitue.metrics import personal, properties
from habitue.metrics.catalogue import Entry
from habitue.metrics.unusual import said
from habitue.people.events import INNER

OUTCOMES: Final = {"accepted": N_("Accepted"), "partly": N_("In part"), "refused": N_("Refused")}
KINDS: Final = {"event": N_("Event"), "trait": N_("Trait")}


@perform.register
def _calls(command: commands.Calls, asked: Asked) -> Answer:
    say = asked.say
    columns = (
        Column("received", N_("Received"), "time"),
        Column("source", N_("Source")),
        Column("path", N_("Address")),
        Column("outcome", N_("Outcome"), names={one: say(name) for one, name in OUTCOMES.items()}),
        Column("taken", N_("Taken"), "count"),
        Column("refused", N_("Refused"), "count"),
        Column("names", N_("Events")),
        Column("reason", N_("Why")),
    )
    found = asked.shop.recent.latest(command.limit, command.source, "refused" if command.refused else None)
    rows = [
        (
            one.received,
            one.source,
            one.path,
            one.outcome,
            one.taken,
            one.refused,
            ", ".join(one.names),
            _why(one, say),
        )
        for one in reversed(found)
    ]
    notes = [] if rows else [say(N_("No call yet. Only a running server, habitue serve, takes them."))]
    return Sheet(columns, rows, notes)


def _why(seen: Seen, say: Translator) -> str | None:
    if seen.why:
        return say(seen.why, **seen.fields)
    return next((say(FAULTS[fault.code], **fault.fields) for _, fault in seen.faults), None)


@perform.register
def _catalogue(command: commands.Catalogue, asked: Asked) -> Answer:
    entries, say = asked.shop.catalogue_entries(), asked.say
    if command.of is not None:
        return _one([one for one in entries if command.of in (one.name, one.title)], command.of, say)
    columns = (
        Column("kind", N_("Kind"), names={one: say(name) for one, name in KINDS.items()}),
        Column("name", N_("Name"), names={one: say(name) for one, name in INNER.items()}),
        Column("events", N_("In all"), "count"),
        Column("week", N_("Last 7 days"), "count"),
        Column("persons", N_("Persons"), "count"),
        Column("first", N_("First"), "time"),
        Column("last", N_("Last"), "time"),
        Column("sources", N_("Sources")),
        Column("personal", N_("Personal data")),
        Column("warnings", N_("Unexpected")),
    )
    return Sheet(columns, [_row(one, say) for one in entries if one.warnings or not command.warned])


def _row(entry: Entry, say: Translator) -> tuple[str | int | None, ...]:
    volume = entry.volume
    return (
        entry.kind,
        entry.title,
        volume.events,
        sum(volume.days[-7:]),
        entry.close.persons if entry.close else None,
        volume.first,
        volume.last,
        ", ".join(volume.sources),
        ", ".join(say(personal.SAID[one]) for one in entry.personal) or None,
        " ".join(said(one, say) for one in entry.warnings) or None,
    )


def _one(found: list[Entry], name: str, say: Translator) -> Answer:
    if not found:
        raise UserError(N_("There is no event and no trait “{name}”. Look at: habitue catalogue"), name=name)
    columns = (
        Column("property", N_("Property")),
        Column("share", N_("Filled"), "share"),
        Column("types", N_("Types")),
        Column("personal", N_("Personal data")),
        Column("examples", N_("Examples")),
    )
    rows = [
        (
            entry.title if entry.kind == "trait" else one.path,
            one.share,
            ", ".join(say(properties.SAID[kind]) for kind in one.types),
            say(personal.SAID[one.personal]) if one.personal else None,
            " · ".join(one.examples) or None,
        )
        for entry in found
        for one in (entry.close.properties if entry.close else ())
    ]
    return Sheet(columns, rows, [said(one, say) for entry in found for one in entry.warnings])
