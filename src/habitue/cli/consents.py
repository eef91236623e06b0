"""The verbs about who may be written to: `habitue consent`, `habitue suppress` and `habitue suppressed`."""

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

Channel = Annotated[
    str | None,
    typer.Option(
        "--channel", metavar="NAME", help=N_("email, sms, push, post, phone or web; email if not said.")
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="NAME",
        help=N_(
            "A channel or “all”; an e-mail address is suppressed for e-mail, a number for all, if not said."
        ),
    ),
]


_Customer = Annotated[
    str,
    typer.Argument(
        metavar="CUSTOMER",
        help=N_("Any of the customer’s keys; or a new address as email:a@example.com."),
    ),
]
_Purpose = Annotated[
    str | None,
    typer.Option(
        "--purpose", metavar="NAME", help=N_("What for, such as newsletter; marketing if not said.")
    ),
]
_Text = Annotated[
    str | None,
    typer.Option("--text", metavar="VERSION", help=N_("The version of the text they were shown.")),
]
_Form = Annotated[
    str | None,
    typer.Option("--form", metavar="NAME", help=N_("The form, page or call in which they answered.")),
]


@verb(
    app,
    help=N_(
        "What a customer answered about being reached, with the proof.\n\n"
        "With --status it keeps an answer: granted, denied, withdrawn, or pending (asked, not confirmed). "
        "A yes given here is their own and lifts an earlier no."
    ),
)
def consent(
    desk: Desk,
    customer: _Customer,
    status: Annotated[
        str | None,
        typer.Option("--status", metavar="ANSWER", help=N_("granted, denied, withdrawn or pending.")),
    ] = None,
    channel: Channel = None,
    purpose: _Purpose = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="WHEN", help=N_("When they answered; now if not said."))
    ] = None,
    text: _Text = None,
    text_id: Annotated[
        str | None, typer.Option("--text-id", metavar="ID", help=N_("Where that text is recorded."))
    ] = None,
    ip: Annotated[
        str | None, typer.Option("--ip", metavar="ADDRESS", help=N_("The address the answer came from."))
    ] = None,
    form: _Form = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="NAME", help=N_("Who wrote it down; the system’s user if not said.")),
    ] = None,
) -> None:
    if status is None:
        if any((channel, purpose, at, text, text_id, ip, form, by)):
            raise UserError(N_("Say what they answered with --status, such as --status granted."))
        desk.do(personal.Consents(customer=customer))
        return
    desk.do(
        personal.Consent(
            customer=customer,
            status=status,
            channel=channel or "email",
            purpose=purpose or "marketing",
            at=at,
            text=text,
            text_id=text_id,
            ip=ip,
            form=form,
            by=by or getuser(),
        )
    )


@verb(
    app,
    help=N_(
        "Let nobody write to an address again, whatever the customer’s consent says.\n\n"
        "It is kept as a keyed hash, so it outlives the customer’s erasure."
    ),
)
def suppress(
    desk: Desk,
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help=N_("An e-mail address or a phone number."))
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            readable=False,
            help=N_("A file of addresses: one a line, or a table with a column “email”."),
        ),
    ] = None,
    channel: On = None,
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar="WHY", help=N_("unsubscribed, complaint, bounce, manual or erased.")
        ),
    ] = "manual",
    lift: Annotated[
        bool, typer.Option("--lift", help=N_("Let it be written to again; both stay noted."))
    ] = False,
) -> None:
    if (address is None) == (file is None):
        raise UserError(N_("Give an address or --file, one of them."))
    if file is not None:
        if lift:
            raise UserError(N_("Only one address at a time can be lifted."))
        path = os.fsencode(file.absolute())
        desk.do(personal.SuppressFile(path=path, channel=channel, reason=reason))
    elif lift:
        desk.do(personal.Lift(address=address or "", channel=channel))
    else:
        desk.do(personal.Suppress(address=address or "", channel=channel, reason=reason))


@verb(app, help=N_("Whether an address is on the suppression list; without one, how many are, and why."))
def suppressed(
    desk: Desk,
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help=N_("An e-mail address or a phone number."))
    ] = None,
) -> None:
    desk.do(personal.Suppressed(address=address))
