"""The verbs about broadcasts: `habitue broadcasts`."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from habitue.api import dispatch
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.cli.models import By, text
from habitue.kernel.i18n import N_

app = typer.Typer(cls=Listed, help=N_("One message to many: drafted in a file, checked, sent, held up."))

File = Annotated[
    Path,
    typer.Argument(metavar="FILE", readable=False, help=N_("The broadcast; - reads standard input.")),
]
Name = Annotated[str, typer.Argument(metavar="BROADCAST", help=N_("The broadcast’s id."))]


def _steer(desk: Desk, broadcast: str, act: str, by: str | None, variant: str = "") -> None:
    desk.do(dispatch.SteerBroadcast(broadcast=broadcast, act=act, by=by or getuser(), variant=variant))


@verb(app, "list", help=N_("Every broadcast, the newest first."))
def list_(desk: Desk) -> None:
    desk.do(dispatch.Broadcasts())


@verb(app, help=N_("How a broadcast goes: who got it, who did not and why, and what its variants did."))
def show(desk: Desk, broadcast: Name) -> None:
    desk.do(dispatch.ShowBroadcast(broadcast=broadcast))


@verb(app, help=N_("Say all that is wrong with a broadcast, each fault with its place. Nothing is kept."))
def check(desk: Desk, file: File) -> None:
    desk.do(dispatch.CheckBroadcast(text=text(file)))


@verb(app, help=N_("Keep a broadcast as a draft. Nothing is sent."))
def save(desk: Desk, file: File, by: By = None) -> None:
    desk.do(dispatch.SaveBroadcast(text=text(file), by=by or getuser()))


@verb(app, help=N_("A broadcast as a file that can be changed and saved again."))
def export(
    desk: Desk,
    broadcast: Name,
    form: Annotated[str, typer.Option("--as", metavar="toml|json", help=N_("How it is written."))] = "toml",
) -> None:
    desk.do(dispatch.ExportBroadcast(broadcast=broadcast, form=form))


@verb(app, help=N_("Who would get it, and who is lost to which guard. Nothing is sent."))
def funnel(desk: Desk, broadcast: Name) -> None:
    desk.do(dispatch.BroadcastFunnel(broadcast=broadcast))


@verb(app, help=N_("Let a draft go out: at once, or when its time comes."))
def send(desk: Desk, broadcast: Name, by: By = None) -> None:
    _steer(desk, broadcast, "send", by)


@verb(app, help=N_("Make a draft again of a broadcast that has not begun."))
def recall(desk: Desk, broadcast: Name, by: By = None) -> None:
    _steer(desk, broadcast, "recall", by)


@verb(app, help=N_("Send nothing more of a broadcast until it is resumed."))
def pause(desk: Desk, broadcast: Name, by: By = None) -> None:
    _steer(desk, broadcast, "pause", by)


@verb(app, help=N_("Let a paused broadcast go on."))
def resume(desk: Desk, broadcast: Name, by: By = None) -> None:
    _steer(desk, broadcast, "resume", by)


@verb(app, help=N_("End a broadcast for good: who has not got it doesn’t."))
def cancel(desk: Desk, broadcast: Name, by: By = None) -> None:
    _steer(desk, broadcast, "cancel", by)


@verb(app, help=N_("Say which variant the others get, where it could not be told."))
def choose(
    desk: Desk,
    broadcast: Name,
    variant: Annotated[str, typer.Argument(metavar="VARIANT", help=N_("The variant’s id."))],
    by: By = None,
) -> None:
    _steer(desk, broadcast, "choose", by, variant)


@verb(app, help=N_("Forget a draft."))
def drop(desk: Desk, broadcast: Name, by: By = None) -> None:
    _steer(desk, broadcast, "drop", by)
