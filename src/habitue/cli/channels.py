"""The verbs about the ways out: `habitue channels`."""

from __future__ import annotations

import os
from getpass import getuser
from typing import Annotated

import typer

from habitue.api import reaching
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.cli.models import By
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

app = typer.Typer(
    cls=Listed, help=N_("By whom e-mails, text messages and everything else leave: one way for each channel.")
)

Kind = Annotated[str, typer.Argument(metavar="KIND", help=N_("Such as brevo; the list has them all."))]
Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help=N_("Such as email or sms."))]


@verb(app, "list", help=N_("The ways there are, and which of them are in use."))
def list_(desk: Desk) -> None:
    desk.do(reaching.Channels())


@verb(app, help=N_("What a way asks for, how it is set, and where its provider has to tell of messages."))
def show(desk: Desk, kind: Kind) -> None:
    desk.do(reaching.Channel(kind=kind))


@verb(
    app,
    "set",
    help=N_(
        "Let a channel be reached this way from now on; what is not said stays as it is.\n\n"
        "What is secret is read from the environment, such as HABITUE_BREVO_KEY."
    ),
)
def set_(
    desk: Desk,
    kind: Kind,
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE…", help=N_("Such as region=eu; `show` has the names.")),
    ] = None,
    by: By = None,
) -> None:
    prefix = f"HABITUE_{kind}_".upper()
    given = {
        name.removeprefix(prefix).lower(): value
        for name, value in os.environ.items()
        if name.startswith(prefix)
    }
    for one in settings or ():
        name, sign, value = one.partition("=")
        if not sign:
            raise UserError(N_("“{text}” is no setting. Write it as NAME=VALUE."), text=one)
        given[name.strip()] = value.strip()
    desk.do(reaching.SetChannel(kind=kind, given=given, by=by or getuser()))


@verb(app, help=N_("Send one message at once, and say what was answered."))
def test(
    desk: Desk,
    channel: Channel,
    to: Annotated[str, typer.Argument(metavar="ADDRESS", help=N_("To whom."))],
) -> None:
    desk.do(reaching.TryChannel(channel=channel, to=to))


@verb(app, help=N_("A new secret address for a provider to tell of messages; the last one is heard no more."))
def rotate(desk: Desk, kind: Kind, by: By = None) -> None:
    desk.do(reaching.RotateHook(kind=kind, by=by or getuser()))


@verb(app, help=N_("Send nothing more on a channel; what is to be sent waits."))
def off(desk: Desk, channel: Channel, by: By = None) -> None:
    desk.do(reaching.EndChannel(channel=channel, by=by or getuser()))
