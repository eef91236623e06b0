"""The command line's command about the record of who did what."""

from __future__ import annotations

from typing import Final

from habitue.api import command as commands
from habitue.api.answer import Answer, Column, Sheet
from habitue.api.perform import Asked, perform
from habitue.app.deeds import ACTS
from habitue.kernel.i18n import N_

_WHOLE: Final = N_("Every line is as it was written.")
_BROKEN: Final = N_("Line {number} is not as it was written, or the ones before or after it are gone.")


@perform.register
def _acts(command: commands.Acts, asked: Asked) -> Answer:
    columns = (
        Column("number", N_("Number"), "count"),
        Column("at", N_("When"), "time"),
        Column("by", N_("Who")),
        Column("act", N_("What"), names={one: asked.say(name) for one, name in ACTS.items()}),
        Column("about", N_("About")),
    )
    rows = [(one.id, one.at, one.by, one.act, one.about) for one in asked.shop.deeds(command.most)]
    broken = asked.shop.tampered()
    note = asked.say(_WHOLE) if broken is None else asked.say(_BROKEN, number=broken)
    return Sheet(columns, rows, [note], wrong=broken is not None)
