"""The command line's commands about alerts."""

from __future__ import annotations

from typing import Final

from msgspec import to_builtins

from habitue.alerts.kept import body, to_toml
from habitue.api import alerted as commands
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.app import herald
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import incidents

_STEERED: Final = {
    "mute": N_("“{id}” tells nothing until it is unmuted. It goes on looking."),
    "unmute": N_("“{id}” tells again."),
    "remove": N_("“{id}” looks no more. What it told stays in the record."),
}
_STATES: Final = {
    "quiet": N_("quiet"),
    "muted": N_("muted"),
    "open": N_("under way"),
    "new": N_("not looked at yet"),
}


@perform.register
def _alerts(_: commands.Alerts, asked: Asked) -> Answer:
    columns = (
        Column("alert", N_("Alert")),
        Column("name", N_("Name")),
        Column("state", N_("State"), names={key: asked.say(text) for key, text in _STATES.items()}),
        Column("figure", N_("Figure")),
        Column("watches", N_("Watches")),
        Column("since", N_("Since"), "time"),
    )
    speech, rows = asked.shop.speech(asked.language), []
    for one in asked.shop.alerts():
        state = "muted" if one.state.muted else "open" if one.incident else "quiet" if one.reading else "new"
        value = one.reading.value if one.reading else None
        rows.append(
            (
                one.alert.id,
                one.alert.title,
                state,
                speech.figure(one.alert.watch.form, value),
                speech.what(one.alert),
                one.incident.begun if one.incident else None,
            )
        )
    return Sheet(columns, rows)


@perform.register
def _show(command: commands.ShowAlert, asked: Asked) -> Answer:
    one = asked.shop.alert(command.alert)
    past = incidents.incidents(asked.shop.ops, command.alert, 10)
    told = incidents.told(asked.shop.ops, [each.id for each in past])
    speech, say, lines = asked.shop.speech(asked.language), asked.say, to_toml(one.alert).splitlines()
    for each in past:
        begun = speech.time(each.begun)
        ended = speech.time(each.ended) if each.ended else say(N_("under way"))
        line = say.n(
            "{begun} – {ended}: told {n} time.",
            "{begun} – {ended}: told {n} times.",
            len(told[each.id]),
            begun=begun,
            ended=ended,
        )
        lines.append(line)
    fields = {"alert": body(one.alert), "incidents": [to_builtins(each) for each in past]}
    return Facts(fields, lines)


@perform.register
def _check(command: commands.CheckAlert, asked: Asked) -> Answer:
    alert = asked.shop.read_alert(command.text)
    speech = asked.shop.speech(asked.language)
    lines = [asked.say(N_("“{id}” is sound."), id=alert.id), f"{speech.what(alert)}. {speech.when(alert)}"]
    return Facts({"alert": alert.id}, lines)


@perform.register
def _replay(command: commands.ReplayAlert, asked: Asked) -> Answer:
    shop, alert = asked.shop, asked.shop.read_alert(command.text)
    found, speech, form = (
        shop.replay_alert(alert, days=command.days),
        shop.speech(asked.language),
        alert.watch.form,
    )
    columns = (
        Column("begun", N_("Since"), "time"),
        Column("ended", N_("To"), "time"),
        Column("figure", N_("Figure")),
        Column("usual", N_("Usual")),
        Column("told", N_("Told"), "count"),
    )
    rows = [
        (
            one.begun,
            one.ended,
            speech.figure(form, one.worst.value),
            speech.figure(form, one.worst.usual),
            one.told,
        )
        for one in found.spells
    ]
    note = asked.say.n(
        "Over {days} days this would have begun {n} incident.",
        "Over {days} days this would have begun {n} incidents.",
        len(rows),
        days=command.days,
    )
    return Sheet(columns, rows, [note])


@perform.register
def _save(command: commands.SaveAlert, asked: Asked) -> Answer:
    alert = asked.shop.read_alert(command.text)
    saved = asked.shop.save_alert(alert, command.by)
    line = asked.say(
        N_("“{id}” is looked at from now on (version {number})."), id=alert.id, number=saved.number
    )
    return Facts({"alert": alert.id, "version": saved.number}, [line])


@perform.register
def _steer(command: commands.SteerAlert, asked: Asked) -> Answer:
    shop, name = asked.shop, command.alert
    if command.act == "remove":
        shop.remove_alert(name, command.by)
    else:
        shop.mute_alert(name, command.by, on=command.act == "mute")
    return Facts({"alert": name}, [asked.say(_STEERED[command.act], id=name)])


@perform.register
def _snooze(command: commands.SnoozeAlert, asked: Asked) -> Answer:
    number = asked.shop.snooze_alert(command.alert, command.length, command.by)
    told_again = command.length == "none"
    line = N_("You are told of it again.") if told_again else N_("Nobody is told more of it for now.")
    return Facts({"alert": command.alert, "incident": number}, [asked.say(line)])


@perform.register
def _hook(command: commands.AlertHook, asked: Asked) -> Answer:
    shop, now, name = asked.shop, clock.now(), command.webhook
    if command.act == "try":
        outcome = herald.try_hook(shop, name, now)
        if outcome.state != "sent":
            raise UserError(
                N_("The webhook “{name}” didn’t take it: {answer}"), name=name, answer=outcome.answer
            )
        text = N_("The webhook “{name}” took it.")
    elif command.act == "end":
        herald.end_hook(shop, name, command.by, now)
        text = N_("Nothing is told to the webhook “{name}” any more.")
    else:
        herald.add_hook(shop, name, command.url, command.by, now)
        text = N_("The webhook “{name}” is ready.")
    return Facts({"webhook": name}, [asked.say(text, name=name)])
