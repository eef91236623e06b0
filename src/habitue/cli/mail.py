"""The verbs about what is sent: `habitue mail` and `habitue messages`."""

from __future__ import annotations

import os
import sys
from getpass import getuser
from pathlib import Path
from typing import Annotated, Final

import typer

from habitue.api import sending
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Stages
from habitue.cli.models import By, text
from habitue.kernel.i18n import N_

LARGEST: Final = 10 << 20
PASSWORD: Final = "HABITUE_SMTP_PASSWORD"

app = typer.Typer()
hooks = typer.Typer(cls=Stages, help=N_("How programs of others are called and know that it is us."))
mail = typer.Typer(cls=Stages, help=N_("The server by which e-mails leave."))


@verb(mail, help=N_("How e-mails leave, and what is still to be done for them to arrive."))
def show(desk: Desk) -> None:
    desk.do(sending.Mail())


_Bounces = Annotated[
    str | None,
    typer.Option(
        "--bounces", metavar="ADDRESS", help=N_("A mailbox that takes box+anything: for what comes back.")
    ),
]
_Selector = Annotated[
    str | None,
    typer.Option("--dkim-selector", metavar="NAME", help=N_("Where in DNS the signature’s key stands.")),
]
_Key = Annotated[
    Path | None,
    typer.Option(
        "--dkim-key", metavar="FILE", readable=False, help=N_("A private key in PEM, to sign mails.")
    ),
]
_RelayLog = Annotated[
    str | None,
    typer.Option(
        "--relay-log",
        metavar="FILE",
        help=N_("The log in which the server notes Message-IDs: then nothing is ever undecidable."),
    ),
]


@verb(
    mail,
    "set",
    help=N_(
        "Let e-mails leave by a server from now on; what is not said stays as it is.\n\n"
        "The password is read from the environment: HABITUE_SMTP_PASSWORD."
    ),
)
def set_(
    desk: Desk,
    host: Annotated[str | None, typer.Option("--host", help=N_("The server’s name."))] = None,
    sender: Annotated[
        str | None, typer.Option("--from", metavar="ADDRESS", help=N_("Who sends: “Shop <hello@shop.fr>”."))
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help=N_("Its port; 587 if never said."))] = None,
    security: Annotated[
        str | None, typer.Option("--security", metavar="starttls|tls|none", help=N_("How it is encrypted."))
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help=N_("Who signs in there."))] = None,
    reply: Annotated[
        str | None, typer.Option("--reply", metavar="ADDRESS", help=N_("Where answers go."))
    ] = None,
    bounces: _Bounces = None,
    connections: Annotated[
        int | None, typer.Option("--connections", help=N_("How many at once; 4 if never said."))
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", help=N_("The most mails a second; 0 is as fast as it goes."))
    ] = None,
    dkim_selector: _Selector = None,
    dkim_key: _Key = None,
    relay_log: _RelayLog = None,
    by: By = None,
) -> None:
    desk.do(
        sending.SetMail(
            by=by or getuser(),
            host=host,
            sender=sender,
            port=port,
            security=security,
            user=user,
            password=os.environ.get(PASSWORD),
            reply=reply,
            bounces=bounces,
            connections=connections,
            rate=rate,
            dkim_selector=dkim_selector,
            dkim_key=text(dkim_key) if dkim_key else None,
            relay_log=relay_log,
        )
    )


@verb(mail, help=N_("Send one mail at once, and say what the server answered."))
def test(
    desk: Desk,
    to: Annotated[str, typer.Argument(metavar="ADDRESS", help=N_("To whom."))],
) -> None:
    desk.do(sending.TryMail(to=to))


@verb(
    mail,
    help=N_(
        "Take a mail that came to the address of --bounces, from standard input.\n\n"
        "Have the mail server hand them over, such as by an alias: |habitue mail returned --data DIR"
    ),
)
def returned(desk: Desk) -> None:
    desk.do(sending.Returned(mail=sys.stdin.buffer.read(LARGEST)))


@verb(mail, help=N_("What mails need to arrive: looked up in DNS, with what is to be written there."))
def check(desk: Desk, by: By = None) -> None:
    desk.do(sending.CheckMail(by=by or getuser()))


@verb(mail, help=N_("Let marketing go on that stopped by itself, because too many called it spam."))
def resume(
    desk: Desk,
    why: Annotated[str, typer.Option("--why", metavar="REASON", help=N_("What was wrong and is mended."))],
    by: By = None,
) -> None:
    desk.do(sending.ResumeMarketing(by=by or getuser(), why=why))


@verb(mail, help=N_("Send no more e-mails; what is to be sent waits."))
def off(desk: Desk, by: By = None) -> None:
    desk.do(sending.EndMail(by=by or getuser()))


@verb(hooks, "show", help=N_("The secret with which calls are signed: whoever is called needs it."))
def signing(desk: Desk) -> None:
    desk.do(sending.Hooks())


@verb(hooks, help=N_("Sign with a new secret; the last one signs beside it until the next change."))
def rotate(desk: Desk, by: By = None) -> None:
    desk.do(sending.SetHooks(by=by or getuser(), rotate=True))


@verb(hooks, help=N_("Whether programs of the inner network may be called: yes or no."))
def inner(
    desk: Desk,
    allowed: Annotated[bool, typer.Argument(metavar="yes|no", help=N_("Allowed or not."))],
    by: By = None,
) -> None:
    desk.do(sending.SetHooks(by=by or getuser(), inner=allowed))


@verb(app, help=N_("What was or is to be sent to a customer, with every decision about it."))
def messages(
    desk: Desk,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help=N_("By any key of theirs."))],
    most: Annotated[int, typer.Option("--most", min=1, help=N_("How many messages at most."))] = 50,
) -> None:
    desk.do(sending.Messages(customer=customer, most=most))
