"""The command line's commands about templates of messages."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import to_builtins

from habitue.api import sent as commands
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator
from habitue.rules.problem import nearest
from habitue.templates import shape
from habitue.templates.fault import PARTS, Fault
from habitue.templates.starters import empty, starters


@perform.register
def _templates(_: commands.Templates, asked: Asked) -> Answer:
    yes = {"yes": asked.say(N_("yes"))}
    columns = (
        Column("template", N_("Template")),
        Column("name", N_("Name")),
        Column("channel", N_("Channel")),
        Column("purpose", N_("Purpose")),
        Column("languages", N_("Languages")),
        Column("version", N_("Version"), "count"),
        Column("live", N_("Live"), names=yes),
        Column("since", N_("Since"), "time"),
    )
    rows = [
        (
            one.template.slug,
            one.template.name or None,
            one.template.channel,
            one.template.purpose,
            ", ".join(one.template.texts),
            one.number,
            "yes" if one.live else None,
            one.since if one.live else None,
        )
        for one in asked.shop.templates()
    ]
    return Sheet(columns, rows)


@perform.register
def _show(command: commands.ShowTemplate, asked: Asked) -> Answer:
    found = asked.shop.template(command.template, command.number)
    text = shape.written(found.template)
    fields = {"template": command.template, "version": found.number, "live": found.live, "draft": text}
    return Facts(fields, text.splitlines())


@perform.register
def _new(command: commands.NewTemplate, asked: Asked) -> Answer:
    known = starters()
    if command.starter is None:
        found = empty(command.template or "template", asked.language)
    elif command.starter in known:
        found = known[command.starter].named(command.template or command.starter, asked.language)
    else:
        near = nearest(command.starter, known)
        text = (
            N_("There is no starter “{name}”. Did you mean “{near}”?")
            if near
            else N_("There is no starter “{name}”. There are: {known}.")
        )
        raise UserError(text, name=command.starter, near=near, known=", ".join(known))
    draft = shape.written(shape.checked(found))
    return Facts({"template": found.slug, "draft": draft}, draft.splitlines())


@perform.register
def _check(command: commands.CheckTemplate, asked: Asked) -> Answer:
    return said(asked.shop.look_at(shape.read(command.draft)), asked.say)


def said(faults: Sequence[Fault], say: Translator) -> Sheet:
    """What there is to say, in words."""
    names = {"error": say(N_("error")), "warning": say(N_("advice"))}
    columns = (
        Column("severity", N_("Severity"), names=names),
        Column("language", N_("Language")),
        Column("part", N_("Part"), names={part: say(name) for part, name in PARTS.items()}),
        Column("line", N_("Line"), "count"),
        Column("finding", N_("Finding")),
    )
    rows = [
        (one.severity, one.language or None, one.part or None, one.line or None, one.say(say))
        for one in faults
    ]
    return Sheet(columns, rows, wrong=any(one.severity == "error" for one in faults))


@perform.register
def _publish(command: commands.PublishTemplate, asked: Asked) -> Answer:
    template = shape.read(command.draft)
    if command.dry_run:
        return said(asked.shop.look_at(template), asked.say)
    made = asked.shop.publish_template(template, command.by)
    text = N_("Version {number} of “{id}” is live.")
    if made.same:
        text = N_("Version {number} of “{id}” is live already and says just this. Nothing was changed.")
    fields = {
        "template": template.slug,
        "version": made.kept.number,
        "same": made.same,
        "advice": [to_builtins(one) for one in made.faults],
    }
    notes = [one.say(asked.say) for one in made.faults]
    return Facts(fields, [asked.say(text, number=made.kept.number, id=template.slug)], notes)


@perform.register
def _retire(command: commands.RetireTemplate, asked: Asked) -> Answer:
    asked.shop.retire_template(command.template, command.by)
    line = asked.say(N_("“{id}” is live no more. Its versions stay kept."), id=command.template)
    return Facts({"template": command.template}, [line])
