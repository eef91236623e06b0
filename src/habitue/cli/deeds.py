"""The verb about the record of who did what: `habitue acts`."""

from __future__ import annotations

from typing import Annotated

import typer

from habitue.api import command
from habitue.cli.desk import Desk, verb
from habitue.kernel.i18n import N_

app = typer.Typer()


@verb(
    app,
    help=N_(
        "Who did what, the latest first, and whether the record is as it was written.\n\n"
        "Every line is sealed together with the one before it: whoever changes or drops one is found out."
    ),
)
def acts(
    desk: Desk,
    most: Annotated[
        int, typer.Option("--most", metavar="N", min=1, max=100_000, help=N_("How many lines at most."))
    ] = 100,
) -> None:
    desk.do(command.Acts(most=most))
