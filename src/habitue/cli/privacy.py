"""The verbs about privacy: `habitue export`, `erase`, `erasures` and `retention`."""

from __future__ import annotations

import os
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from habitue.api import personal
from habitue.cli.desk import Desk, verb
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

app = typer.Typer()

By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help=N_("Who asks for it; the system’s user if not said.")),
]
Length = "DURATION|never"


@verb(
    app,
    help=N_(
        "Write all that is kept of a customer, from every store, whatever key it came in under.\n\n"
        "One file for programs (JSON) and one to be read (HTML)."
    ),
)
def export(
    desk: Desk,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help=N_("Any of the customer’s keys."))],
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR|FILE.zip", readable=False, help=N_("Where to write it."))
    ],
) -> None:
    desk.do(personal.Export(customer=customer, to=os.fsencode(to.absolute())))


@verb(
    app,
    help=N_(
        "Erase customers from every store, for ever.\n\n"
        "What happened stays in the figures, as the events of nobody. Without --yes it only says who "
        "would go."
    ),
)
def erase(
    desk: Desk,
    customers: Annotated[
        list[str] | None, typer.Argument(metavar="[CUSTOMER]…", help=N_("Any key of each customer."))
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", readable=False, help=N_("Keys, one on each line.")),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help=N_("Do it."))] = False,
    by: By = None,
) -> None:
    listed = file.read_text("utf-8-sig", errors="replace").splitlines() if file else []
    wanted = [one.strip() for one in (*(customers or ()), *listed) if one.strip()]
    if not wanted:
        raise UserError(N_("Say whom to erase: their keys, or --file with a key on each line."))
    desk.do(personal.Erase(customers=tuple(wanted), by=by or getuser(), sure=yes))


@verb(app, help=N_("What was asked to be erased, by whom, and when it was done."))
def erasures(
    desk: Desk,
    listed: Annotated[
        bool,
        typer.Option(
            "--list", help=N_("Everybody ever erased, as keyed hashes: keep it beside your backups.")
        ),
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help=N_("Erase again who came back with an older copy of the stores."))
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", readable=False, help=N_("The list that --list gave.")),
    ] = None,
    by: By = None,
) -> None:
    if replay or file:
        text = file.read_text("utf-8", errors="replace") if file else None
        desk.do(personal.Reerase(by=by or getuser(), listed=text))
    else:
        desk.do(personal.Erased() if listed else personal.Erasures())


@verb(
    app,
    help=N_(
        "How long whoever is silent is kept, and who would go now.\n\n"
        "Silent is who has done nothing of their own accord: a letter that was sent or opened is no act of "
        "theirs, a click is. Prospects never ordered."
    ),
)
def retention(
    desk: Desk,
    prospects: Annotated[
        str | None,
        typer.Option("--prospects", metavar=Length, help=N_("Keep prospects so long, such as 3y.")),
    ] = None,
    customers: Annotated[
        str | None,
        typer.Option("--customers", metavar=Length, help=N_("Keep customers so long, such as 10y.")),
    ] = None,
    messages: Annotated[
        str | None,
        typer.Option(
            "--messages", metavar=Length, help=N_("Keep what was sent, and journeys that are over, so long.")
        ),
    ] = None,
    auto: Annotated[
        bool | None, typer.Option("--auto/--no-auto", help=N_("Whether the server applies this every day."))
    ] = None,
    run: Annotated[bool, typer.Option("--run", help=N_("Erase those who would go."))] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=N_("Only say who would go, as without --run."))
    ] = False,
    by: By = None,
) -> None:
    if run and dry_run:
        raise UserError(N_("Choose one of --run and --dry-run."))
    desk.do(
        personal.Retention(
            by=by or getuser(),
            prospects=prospects,
            customers=customers,
            messages=messages,
            alone=auto,
            run=run,
        )
    )
