"""The verbs about customers who may be one: `habitue duplicates`, with `merge`, `dismiss` and `undo`."""

from __future__ import annotations

from getpass import getuser
from typing import Annotated

import typer

from habitue.api import personal
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.kernel.i18n import N_

app = typer.Typer(cls=Listed, help=N_("Customers who may be one: proposed, merged only by you."))

Number = Annotated[int, typer.Argument(metavar="NUMBER", help=N_("The pair’s number in the list."))]
Why = Annotated[str | None, typer.Option("--why", metavar="TEXT", help=N_("The reason, for the merge log."))]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help=N_("Who decides it; the system’s user if not said.")),
]


@verb(
    app,
    "list",
    help=N_(
        "The pairs of customers who may be one, the likeliest first: what speaks for it, what against.\n\n"
        "--find compares all customers: names, e-mail addresses, phone numbers, postal addresses, birthdays."
    ),
)
def list_(
    desk: Desk,
    find: Annotated[bool, typer.Option("--find", help=N_("Compare all customers first."))] = False,
    least: Annotated[
        float, typer.Option("--least", min=0.5, max=1, help=N_("Only pairs at least so likely."))
    ] = 0.9,
    settled: Annotated[
        bool, typer.Option("--settled", help=N_("The pairs that were merged or kept apart instead."))
    ] = False,
) -> None:
    desk.do(personal.Duplicates(find=find, least=least, settled=settled))


@verb(app, help=N_("Make one customer of a pair; “habitue duplicates undo” takes it back."))
def merge(desk: Desk, number: Number, why: Why = None, by: By = None) -> None:
    desk.do(personal.MergeDuplicate(number=number, by=by or getuser(), why=why))


@verb(app, help=N_("Keep the two of a pair apart: they are never proposed again."))
def dismiss(desk: Desk, number: Number, by: By = None) -> None:
    desk.do(personal.DismissDuplicate(number=number, by=by or getuser()))


@verb(app, help=N_("Take back what was decided about a pair."))
def undo(desk: Desk, number: Number, why: Why = None, by: By = None) -> None:
    desk.do(personal.UndoDuplicate(number=number, by=by or getuser(), why=why))
