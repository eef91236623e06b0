"""The command line's commands about imports: which there were, and taking one back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import to_builtins

from habitue.api import command as commands
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.app.undoing import Undo
from habitue.kernel import money
from habitue.kernel.i18n import N_, Translator

_SENTENCES: Final = (
    (
        "alone",
        N_("{n} customer of whom nothing else is known"),
        "{n} customers of whom nothing else is known",
    ),
    ("agreed", N_("{n} consent to be written to"), "{n} consents to be written to"),
)


@perform.register
def _imports(_: commands.Imports, asked: Asked) -> Answer:
    columns = (
        Column("number", N_("Number"), "count"),
        Column("file", N_("File")),
        Column("at", N_("When"), "time"),
        Column("stored", N_("New events"), "count"),
        Column("known", N_("Known already"), "count"),
        Column("undone", N_("Undone"), "time"),
    )
    rows = [
        (one.id, one.file, one.finished, one.report.get("stored"), one.report.get("known"), one.undone)
        for one in asked.shop.imports()
    ]
    return Sheet(columns, rows)


@perform.register
def _undo(command: commands.UndoImport, asked: Asked) -> Answer:
    shop, say = asked.shop, asked.say
    if command.sure:
        found = shop.undo_import(command.number, command.by, told=asked.told)
        last = N_("The import of “{file}” is undone. The same file can be imported again.")
    else:
        found = shop.undo(command.number)
        last = N_("Nothing was undone. Say it again with --yes, and this goes.")
    facts = {"number": command.number, "undone": command.sure, **to_builtins(found.effect)}
    facts["revenue"] = str(money.major(found.effect.revenue, shop.settings.currency))
    return Facts(facts, [*_told(found, say), say(last, file=found.job.file)])


def _told(found: Undo, say: Translator) -> Iterator[str]:
    """What goes, what stays, and what to do afterwards."""
    effect = found.effect
    yield say.n("{n} event of “{file}”", "{n} events of “{file}”", effect.events, file=found.job.file)
    for name, one, many in _SENTENCES:
        if n := getattr(effect, name):
            yield say.n(one, many, n)
    if effect.refused:
        one, many = (
            N_("{n} customer said no to being written to: that stays"),
            "{n} customers said no to being written to: that stays",
        )
        yield say.n(one, many, effect.refused)
    for later in found.later:
        text = N_(
            "“{file}” held events that were there already: import it again afterwards to have them back"
        )
        yield say(text, file=later.file)
