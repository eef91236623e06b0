"""The verbs about templates of messages: `habitue templates`."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from habitue.api import sent
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.cli.models import By, DryRun, text
from habitue.kernel.i18n import N_

app = typer.Typer(cls=Listed, help=N_("What is sent: texts in each language, with holes for each customer."))

Name = Annotated[str, typer.Argument(metavar="NAME", help=N_("Its name, in small letters, digits, - and _."))]
File = Annotated[
    Path, typer.Argument(metavar="FILE", readable=False, help=N_("The template; - reads standard input."))
]


@verb(app, "list", help=N_("The templates, and which version of each is live."))
def list_(desk: Desk) -> None:
    desk.do(sent.Templates())


@verb(app, help=N_("A template as TOML: the live version, else the newest."))
def show(
    desk: Desk,
    name: Name,
    number: Annotated[
        int | None, typer.Option("--version", metavar="N", min=1, help=N_("The version of this number."))
    ] = None,
) -> None:
    desk.do(sent.ShowTemplate(template=name, number=number))


@verb(
    app,
    help=N_("A template to begin with, as TOML, to be changed and published; nothing is kept."),
)
def new(
    desk: Desk,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help=N_("What to call it; as the starter if not said.")),
    ] = None,
    starter: Annotated[
        str | None,
        typer.Option("--from", metavar="STARTER", help=N_("A starter, such as welcome; none if not said.")),
    ] = None,
) -> None:
    desk.do(sent.NewTemplate(template=name, starter=starter))


@verb(app, help=N_("Say all that is wrong with a template, and what could be better; nothing is kept."))
def check(desk: Desk, file: File) -> None:
    desk.do(sent.CheckTemplate(draft=text(file)))


@verb(app, help=N_("Keep a template in TOML, and let it be what is sent. The old version stays kept."))
def publish(desk: Desk, file: File, dry_run: DryRun = False, by: By = None) -> None:
    desk.do(sent.PublishTemplate(draft=text(file), by=by or getuser(), dry_run=dry_run))


@verb(app, help=N_("Send a template no more; its versions stay kept."))
def remove(desk: Desk, name: Name, by: By = None) -> None:
    desk.do(sent.RetireTemplate(template=name, by=by or getuser()))
