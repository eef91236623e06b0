"""The verbs about journeys: `habitue journeys`."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from habitue.api import command
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.cli.models import By, text
from habitue.kernel.i18n import N_

app = typer.Typer(
    cls=Listed,
    help=N_("What is done with customers step by step: files in TOML or JSON, kept in versions."),
)

File = Annotated[
    Path,
    typer.Argument(metavar="FILE", readable=False, help=N_("The journey; - reads standard input.")),
]
Name = Annotated[str, typer.Argument(metavar="JOURNEY", help=N_("The journey’s id."))]
Number = Annotated[
    int | None, typer.Option("--number", metavar="N", min=1, help=N_("Its version; the newest if not said."))
]


@verb(app, "list", help=N_("Every journey, live or not."))
def list_(desk: Desk) -> None:
    desk.do(command.Journeys())


@verb(app, help=N_("Say all that is wrong with a journey, each fault with its place. Nothing is kept."))
def check(desk: Desk, file: File) -> None:
    desk.do(command.CheckJourney(text=text(file)))


@verb(app, help=N_("Keep a journey as its next version. What is live stays live."))
def save(desk: Desk, file: File, by: By = None) -> None:
    desk.do(command.SaveJourney(text=text(file), by=by or getuser()))


@verb(app, help=N_("A journey as a file that can be changed and saved again."))
def export(
    desk: Desk,
    journey: Name,
    number: Number = None,
    form: Annotated[str, typer.Option("--as", metavar="toml|json", help=N_("How it is written."))] = "toml",
) -> None:
    desk.do(command.ExportJourney(journey=journey, number=number, form=form))


@verb(app, help=N_("What differs between two versions, line by line; the last two if not said."))
def diff(
    desk: Desk,
    journey: Name,
    one: Annotated[
        int | None, typer.Argument(metavar="[VERSION]", help=N_("The one before if not said."))
    ] = None,
    other: Annotated[
        int | None, typer.Argument(metavar="[VERSION]", help=N_("The newest if not said."))
    ] = None,
) -> None:
    desk.do(command.DiffJourney(journey=journey, one=one, other=other))
