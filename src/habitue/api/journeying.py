"""The command line's commands about journeys."""

from __future__ import annotations

from habitue.api import command as commands
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.journeys.fault import Fault
from habitue.journeys.graph import Journey
from habitue.journeys.writing import body, to_json, to_toml
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_


@perform.register
def _journeys(_: commands.Journeys, asked: Asked) -> Answer:
    columns = (
        Column("journey", N_("Journey")),
        Column("name", N_("Name")),
        Column("version", N_("Version"), "count"),
        Column("live", N_("Live"), names={"yes": asked.say(N_("yes"))}),
        Column("steps", N_("Steps"), "count"),
        Column("since", N_("Since"), "time"),
    )
    rows = [
        (
            one.journey.id,
            one.journey.title,
            one.number,
            "yes" if one.live else None,
            sum(1 for _ in one.journey.every()),
            one.created,
        )
        for one in asked.shop.journeys()
    ]
    return Sheet(columns, rows)


@perform.register
def _check(command: commands.CheckJourney, asked: Asked) -> Answer:
    journey, warnings = asked.shop.read_journey(command.text)
    return _sound(journey, warnings, asked)


def _sound(journey: Journey, warnings: list[Fault], asked: Asked) -> Facts:
    say, steps = asked.say, sum(1 for _ in journey.every())
    line = say.n("“{id}” is sound: {n} step.", "“{id}” is sound: {n} steps.", steps, id=journey.id)
    return Facts({"journey": journey.id, "steps": steps}, [line], _told(warnings, asked))


@perform.register
def _save(command: commands.SaveJourney, asked: Asked) -> Answer:
    shop = asked.shop
    journey, warnings = shop.read_journey(command.text)
    saved = shop.keep_journey(journey, command.by, shop.instant(None))
    line = asked.say(
        N_("Version {number} of “{id}” is kept; it is not live yet."), number=saved.number, id=journey.id
    )
    return Facts({"journey": journey.id, "version": saved.number}, [line], _told(warnings, asked))


@perform.register
def _export(command: commands.ExportJourney, asked: Asked) -> Answer:
    journey = asked.shop.journey(command.journey, command.number).journey
    if command.form not in ("toml", "json"):
        raise UserError(N_("A journey is written as toml or json."))
    text = to_json(journey) if command.form == "json" else to_toml(journey)
    return Facts(body(journey), text.splitlines())


@perform.register
def _diff(command: commands.DiffJourney, asked: Asked) -> Answer:
    text = asked.shop.compare_journeys(command.journey, command.one, command.other)
    lines = text.splitlines() or [asked.say(N_("The two say the same."))]
    return Facts({"journey": command.journey, "diff": text}, lines)


def _told(warnings: list[Fault], asked: Asked) -> list[str]:
    return [f"{one.place}: {one.say(asked.say)}" for one in warnings]
