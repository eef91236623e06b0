"""The verbs about coupon codes: `habitue coupons`."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from habitue.api import sent
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.cli.models import By, text
from habitue.kernel.i18n import N_

app = typer.Typer(
    cls=Listed,
    help=N_("Codes that customers are given: each to one customer, for one message, and to nobody else."),
)

Name = Annotated[str, typer.Argument(metavar="NAME", help=N_("Its name, in small letters, digits, - and _."))]
File = Annotated[
    Path,
    typer.Argument(metavar="FILE", readable=False, help=N_("The codes, one a line; - reads standard input.")),
]


@verb(app, "list", help=N_("The pools: how many codes were given, and how many of them were used."))
def list_(desk: Desk) -> None:
    desk.do(sent.Coupons())


@verb(app, help=N_("Make a pool. Its codes are made as they are given, or taken from a file of your shop’s."))
def new(
    desk: Desk,
    name: Name,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help=N_("What people call it."))] = "",
    value: Annotated[
        str, typer.Option("--value", metavar="TEXT", help=N_("What it is worth, in words, such as 10%."))
    ] = "",
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="TEXT", help=N_("What each code begins with, such as TEA."))
    ] = "",
    most: Annotated[
        int | None, typer.Option("--most", metavar="N", min=1, help=N_("So many codes and no more."))
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, help=N_("Each is good for so many days."))
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="ISO", help=N_("And none after this instant."))
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", readable=False, help=N_("Your shop’s own codes, one a line.")),
    ] = None,
    by: By = None,
) -> None:
    codes = _codes(file) if file else ()
    desk.do(
        sent.NewCoupons(
            pool=name,
            by=by or getuser(),
            title=title,
            value=value,
            prefix=prefix,
            most=most,
            days=days,
            until=until,
            codes=codes,
        )
    )


@verb(app, help=N_("Add your shop’s own codes to a pool; those it has already are left out."))
def load(desk: Desk, name: Name, file: File) -> None:
    desk.do(sent.LoadCoupons(pool=name, codes=_codes(file)))


@verb(
    app, help=N_("Note that a code was used. Orders that say which coupon they had are noted by themselves.")
)
def use(
    desk: Desk,
    code: Annotated[str, typer.Argument(metavar="CODE", help=N_("As the customer wrote it."))],
    order: Annotated[
        str | None,
        typer.Option("--order", metavar="ID", help=N_("For which order; the same again changes nothing.")),
    ] = None,
) -> None:
    desk.do(sent.UseCoupon(code=code, order=order))


@verb(app, help=N_("Give no more codes of a pool; those given stay good."))
def end(desk: Desk, name: Name, by: By = None) -> None:
    desk.do(sent.EndCoupons(pool=name, by=by or getuser()))


def _codes(file: Path) -> tuple[str, ...]:
    return tuple(text(file).splitlines())
