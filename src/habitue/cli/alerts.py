"""The verbs about alerts: `habitue alerts`."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from habitue.api import alerted as command
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.cli.models import By, text
from habitue.kernel.i18n import N_

app = typer.Typer(
    cls=Listed,
    help=N_("What the team is told by itself when a figure is not as usual: files in TOML or JSON."),
)

File = Annotated[
    Path, typer.Argument(metavar="FILE", readable=False, help=N_("The alert; - reads standard input."))
]
Name = Annotated[str, typer.Argument(metavar="ALERT", help=N_("The alert’s id."))]


@verb(app, "list", help=N_("Every alert, and what is under way."))
def list_(desk: Desk) -> None:
    desk.do(command.Alerts())


@verb(app, help=N_("One alert as a file, with its last incidents."))
def show(desk: Desk, alert: Name) -> None:
    desk.do(command.ShowAlert(alert=alert))


@verb(app, help=N_("Say all that is wrong with an alert, each fault with its place. Nothing is kept."))
def check(desk: Desk, file: File) -> None:
    desk.do(command.CheckAlert(text=text(file)))


@verb(app, help=N_("What an alert would have told, over real history. Nothing is kept."))
def replay(
    desk: Desk,
    file: File,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=365, help=N_("Of so many days until now."))
    ] = 90,
) -> None:
    desk.do(command.ReplayAlert(text=text(file), days=days))


@verb(app, help=N_("Let an alert look from now on, in place of the one of its id."))
def save(desk: Desk, file: File, by: By = None) -> None:
    desk.do(command.SaveAlert(text=text(file), by=by or getuser()))


@verb(app, help=N_("Be told no more of what is under way, for a while."))
def snooze(
    desk: Desk,
    alert: Name,
    length: Annotated[
        str,
        typer.Argument(
            metavar="LENGTH", help=N_("Such as 1h, 1d or 1w; over: until it is over; none: tell again.")
        ),
    ] = "1d",
    by: By = None,
) -> None:
    desk.do(command.SnoozeAlert(alert=alert, length=length, by=by or getuser()))


@verb(app, help=N_("Let an alert tell nothing until it is unmuted; it goes on looking."))
def mute(desk: Desk, alert: Name, by: By = None) -> None:
    desk.do(command.SteerAlert(alert=alert, act="mute", by=by or getuser()))


@verb(app, help=N_("Let a muted alert tell again."))
def unmute(desk: Desk, alert: Name, by: By = None) -> None:
    desk.do(command.SteerAlert(alert=alert, act="unmute", by=by or getuser()))


@verb(app, help=N_("Let an alert look no more."))
def remove(desk: Desk, alert: Name, by: By = None) -> None:
    desk.do(command.SteerAlert(alert=alert, act="remove", by=by or getuser()))


@verb(app, help=N_("Name a webhook of a channel of the team’s, as Slack has them; try it, or let it go."))
def webhook(
    desk: Desk,
    name: Annotated[str, typer.Argument(metavar="NAME", help=N_("What alerts call it: hook:NAME."))],
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help=N_("Its address; if not said, it is tried."))
    ] = None,
    end: Annotated[bool, typer.Option("--end", help=N_("Tell nothing there any more."))] = False,
    by: By = None,
) -> None:
    act = "end" if end else "add" if url else "try"
    desk.do(command.AlertHook(webhook=name, act=act, by=by or getuser(), url=url or ""))
