"""The verbs about events over HTTP: `habitue sources` and `habitue refused`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from habitue.api import command
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.kernel.i18n import N_

sources = typer.Typer(cls=Listed, help=N_("Who may send events over HTTP, each with its write key."))
refused = typer.Typer(cls=Listed, help=N_("Events that could not be taken: why, and how to send them again."))

Name = Annotated[str, typer.Argument(metavar="NAME", help=N_("The source’s name, such as shop or website."))]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help=N_("The event’s number in the list."))]


@verb(sources, "list", help=N_("Who may send events, and their write keys."))
def list_(desk: Desk) -> None:
    desk.do(command.Sources())


@verb(
    sources,
    help=N_(
        "A new write key for a server or for a browser.\n\n"
        "A browser’s key stands in its page for all to read: its claims about e-mail and phone join nobody."
    ),
)
def add(
    desk: Desk,
    name: Name,
    kind: Annotated[str, typer.Option("--kind", metavar="server|browser", help=N_("What sends."))] = "server",
) -> None:
    desk.do(command.NewSource(id=name, kind=kind))


@verb(sources, help=N_("Take nothing more from a source; what it sent stays."))
def close(desk: Desk, name: Name) -> None:
    desk.do(command.CloseSource(id=name))


@verb(refused, "list", help=N_("The events that could not be taken, the newest first, and why."))
def waiting(desk: Desk) -> None:
    desk.do(command.Refused())


@verb(refused, help=N_("Take an event again, as it is or as a file has it."))
def replay(
    desk: Desk,
    number: Number,
    file: Annotated[
        Path | None,
        typer.Option("--with", metavar="FILE", readable=False, help=N_("The event, mended, as JSON.")),
    ] = None,
) -> None:
    desk.do(command.Replay(number=number, mended=file.read_bytes() if file else None))


@verb(refused, help=N_("Look no more at an event; it stays noted."))
def drop(desk: Desk, number: Number) -> None:
    desk.do(command.Drop(number=number))
