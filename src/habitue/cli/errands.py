"""The verbs about what the team does itself: `habitue errands`."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from habitue.api import reaching
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.cli.models import By
from habitue.kernel.i18n import N_

app = typer.Typer(cls=Listed, help=N_("Calls to make and letters to print."))

Number = Annotated[int, typer.Argument(metavar="NUMBER", help=N_("The message’s, as the list has it."))]


@verb(app, "list", help=N_("What is still to be done, the oldest first."))
def list_(
    desk: Desk,
    channel: Annotated[str, typer.Argument(metavar="[phone|post]", help=N_("Calls or letters."))] = "phone",
) -> None:
    desk.do(reaching.Errands(channel=channel))


@verb(app, help=N_("Note what came of a call: reached, nobody, refused or wrong."))
def settle(
    desk: Desk,
    number: Number,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help=N_("What came of it."))],
    by: By = None,
) -> None:
    desk.do(reaching.SettleCall(number=number, outcome=outcome, by=by or getuser()))


@verb(app, help=N_("Write the letters into a PDF, for envelopes with a window."))
def letters(
    desk: Desk,
    file: Annotated[Path, typer.Argument(metavar="FILE", readable=False, help=N_("Such as letters.pdf."))],
) -> None:
    desk.do(reaching.Letters(path=str(file.absolute()).encode()))


@verb(app, help=N_("Note that the letters up to this one are in the post."))
def posted(desk: Desk, number: Number, by: By = None) -> None:
    desk.do(reaching.Posted(until=number, by=by or getuser()))
