"""The command line's commands about who is who."""

from __future__ import annotations

from msgspec import to_builtins

from habitue.api import personal
from habitue.api.answer import Answer, Cell, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.kernel.i18n import N_
from habitue.people import motives
from habitue.people.identities import Identities

WHEN = Column("when", N_("When"), "time")
BY = Column("by", N_("Who"))
WHY = Column("why", N_("Why"))
KEY = Column("key", N_("Key"))
WITH = Column("with", N_("With"))


@perform.register
def _identities(command: personal.Identities, asked: Asked) -> Answer:
    found = asked.shop.identities(command.customer)
    columns = (KEY, Column("joined", N_("Joined with")), WHEN, Column("source", N_("Source")), BY, WHY)
    rows: list[tuple[Cell, ...]] = [
        (
            key,
            joint.other if joint.one == key else joint.one,
            joint.ts,
            joint.source,
            joint.by,
            _told(joint.why, asked),
        )
        for key in found.keys
        for joint in found.joints
        if key in (joint.one, joint.other)
    ]
    rows += [(key, None, None, None, None, None) for key in found.keys if not found.beside(key)]
    say = asked.say
    notes = [
        say.n(
            "{key} joins nobody: it is claimed with {n} key.",
            "{key} joins nobody: it is claimed with {n} keys.",
            one.many,
            key=one.key,
        )
        for one in found.refused
    ]
    return Sheet(columns, rows, notes)


@perform.register
def _decisions(_: personal.Decisions, asked: Asked) -> Answer:
    said = {"merge": asked.say(N_("merged")), "split": asked.say(N_("split"))}
    columns = (WHEN, BY, Column("act", N_("What")), KEY, WITH, WHY)
    rows = [
        (one.ts, one.by, said[one.act], one.one, one.other, _told(one.why, asked))
        for one in asked.shop.decisions()
    ]
    return Sheet(columns, rows)


@perform.register
def _shared(_: personal.Shared, asked: Asked) -> Answer:
    columns = (KEY, Column("kind", N_("Kind")), Column("claims", N_("Claimed with"), "count"))
    return Sheet(columns, [(one.key, one.to or None, one.many) for one in asked.shop.shared()])


@perform.register
def _merge(command: personal.Merge, asked: Asked) -> Answer:
    made = asked.shop.merge(command.one, command.other, command.by, command.why)
    line = asked.say(N_("One customer now, known by: {keys}."), keys=", ".join(made.keys))
    return Facts(_fields(made), [line])


@perform.register
def _split(command: personal.Split, asked: Asked) -> Answer:
    left, other = asked.shop.split(command.one, command.other, command.by, command.why), command.other
    if asked.shop.person(other) != left.person:
        return Facts(_fields(left), [asked.say(N_("Two customers now."))])
    key = asked.shop.named(command.one)[1]
    line = N_("They are still one customer: “{one}” is joined with {keys} too. Split these as well.")
    return Facts(_fields(left), [asked.say(line, one=key, keys=", ".join(left.beside(key)))])


def _told(why: str | None, asked: Asked) -> str | None:
    return motives.told(why, asked.say) if why else why


def _fields(found: Identities) -> dict[str, object]:
    return {"customer": found.person, "keys": to_builtins(found.keys)}
