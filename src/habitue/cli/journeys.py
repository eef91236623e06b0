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


@verb(app, help=N_("Who is in a journey, at which step and since when; how many passed each step."))
def show(
    desk: Desk,
    journey: Name,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=3650, help=N_("Of so many days until now."))
    ] = 30,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=10_000, help=N_("The last so many to come in."))
    ] = 100,
) -> None:
    desk.do(command.ShowJourney(journey=journey, days=days, limit=limit))


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


@verb(
    app,
    help=N_(
        "What a journey would have done, over real history: who comes in, what is sent, what is stopped.\n\n"
        "Nothing is sent and nothing is kept."
    ),
)
def replay(
    desk: Desk,
    file: File,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=3650, help=N_("Of so many days until now."))
    ] = 365,
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="KEY", help=N_("Of one customer, step by step.")),
    ] = None,
) -> None:
    desk.do(command.ReplayJourney(text=text(file), days=days, customer=customer))


@verb(app, help=N_("Make a journey live: who fits it comes in from now on."))
def publish(
    desk: Desk,
    file: File,
    flying: Annotated[
        str,
        typer.Option(
            "--under-way",
            metavar="stay|move|exit",
            help=N_("Those in the version before finish it (stay), go on here (move) or leave (exit)."),
        ),
    ] = "stay",
    by: By = None,
) -> None:
    desk.do(command.PublishJourney(text=text(file), by=by or getuser(), flying=flying))


@verb(app, help=N_("What a journey came to: what came after its messages, and what they changed."))
def results(
    desk: Desk,
    journey: Name,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=3650, help=N_("Of so many days until now."))
    ] = 30,
) -> None:
    desk.do(command.JourneyResults(journey=journey, days=days))


@verb(app, help=N_("Let nobody in and nobody on, and send nothing, until it is resumed."))
def pause(desk: Desk, journey: Name, by: By = None) -> None:
    desk.do(command.SteerJourney(journey=journey, act="pause", by=by or getuser()))


@verb(app, help=N_("Let a paused journey go on."))
def resume(desk: Desk, journey: Name, by: By = None) -> None:
    desk.do(command.SteerJourney(journey=journey, act="resume", by=by or getuser()))


@verb(app, help=N_("Let nobody in any more; those under way finish it."))
def stop(desk: Desk, journey: Name, by: By = None) -> None:
    desk.do(command.SteerJourney(journey=journey, act="stop", by=by or getuser()))


@verb(app, help=N_("Put customers into a live journey by hand."))
def enter(
    desk: Desk,
    journey: Name,
    customers: Annotated[
        list[str], typer.Argument(metavar="CUSTOMER…", help=N_("Their keys, such as c-001."))
    ],
    by: By = None,
) -> None:
    desk.do(command.EnterJourney(journey=journey, customers=tuple(customers), by=by or getuser()))
