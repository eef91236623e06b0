"""The verbs about saved segments: `habitue segments`."""

from __future__ import annotations

from getpass import getuser
from typing import Annotated

import typer

from habitue.api import command
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.cli.models import By, DryRun
from habitue.kernel.i18n import N_

app = typer.Typer(
    cls=Listed,
    help=N_(
        'Rules kept under a name, for segment("name") in other rules.\n\n'
        "“habitue segment NAME” says who is in one."
    ),
)

Name = Annotated[str, typer.Argument(metavar="NAME", help=N_("Its name, in small letters, digits, - and _."))]


@verb(app, "list", help=N_("The saved segments."))
def list_(desk: Desk) -> None:
    desk.do(command.Segments())


@verb(app, help=N_("Keep a rule under a name, or change the rule of that name; the old one stays kept."))
def save(
    desk: Desk,
    name: Name,
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help=N_('Such as: count("Order Completed", within="90d") >= 3'))
    ],
    dry_run: DryRun = False,
    by: By = None,
) -> None:
    desk.do(command.SaveSegment(segment=name, rule=rule, by=by or getuser(), dry_run=dry_run))


@verb(app, help=N_("Forget a name that nothing refers to any more; its rules stay kept."))
def remove(desk: Desk, name: Name, by: By = None) -> None:
    desk.do(command.RemoveSegment(segment=name, by=by or getuser()))
