"""The command line's commands about privacy: what is kept of a customer, erasure, retention."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import to_builtins

from habitue.api import personal
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.app.privacy import Erased, Rules
from habitue.kernel.i18n import N_, Translator, spelt

REASONS: Final = {"asked": N_("asked for"), "retention": N_("retention"), "replay": N_("came back")}
SHOWN: Final = 10


@perform.register
def _export(command: personal.Export, asked: Asked) -> Answer:
    files = asked.shop.export(command.customer, Path(os.fsdecode(command.to)))
    names = [os.fsencode(file).decode(errors="replace") for file in files]
    return Facts({"files": names}, [asked.say(N_("Written: {files}."), files=", ".join(names))])


@perform.register
def _erase(command: personal.Erase, asked: Asked) -> Answer:
    if command.sure:
        return _done(asked.shop.erase(command.customers, command.by, told=asked.told), asked)
    keys = [asked.shop.goes_by(customer) for customer in command.customers]
    say = asked.say
    lines = [
        *(", ".join(one) for one in keys[:SHOWN]),
        *([say(N_("and so on"))] if len(keys) > SHOWN else []),
        say(N_("Nothing was erased. Their names would be gone for ever; say it again with --yes.")),
    ]
    return Facts({"people": len(keys), "erased": 0}, lines)


@perform.register
def _erasures(_: personal.Erasures, asked: Asked) -> Answer:
    columns = (
        Column("request", N_("Number"), "count"),
        Column("asked", N_("Asked"), "time"),
        Column("by", N_("Who")),
        Column("reason", N_("Why")),
        Column("people", N_("People"), "count"),
        Column("done", N_("Done"), "time"),
    )
    rows = [
        (one.id, one.asked, one.by, asked.say(REASONS[one.reason]), one.people, one.done)
        for one in asked.shop.erasures()
    ]
    return Sheet(columns, rows)


@perform.register
def _erased(_: personal.Erased, asked: Asked) -> Answer:
    lines = asked.shop.erased_list().splitlines()
    return Facts({"erased": lines}, lines)


@perform.register
def _reerase(command: personal.Reerase, asked: Asked) -> Answer:
    done = asked.shop.replay_erasures(command.by, listed=command.listed, told=asked.told)
    return _done(done or Erased(0, 0, []), asked)


@perform.register
def _retention(command: personal.Retention, asked: Asked) -> Answer:
    shop, say = asked.shop, asked.say
    rules = shop.keep_for(
        prospects=command.prospects,
        customers=command.customers,
        messages=command.messages,
        alone=command.alone,
        by=command.by,
    )
    if command.run:
        return _done(shop.retain(command.by, told=asked.told) or Erased(0, 0, []), asked)
    notes = [
        *_kept(rules, say),
        say(N_("The server applies this every day."))
        if rules.alone
        else say(N_("Nobody goes by itself: --run erases those below, --auto lets the server do it daily.")),
    ]
    columns = (
        Column("customer", N_("Customer"), "key"),
        Column("kind", N_("Kind")),
        Column("since", N_("Silent since"), "time"),
    )
    rows = (
        (one.key, say(N_("customer")) if one.customer else say(N_("prospect")), one.since)
        for one in shop.silent()
    )
    return Sheet(columns, rows, notes)


def _kept(rules: Rules, say: Translator) -> Iterator[str]:
    """How long each kind is kept, a sentence each."""
    for length, gone, kept in (
        (
            rules.prospects,
            N_("Prospects go after {length} without an act of their own."),
            N_("Prospects are kept for good."),
        ),
        (
            rules.customers,
            N_("Customers go after {length} without an act of their own."),
            N_("Customers are kept for good."),
        ),
        (
            rules.messages,
            N_("What was sent, and journeys that are over, go after {length}, by themselves."),
            N_("What was sent, and journeys that are over, are kept for good."),
        ),
    ):
        yield say(gone, length=spelt(length, say.language)) if length else say(kept)


def _done(done: Erased, asked: Asked) -> Facts:
    say = asked.say
    lines = [say.n("{n} person was erased.", "{n} people were erased.", done.people)]
    if done.shared:
        text = N_("They shared these keys with others, with whom they stay: {keys}.")
        lines.append(say(text, keys=", ".join(done.shared)))
    return Facts(to_builtins(done), lines)
