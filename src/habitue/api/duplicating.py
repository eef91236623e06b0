"""The command line's commands about customers who may be one."""

from __future__ import annotations

from collections.abc import Iterator

from habitue.api import personal
from habitue.api.answer import Answer, Cell, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.kernel.i18n import N_
from habitue.people.duplicates import Duplicate

OUTCOMES = {"merged": N_("merged"), "dismissed": N_("kept apart")}


@perform.register
def _duplicates(command: personal.Duplicates, asked: Asked) -> Answer:
    shop, say = asked.shop, asked.say
    notes = []
    if command.find:
        found = shop.find_duplicates(told=asked.told)
        notes.append(say.n("{n} pair was compared.", "{n} pairs were compared.", found.compared))
    pairs = shop.settled_duplicates() if command.settled else shop.duplicates(command.least)
    if not command.settled:
        total = shop.count_duplicates(command.least)
        if total > len(pairs):
            notes.append(say(N_("The first {n} of {total}."), n=len(pairs), total=total))
        if not (total or command.find):
            notes.append(say(N_("No pair waits. “habitue duplicates --find” looks for some.")))
    columns = [
        Column("pair", N_("Number"), "count"),
        Column("likely", N_("Likely"), "share"),
        Column("customer", N_("Customer"), "key"),
        Column("other", N_("The other"), "key"),
        Column("agree", N_("For it")),
        Column("differ", N_("Against it")),
        Column("orders", N_("Orders"), "count"),
        Column("revenue", N_("Revenue"), "money"),
        Column("other_orders", N_("The other’s orders"), "count"),
        Column("other_revenue", N_("The other’s revenue"), "money"),
    ]
    if command.settled:
        columns += [
            Column("outcome", N_("Decided")),
            Column("by", N_("Who")),
            Column("settled", N_("When"), "time"),
        ]
    rows = (tuple(_row(one, asked, command.settled)) for one in pairs)
    return Sheet(tuple(columns), rows, notes)


def _row(one: Duplicate, asked: Asked, settled: bool) -> Iterator[Cell]:
    say = asked.say
    yield from (one.id, one.likely, *(one.keys if settled else (one.one.key, one.other.key)))
    yield from (" · ".join(map(say, one.agree)), " · ".join(map(say, one.differ)))
    yield from (one.one.orders, one.one.revenue, one.other.orders, one.other.revenue)
    if settled:
        yield from (say(OUTCOMES[one.outcome or "merged"]), one.by, one.settled)


@perform.register
def _merge(command: personal.MergeDuplicate, asked: Asked) -> Answer:
    made = asked.shop.merge_duplicate(command.number, command.by, command.why)
    line = asked.say(N_("One customer now, known by: {keys}."), keys=", ".join(made.keys))
    return Facts({"customer": made.person, "keys": list(made.keys)}, [line])


@perform.register
def _dismiss(command: personal.DismissDuplicate, asked: Asked) -> Answer:
    asked.shop.dismiss_duplicate(command.number, command.by)
    return Facts({"pair": command.number}, [asked.say(N_("They stay apart and are not proposed again."))])


@perform.register
def _undo(command: personal.UndoDuplicate, asked: Asked) -> Answer:
    asked.shop.undo_duplicate(command.number, command.by, command.why)
    return Facts({"pair": command.number}, [asked.say(N_("Taken back: the pair is on the list again."))])
