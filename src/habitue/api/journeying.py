"""The command line's commands about journeys."""

from __future__ import annotations

from functools import partial

from babel.numbers import format_decimal
from msgspec import to_builtins

from habitue.api import command as commands
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.journeys.fault import Fault
from habitue.journeys.graph import Journey
from habitue.journeys.state import FLYING
from habitue.journeys.walk import WHY
from habitue.journeys.writing import body, to_json, to_toml
from habitue.kernel import clock, money
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.reasons import GUARDS


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
def _show(command: commands.ShowJourney, asked: Asked) -> Answer:
    shop, say, now = asked.shop, asked.say, clock.now()
    shop.journey(command.journey)
    saved = shop.journey_versions(command.journey)
    figures = shop.journey_figures(saved, now, command.days)
    passed, number = figures.steps(saved), partial(format_decimal, locale=asked.language)
    notes = [
        say.n(
            "{n} is inside; {entered} came in over {days} days.",
            "{n} are inside; {entered} came in over {days} days.",
            sum(figures.inside.values()),
            entered=number(figures.entered),
            days=command.days,
        )
    ]
    for step in saved[-1].journey.every():
        came, on, left, there = (number(passed[step.id, what]) for what in ("in", "out", "left", "there"))
        text = N_("{step}: {came} came, {on} went on, {left} left, {there} are there.")
        notes.append(say(text, step=step.id, came=came, on=on, left=left, there=there))
    columns = (
        Column("customer", N_("Customer"), "key"),
        Column("step", N_("Step")),
        Column("entered", N_("Came in"), "time"),
        Column("since", N_("There since"), "time"),
        Column("on", N_("Goes on"), "time"),
    )
    rows = [
        (one.key, one.step, one.entered, one.since, one.on)
        for one in shop.journey_inside(saved, command.limit)
    ]
    return Sheet(columns, rows, notes)


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


@perform.register
def _replay(command: commands.ReplayJourney, asked: Asked) -> Answer:
    journey, warnings = asked.shop.read_journey(command.text)
    if command.customer is not None:
        return _tried(journey, command.customer, command.days, asked, warnings)
    done = asked.shop.replay_journey(journey, days=command.days)
    number = partial(format_decimal, locale=asked.language)
    say = asked.say
    lines = [
        say.n(
            "{wanted} would have wanted in over {n} day: {entered} come in ({people} customers).",
            "{wanted} would have wanted in over {n} days: {entered} come in ({people} customers).",
            command.days,
            wanted=number(done.wanted),
            entered=number(done.entered),
            people=number(done.people),
        ),
        say(
            N_("Kept out: {barred} by a condition for leaving, {again} were in already, {alone} left alone."),
            barred=number(done.barred),
            again=number(done.again),
            alone=number(done.alone),
        ),
        say(N_("{n} reach the goal."), n=number(done.converted)),
        say(N_("{n} messages go out."), n=number(done.sent)),
        *(
            say(N_("{n} are stopped: {guard}."), n=number(n), guard=say(GUARDS[guard]))
            for guard, n in done.stopped.items()
            if n
        ),
        *([say(N_("{n} of them later than due."), n=number(done.waited))] if done.waited else []),
        *([say(N_("They cost about {amount}."), amount=_amount(done.cost, asked))] if done.cost else []),
        *(
            say(N_("{n} were in “{journey}” meanwhile."), n=number(one.people), journey=one.journey)
            for one in done.overlaps
        ),
        *([say(N_("{n} on a day with another message."), n=number(done.same_day))] if done.same_day else []),
        *(f"  {one.id:<24}{number(one.came):>12}{number(one.left):>12}" for one in done.steps),
    ]
    return Facts(to_builtins(done), lines, _told(warnings, asked))


def _amount(fine: int, asked: Asked) -> str:
    return money.shown(money.whole(fine), asked.shop.settings.currency, asked.language)


def _tried(journey: Journey, customer: str, days: int, asked: Asked, warnings: list[Fault]) -> Answer:
    """One customer's ways through it."""
    shop, say = asked.shop, asked.say
    found = shop.try_journey(journey, customer, days=days)
    shown = partial(clock.shown, zone=shop.settings.timezone, language=asked.language)
    lines = [] if found else [say(N_("They would not have come in."))]
    for trip in found:
        text = N_("{at}: kept out, a condition for leaving holds.") if trip.barred else N_("{at}: comes in.")
        lines.append(say(text, at=shown(trip.entered)))
        for stop in trip.stops:
            beside = [stop.branch or ""]
            if stop.message:
                beside.append(say(N_("sent")) if stop.message == "sent" else say(GUARDS[stop.message]))
            lines.append(f"  {shown(stop.came)}  {stop.step:<24}{' '.join(filter(None, beside))}".rstrip())
        if trip.ended is not None and not trip.barred:
            lines.append(say(N_("{at}: out ({why})."), at=shown(trip.ended), why=say(WHY[str(trip.outcome)])))
    return Facts({"trips": to_builtins(found)}, lines, _told(warnings, asked))


@perform.register
def _publish(command: commands.PublishJourney, asked: Asked) -> Answer:
    if command.flying not in FLYING:
        raise UserError(N_("Choose one of: {known}."), known=", ".join(FLYING))
    journey, warnings = asked.shop.read_journey(command.text)
    flying = FLYING[FLYING.index(command.flying)]
    saved = asked.shop.publish_journey(journey, command.by, flying=flying, told=asked.told)
    line = asked.say(N_("Version {number} of “{id}” is live."), number=saved.number, id=journey.id)
    return Facts({"journey": journey.id, "version": saved.number}, [line], _told(warnings, asked))


@perform.register
def _steer(command: commands.SteerJourney, asked: Asked) -> Answer:
    shop, name = asked.shop, command.journey
    if command.act == "pause":
        shop.pause_journey(name, command.by)
        text = N_("“{id}” is paused: nobody goes on, nothing is sent.")
    elif command.act == "resume":
        shop.resume_journey(name, command.by)
        text = N_("“{id}” goes on.")
    else:
        shop.stop_journey(name, command.by)
        text = N_("“{id}” lets nobody in any more. Who is under way finishes it.")
    return Facts({"journey": name}, [asked.say(text, id=name)])


@perform.register
def _enter(command: commands.EnterJourney, asked: Asked) -> Answer:
    came = asked.shop.enter_journey(command.journey, command.customers, command.by)
    line = asked.say.n("{n} customer came in.", "{n} customers came in.", came)
    return Facts({"journey": command.journey, "came": came}, [line])


def _told(warnings: list[Fault], asked: Asked) -> list[str]:
    return [f"{one.place}: {one.say(asked.say)}" for one in warnings]
