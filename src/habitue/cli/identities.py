"""The verbs about who is who: `habitue identities`, `habitue merge` and `habitue split`."""

from __future__ import annotations

from getpass import getuser
from typing import Annotated

import typer

from habitue.api import personal
from habitue.cli.desk import Desk, verb
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

app = typer.Typer()

Key = Annotated[
    str, typer.Argument(metavar="KEY", help=N_("A customer’s key, such as c-001 or email:a@example.com."))
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help=N_("The reason; it stays in the merge log."))]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help=N_("Who decides it; the system’s user if not said.")),
]


@verb(
    app,
    help=N_(
        "By which keys a customer is known: what joined them, when, and who.\n\n"
        "Without a customer: what was ever merged and split by hand."
    ),
)
def identities(
    desk: Desk,
    customer: Annotated[
        str | None,
        typer.Argument(metavar="[CUSTOMER]", help=N_("Any of the customer’s keys.")),
    ] = None,
    shared: Annotated[
        bool,
        typer.Option("--shared", help=N_("The keys that join nobody: shared by too many, or no real ids.")),
    ] = False,
) -> None:
    if shared and customer:
        raise UserError(N_("Give a customer or --shared, not both."))
    if shared:
        desk.do(personal.Shared())
    else:
        desk.do(personal.Identities(customer=customer) if customer else personal.Decisions())


@verb(
    app,
    help=N_(
        "Make one customer of two, with everything that ever happened to either.\n\n"
        "“habitue split” with the same keys puts all back as it was."
    ),
)
def merge(desk: Desk, one: Key, other: Key, why: Why, by: By = None) -> None:
    desk.do(personal.Merge(one=one, other=other, why=why, by=by or getuser()))


@verb(app, help=N_("Take two keys of a customer apart, and keep them so whatever is claimed later."))
def split(desk: Desk, one: Key, other: Key, why: Why, by: By = None) -> None:
    desk.do(personal.Split(one=one, other=other, why=why, by=by or getuser()))
