"""The verbs about stage models: `habitue stages`."""

from __future__ import annotations

import sys
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from habitue.api import command
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Stages
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

app = typer.Typer(
    cls=Stages,
    help=N_(
        "How many customers are in each stage, and the models that say who is in which.\n\n"
        "“habitue stages MODEL” is short for “habitue stages show MODEL”, whose options stand below."
    ),
)

At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="ISO",
        help=N_("As of this instant, such as 2026-01-31 (its first moment); now if not said."),
    ),
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help=N_("Who decides it; the system’s user if not said.")),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help=N_("Only say what would change."))]
ModelId = Annotated[str, typer.Option("--model", metavar="ID", help=N_("The stage model."))]
Name = Annotated[str, typer.Argument(metavar="MODEL", help=N_("The stage model."))]


@verb(app, help=N_("The customers of each stage at an instant, or month by month."))
def show(
    desk: Desk,
    model: Annotated[str, typer.Argument(metavar="[MODEL]", help=N_("The stage model."))] = "transactional",
    at: At = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="month", help=N_("At the end of each of the last 24 months.")),
    ] = None,
    months: Annotated[
        int | None, typer.Option("--months", metavar="N", min=1, help=N_("Of so many months instead of 24."))
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="ISO", help=N_("From the month of this date on, instead of 24.")),
    ] = None,
    history: Annotated[
        bool,
        typer.Option(
            "--history",
            help=N_("Every stay of everybody so far: CSV rows subject,stage,from,to,expected,life in UTC."),
        ),
    ] = False,
    draft: Annotated[
        Path | None,
        typer.Option(
            "--model-file",
            metavar="FILE",
            readable=False,
            help=N_("A draft in TOML instead: its whole history is computed, nothing is saved."),
        ),
    ] = None,
) -> None:
    if by not in (None, "month"):
        raise UserError(N_("“{by}” is not a step of time. Choose month."), by=by)
    if months is not None and since is not None:
        raise UserError(N_("Choose one of --months and --since."))
    if history and (at or by or months or since):
        raise UserError(N_("--history is all there was: it goes without --at, --by, --months and --since."))
    toml = None if draft is None else text(draft)
    if history:
        desk.table()
        desk.do(command.Stays(model, toml))
    elif by or months or since:
        desk.do(command.Months(model, at, toml, months, since))
    else:
        desk.do(command.Stages(model, at, toml))


@verb(app, "list", help=N_("The stage models that are alive, since when, and the kinds that could be."))
def list_(desk: Desk) -> None:
    desk.do(command.Models())


@verb(
    app,
    help=N_(
        "When to count a customer as dormant or lost, by this shop’s own gaps between orders.\n\n"
        "How many came back after each gap; those still silent count for as long as they have been.\n\n"
        "habitue stages suggest --toml | habitue stages publish -"
    ),
)
def suggest(
    desk: Desk,
    model: ModelId = "transactional",
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="ISO", help=N_("As of this instant; the last order if not said.")),
    ] = None,
    toml: Annotated[
        bool, typer.Option("--toml", help=N_("The model with these windows, as a draft to publish."))
    ] = False,
) -> None:
    desk.do(command.Suggest(at=at, draft=model if toml else None))


@verb(
    app,
    help=N_(
        "Make a draft in TOML the live version of a model, or a new model.\n\n"
        "It says how many customers change their stage today, from which to which. "
        "The old version stays kept."
    ),
)
def publish(
    desk: Desk,
    draft: Annotated[
        Path, typer.Argument(metavar="FILE", readable=False, help=N_("The draft; - reads standard input."))
    ],
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]", help=N_("The model’s id, new or alive; as the draft says if not said.")
        ),
    ] = None,
    dry_run: DryRun = False,
    by: By = None,
) -> None:
    desk.do(command.Publish(draft=text(draft), model=model, by=by or getuser(), dry_run=dry_run))


@verb(app, help=N_("Every version that a model ever had."))
def versions(desk: Desk, model: Name = "transactional") -> None:
    desk.do(command.Versions(model=model))


@verb(app, help=N_("Publish an earlier version of a model again, as its newest."))
def restore(
    desk: Desk,
    model: Name,
    number: Annotated[int, typer.Argument(metavar="VERSION", help=N_("Its number in “stages versions”."))],
    dry_run: DryRun = False,
    by: By = None,
) -> None:
    desk.do(command.Restore(model=model, number=number, by=by or getuser(), dry_run=dry_run))


@verb(app, help=N_("Let a model be live no more; its versions stay kept."))
def remove(desk: Desk, model: Name, by: By = None) -> None:
    desk.do(command.RemoveModel(model=model, by=by or getuser()))


def text(file: Path) -> str:
    """The text of a draft; raises `UserError` for what is no UTF-8."""
    try:
        raw = sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            N_("{file} is not written in UTF-8. Save it as UTF-8 and try again."), file=file
        ) from error
