"""The command line's commands about what the team does itself."""

from __future__ import annotations

import os
from pathlib import Path

from habitue.api import reaching as commands
from habitue.api.answer import Answer, Cell, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.app.errands import CALLS, LETTERS
from habitue.app.senders import senders
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

_COLUMNS = (
    Column("message", N_("Message"), "count"),
    Column("name", N_("Name")),
    Column("to", N_("To")),
    Column("subject", N_("Subject")),
    Column("origin", N_("Who sends")),
    Column("made", N_("Since"), "time"),
    Column("tries", N_("Tries"), "count"),
)
_MOST = 1_000


@perform.register
def _errands(command: commands.Errands, asked: Asked) -> Answer:
    if command.channel not in (CALLS, LETTERS):
        raise UserError(N_("Say phone for calls, or post for letters."))
    found = asked.shop.errands(command.channel, _MOST)
    sender = senders(asked.shop, (one.origin for one in found))
    rows: list[list[Cell]] = [
        [
            *(one.message, one.name, one.to.replace("\n", ", "), one.subject),
            *(sender[one.origin].title, one.made, one.tries),
        ]
        for one in found
    ]
    return Sheet(_COLUMNS, rows)


@perform.register
def _settle(command: commands.SettleCall, asked: Asked) -> Answer:
    asked.shop.settle_call(command.number, command.outcome, command.by)
    fields = {"message": command.number, "outcome": command.outcome}
    return Facts(dict(fields), [asked.say(N_("Noted."))])


@perform.register
def _letters(command: commands.Letters, asked: Asked) -> Answer:
    made, n, last = asked.shop.letters(asked.say)
    path = Path(os.fsdecode(command.path))
    path.write_bytes(made)
    said = N_("{n} letters are in {file}. When they are in the post: habitue errands posted {last}")
    line = asked.say(said, n=n, file=path, last=last)
    return Facts({"file": str(path), "letters": n, "last": last}, [line])


@perform.register
def _posted(command: commands.Posted, asked: Asked) -> Answer:
    n = asked.shop.post_letters(command.until, command.by)
    return Facts({"posted": n}, [asked.say(N_("Noted: {n} letters are in the post."), n=n)])
