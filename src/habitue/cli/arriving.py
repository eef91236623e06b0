"""The verbs about what comes in: `habitue calls` and `habitue catalogue`."""

from __future__ import annotations

from typing import Annotated

import typer

from habitue.api import command
from habitue.cli.desk import Desk, verb
from habitue.kernel.i18n import N_

app = typer.Typer()


@verb(app, help=N_("The last calls to the running server, the newest last: taken or refused, and why."))
def calls(
    desk: Desk,
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help=N_("Only those of this source."))
    ] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help=N_("Only those of which something was refused."))
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=600, help=N_("So many at most."))] = 50,
) -> None:
    desk.do(command.Calls(source=source, refused=refused, limit=limit))


@verb(
    app,
    help=N_(
        "Every event and trait: how many, from whom, since when, personal data, and what is unexpected.\n\n"
        "With a name: its properties, how often they are filled, their types and examples."
    ),
)
def catalogue(
    desk: Desk,
    name: Annotated[
        str | None, typer.Argument(metavar="[EVENT]", help=N_("An event’s name, or a trait’s."))
    ] = None,
    warned: Annotated[
        bool, typer.Option("--unexpected", help=N_("Only those with something unexpected."))
    ] = False,
) -> None:
    desk.do(command.Catalogue(of=name, warned=warned))
