"""The command line's commands about consent and the suppression list."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

from msgspec import to_builtins

from habitue.api import personal
from habitue.api.answer import Answer, Cell, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.kernel.clock import iso
from habitue.kernel.i18n import N_
from habitue.people.consent import NAMES, PROOF, STATUSES, Record, Status
from habitue.people.suppression import REASONS

SOURCE: Final = "cli"

_WHEN: Final = Column("at", N_("When"), "time")
_SOURCE: Final = Column("source", N_("Source"))


@perform.register
def _consents(command: personal.Consents, asked: Asked) -> Answer:
    say, shop = asked.say, asked.shop
    columns = (
        _WHEN,
        _channel(asked),
        Column("purpose", N_("Purpose")),
        Column("status", N_("Answer"), names=_said(asked, STATUSES)),
        _SOURCE,
        Column("key", N_("Key")),
        Column("text", N_("Text")),
        Column("text_id", N_("Text’s id")),
        Column("ip", N_("IP address")),
        Column("form", N_("Form")),
        Column("by", N_("Who")),
    )
    records = shop.consents(command.customer)
    rows: list[tuple[Cell, ...]] = [
        (one.at, one.channel, one.purpose, one.status, one.source, one.key, *_proof(one)) for one in records
    ]
    yes, no = N_("{channel}, {purpose}: agrees"), N_("{channel}, {purpose}: does not agree")
    notes = [
        say(
            yes if one.agreed else no,
            channel=say(NAMES.get(one.channel, one.channel)),
            purpose=one.purpose,
        )
        for one in shop.standing(command.customer)
    ]
    return Sheet(columns, rows, notes or [say(N_("This customer was never asked."))])


@perform.register
def _consent(command: personal.Consent, asked: Asked) -> Answer:
    shop = asked.shop
    kept = shop.consent(
        command.customer,
        command.channel,
        cast(Status, command.status),
        command.purpose,
        source=SOURCE,
        at=None if command.at is None else shop.instant(command.at),
        **{name: getattr(command, name) for name in PROOF},
    )
    said = N_("Noted for {key}: {channel}, {purpose}, {status}.")
    line = asked.say(
        said,
        key=kept.key,
        channel=asked.say(NAMES[kept.channel]),
        purpose=kept.purpose,
        status=asked.say(STATUSES[kept.status]),
    )
    return Facts(to_builtins(kept) | {"at": iso(kept.at)}, [line])


@perform.register
def _suppress(command: personal.Suppress, asked: Asked) -> Answer:
    shop, say = asked.shop, asked.say
    new = shop.suppress(command.address, command.channel, command.reason, SOURCE)
    line = N_("Nobody writes to {address} any more.") if new else N_("{address} was on the list already.")
    return Facts({"address": command.address, "new": new}, [say(line, address=command.address)])


@perform.register
def _suppress_file(command: personal.SuppressFile, asked: Asked) -> Answer:
    shop, say = asked.shop, asked.say
    path = Path(os.fsdecode(command.path))
    done = shop.suppress_file(path, command.channel, command.reason)
    lines = [say.n("{n} address is new on the list", "{n} addresses are new on the list", done.new)]
    if known := done.addresses - done.new:
        lines.append(say.n("{n} address was on it already", "{n} addresses were on it already", known))
    if done.without:
        first = ", ".join(map(str, done.without[:5]))
        lines.append(
            say.n(
                "{n} line holds no address: {lines}",
                "{n} lines hold no address, the first: {lines}",
                len(done.without),
                lines=first,
            )
        )
    return Facts({"addresses": done.addresses, "new": done.new, "without": done.without}, lines)


@perform.register
def _lift(command: personal.Lift, asked: Asked) -> Answer:
    n = asked.shop.lift(command.address, command.channel, SOURCE)
    line = (
        N_("{address} may be written to again, as far as consent goes.")
        if n
        else N_("{address} was not on the list.")
    )
    return Facts({"address": command.address, "lifted": n}, [asked.say(line, address=command.address)])


@perform.register
def _suppressed(command: personal.Suppressed, asked: Asked) -> Answer:
    reason = Column("reason", N_("Why"), names=_said(asked, REASONS))
    if command.address is None:
        columns = (
            _channel(asked),
            reason,
            Column("addresses", N_("Addresses"), "count"),
            Column("since", N_("Since"), "time"),
        )
        return Sheet(
            columns,
            [(one.channel, one.reason, one.addresses, one.since) for one in asked.shop.suppressions()],
        )
    acts = {"added": asked.say(N_("added")), "lifted": asked.say(N_("lifted"))}
    rows = [
        (one.at, one.channel, one.reason, "lifted" if one.lifted else "added", one.source)
        for one in asked.shop.suppressed(command.address)
    ]
    notes = [] if rows else [asked.say(N_("{address} is not on the list."), address=command.address)]
    return Sheet(
        (_WHEN, _channel(asked), reason, Column("act", N_("What"), names=acts), _SOURCE), rows, notes
    )


def _proof(one: Record) -> Iterator[Cell]:
    return (getattr(one, name) for name in PROOF)


def _channel(asked: Asked) -> Column:
    return Column("channel", N_("Channel"), names=_said(asked, NAMES))


def _said(asked: Asked, words: dict[str, str]) -> dict[str, str]:
    return {name: asked.say(word) for name, word in words.items()}
