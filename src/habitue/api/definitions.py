"""The command line's commands about definitions: stage models, saved segments, what changes with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from babel.numbers import format_decimal, format_percent
from msgspec import to_builtins
from msgspec.structs import replace

from habitue.api import command as commands
from habitue.api.answer import Answer, Cell, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.app.publishing import Published
from habitue.kernel import clock
from habitue.kernel.clock import iso
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator
from habitue.stages import drafts
from habitue.stages.kind import kinds
from habitue.stages.models import Model
from habitue.stages.suggest import Suggestion, latest, suggest

VERSION = Column("version", N_("Version"), "count")
SINCE = Column("since", N_("Since"), "time")
BY = Column("by", N_("Who"))
SUBJECTS: Final = {"person": N_("customers"), "account": N_("accounts")}

# --- models ---------------------------------------------------------------------------------------


@perform.register
def _models(_: commands.Models, asked: Asked) -> Answer:
    live, language = asked.shop.models(), asked.language
    ready = [kind for kind in kinds().values() if kind.id not in {model.kind.id for model in live}]
    rows: list[tuple[Cell, ...]] = [
        (one.id, one.kind.name.said(language), one.kind.id, one.subject, one.number, one.since)
        for one in live
    ]
    rows += [(None, kind.name.said(language), kind.id, kind.subject, None, None) for kind in ready]
    columns = (
        Column("model", N_("Id")),
        Column("name", N_("Model")),
        Column("kind", N_("Kind")),
        Column("subject", N_("Subject"), names={one: asked.say(name) for one, name in SUBJECTS.items()}),
        VERSION,
        SINCE,
    )
    return Sheet(columns, rows)


@perform.register
def _versions(command: commands.Versions, asked: Asked) -> Answer:
    columns = (
        VERSION,
        SINCE,
        BY,
        Column("live", N_("Live"), names={"yes": asked.say(N_("yes")), "never": asked.say(N_("never live"))}),
        Column("kind", N_("Kind")),
        Column("settings", N_("Settings")),
    )
    rows = [
        (
            one.model.number,
            one.since,
            one.by or None,
            "yes" if one.live else "never" if one.since is None else None,
            one.model.kind.id,
            ", ".join(f"{name} = {value}" for name, value in one.model.settings.items()) or None,
        )
        for one in asked.shop.versions(command.model)
    ]
    return Sheet(columns, rows)


@perform.register
def _publish(command: commands.Publish, asked: Asked) -> Answer:
    made = asked.shop.publish(
        command.draft, command.model, by=command.by, dry_run=command.dry_run, told=asked.told
    )
    return _published(made, asked)


@perform.register
def _restore(command: commands.Restore, asked: Asked) -> Answer:
    made = asked.shop.restore(
        command.model, command.number, by=command.by, dry_run=command.dry_run, told=asked.told
    )
    return _published(made, asked)


@perform.register
def _remove_model(command: commands.RemoveModel, asked: Asked) -> Answer:
    asked.shop.remove_model(command.model, by=command.by)
    line = asked.say(N_("“{id}” is live no more. Its versions stay kept."), id=command.model)
    return Facts({"model": command.model}, [line])


def _published(made: Published, asked: Asked) -> Facts:
    say = asked.say
    if made.same:
        lines = [_said_already(made, asked)]
    else:
        text = N_("Version {number} of “{id}” is live.")
        if not made.made:
            text = N_("This would be version {number} of “{id}”. Nothing was changed.")
        lines = [say(text, number=made.number, id=made.id), *_moves(made, say)]
    return Facts(_fields("model", made), lines, _warned(made, say), "changes", _CHANGES)


def _moves(made: Published, say: Translator) -> Iterator[str]:
    """How many stand elsewhere, and from where to where."""
    fields = {"all": _number(made.customers, say), "moved": _number(made.moved, say)}
    if made.first:
        yield say.n(
            "{all} customer has a stage by it today:",
            "{all} customers have a stage by it today:",
            made.customers,
            **fields,
        )
    elif made.moved:
        yield say.n(
            "{moved} of {all} customers changes stage today:",
            "{moved} of {all} customers change stage today:",
            made.moved,
            **fields,
        )
    else:
        yield say(N_("No customer changes stage today."))
    for change in made.changes:
        names = (
            made.titles[one].said(say.language) if one else say(N_("no stage"))
            for one in (change.before, change.after)
        )
        yield f"{_number(change.customers, say):>10}  " + (
            " → ".join(names) if not made.first else list(names)[1]
        )


# --- segments -------------------------------------------------------------------------------------


@perform.register
def _segments(_: commands.Segments, asked: Asked) -> Answer:
    columns = (Column("segment", N_("Segment")), VERSION, SINCE, Column("rule", N_("Rule")))
    return Sheet(columns, [(one.id, one.number, one.since, one.rule) for one in asked.shop.segments()])


@perform.register
def _save_segment(command: commands.SaveSegment, asked: Asked) -> Answer:
    made = asked.shop.save_segment(
        command.segment, command.rule, by=command.by, dry_run=command.dry_run, told=asked.told
    )
    say = asked.say
    if made.same:
        lines = [_said_already(made, asked)]
    else:
        came = sum(change.customers for change in made.changes if change.after)
        left = made.moved - came
        text = N_("Version {number} of “{id}” is live: {n} are in it now, {came} came in, {left} went out.")
        if not made.made:
            text = N_(
                "This would be version {number} of “{id}”: {n} would be in it now, {came} would come in, "
                "{left} go out. Nothing was changed."
            )
        fields = {"n": made.customers - left, "came": came, "left": left}
        numbers = {name: _number(n, say) for name, n in fields.items()}
        lines = [say(text, number=made.number, id=made.id, **numbers)]
    return Facts(_fields("segment", made), lines, _warned(made, say), "changes", _CHANGES)


@perform.register
def _remove_segment(command: commands.RemoveSegment, asked: Asked) -> Answer:
    asked.shop.remove_segment(command.segment, by=command.by)
    line = asked.say(N_("“{id}” is live no more. Its versions stay kept."), id=command.segment)
    return Facts({"segment": command.segment}, [line])


# --- what both say --------------------------------------------------------------------------------

_CHANGES = ("before", "after", "customers")


def _fields(kind: str, made: Published) -> dict[str, Any]:
    return {
        kind: made.id,
        "version": made.number,
        "since": iso(made.since),
        "published": made.made,
        "same": made.same,
        "customers": made.customers,
        "moved": made.moved,
        "changes": to_builtins(made.changes),
    }


def _said_already(made: Published, asked: Asked) -> str:
    day = clock.shown(made.since, asked.shop.settings.timezone, asked.language)
    text = N_("Version {number} of “{id}”, live since {day}, says just this. Nothing was changed.")
    return asked.say(text, number=made.number, id=made.id, day=day)


def _warned(made: Published, say: Translator) -> list[str]:
    return [warning.say(say) for warning in made.warnings]


def _number(n: int, say: Translator) -> str:
    return str(format_decimal(n, locale=say.language))


# --- windows from the shop's own gaps -------------------------------------------------------------


@perform.register
def _suggest(command: commands.Suggest, asked: Asked) -> Answer:
    shop, say = asked.shop, asked.say
    at = shop.instant(command.at) if command.at else latest(shop.warehouse, shop.instant(None))
    found, day = suggest(shop.warehouse, at), clock.shown(at, shop.settings.timezone, asked.language, "day")
    reasons = [say(N_("As of {day}:"), day=day), *found.say(say).split("\n")]
    if command.draft is not None:
        text = drafts.to_text(_proposed(shop.model(command.draft), found))
        lines = [*(f"# {reason}" for reason in reasons), *text.splitlines()]
        return Facts({"at": iso(at), "draft": text}, lines)
    return Facts(
        {"at": iso(at)} | to_builtins(found),
        [*reasons, *_gaps(found, say), "", say(_KEEP)],
        table="windows",
        columns=("days", "returned", "chance"),
        unsaid=[] if found.enough else reasons,
    )


_KEEP: Final = N_("To keep these windows: habitue stages suggest --toml | habitue stages publish -")


def _proposed(model: Model, found: Suggestion) -> Model:
    """The model with the windows that it has and the shop proposes."""
    windows = {"dormant": f"{found.dormant}d", "lost": f"{found.lost}d"}
    fitting = {name: value for name, value in windows.items() if name in model.kind.parameters}
    if not fitting:
        raise UserError(N_("The model “{id}” has no window “dormant” or “lost” to be set."), id=model.id)
    return replace(model, settings=model.settings | fitting)


def _gaps(found: Suggestion, say: Translator) -> Iterator[str]:
    """The histogram, and the candidate windows with what they would have meant."""
    if most := max((bar.n for bar in found.histogram), default=0):
        yield from ("", say(N_("Days between two orders, and how often:")))
        for bar in found.histogram:
            yield f"{bar.start:>5}–{bar.stop - 1:<5}{_number(bar.n, say):>8}  " + "█" * round(
                40 * bar.n / most
            )
        yield from (
            "",
            say(N_("Days of silence, share of returns that came sooner, chance of one still to come:")),
        )
        for window in found.windows:
            returned, chance = (_share(one, say) for one in (window.returned, window.chance))
            yield f"{window.days:>5} {returned:>8} {chance:>8}"


def _share(share: float, say: Translator) -> str:
    pattern = "#,##0.0\N{NARROW NO-BREAK SPACE}%" if say.language == "fr" else "#,##0.0%"
    return str(format_percent(share, format=pattern, locale=say.language))
