"""Every verb: its options, its help, and the command that it becomes."""

from __future__ import annotations

import os
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from habitue import __version__
from habitue.api import command
from habitue.cli import (
    alerts,
    arriving,
    broadcasts,
    calls,
    channels,
    consents,
    coupons,
    customers,
    deeds,
    duplicates,
    errands,
    identities,
    journeys,
    mail,
    models,
    privacy,
    segments,
    team,
    templates,
)
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Home
from habitue.cli.models import At, ModelId
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_


def _version(asked: bool) -> None:
    if asked:
        print(f"habitue {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Home,
    add_completion=False,
    help=N_(
        "Habitué: every customer’s lifecycle stage from rules you can read, with its whole history. "
        "Without a verb it opens the demo shop."
    ),
)
app.add_typer(models.app, name="stages")
app.add_typer(segments.app, name="segments")
app.add_typer(journeys.app, name="journeys")
app.add_typer(alerts.app, name="alerts")
app.add_typer(broadcasts.app, name="broadcasts")
app.add_typer(templates.app, name="templates")
app.add_typer(coupons.app, name="coupons")
app.add_typer(mail.app)
app.add_typer(mail.mail, name="mail")
app.add_typer(channels.app, name="channels")
app.add_typer(errands.app, name="errands")
app.add_typer(mail.hooks, name="webhooks")
app.add_typer(calls.sources, name="sources")
app.add_typer(calls.refused, name="refused")
app.add_typer(arriving.app)
app.add_typer(customers.app)
app.add_typer(identities.app)
app.add_typer(duplicates.app, name="duplicates")
app.add_typer(consents.app)
app.add_typer(privacy.app)
app.add_typer(deeds.app)
app.add_typer(team.app)
app.add_typer(team.team, name="team")
app.add_typer(team.keys, name="keys")


@verb(app, homeless=True, help=N_("Make a directory a workspace: its currency, time zone and language."))
def init(
    desk: Desk,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", readable=False, help=N_("The directory, new or empty."))
    ],
    currency: Annotated[str, typer.Option(metavar="CODE", help=N_("Three letters, such as EUR."))] = "EUR",
    timezone: Annotated[str, typer.Option(metavar="ZONE", help=N_("Such as Europe/Paris."))] = "Europe/Paris",
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=N_("A PostgreSQL database for what people edit; a file of its own if not said."),
        ),
    ] = None,
) -> None:
    from habitue.cli import start  # noqa: PLC0415  loads the engine

    start.init(desk, folder, currency, timezone, database)


_File = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE", readable=False, help=N_("The file; write -- before a name that begins with -.")
    ),
]
_Undo = Annotated[
    int | None,
    typer.Option(
        "--undo",
        metavar="NUMBER",
        min=1,
        help=N_(
            "Take an import back instead, by its number in habitue imports. Without --yes it only says what "
            "would go."
        ),
    ),
]
_Kind = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="orders|order-lines|customers|events",
        help=N_("What the rows are; found out if not said."),
    ),
]
_Map = Annotated[
    str | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN,…",
        help=N_(
            "Which column is what, such as customer=Client, ts=Date; a column with a comma stands in "
            "double quotes, a quote in it is doubled. Fields: customer, ts, order_id, revenue, product, "
            "quantity, price, email and more. FIELD==VALUE gives every row that value. All this is "
            "remembered for the next file with the same columns. Not columns: sheet=NAME, of a workbook; "
            "decimal=comma or point; and how dates are written: --map dates=day-first where 03/04 is the "
            "3rd of April, dates=month-first where it is March 4th, dates=year-first, yyyymmdd, seconds, "
            "milliseconds or excel."
        ),
    ),
]
_Rates = Annotated[
    list[str] | None,
    typer.Option(
        "--rate",
        metavar="USD=0.92",
        help=N_("What a foreign currency is worth in the shop’s; once for each."),
    ),
]
_Only = Annotated[
    str | None,
    typer.Option(
        "--only",
        metavar="COLUMN=VALUE",
        help=N_("Read only these rows, such as status=paid, or status=paid|sent; remembered like --map."),
    ),
]


@verb(
    app,
    "import",
    help=N_(
        "Load a file of orders, order lines, customers or any events.\n\n"
        "CSV, Excel, Parquet or JSON Lines. It says how it read the columns; rows that it can’t take go to a "
        "file with the reason. The same file twice changes nothing."
    ),
)
def import_(
    desk: Desk,
    file: _File = None,
    kind: _Kind = None,
    mapping: _Map = None,
    rate: _Rates = None,
    only: _Only = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=N_("Only say what would be loaded."))] = False,
    undo: _Undo = None,
    yes: Annotated[bool, typer.Option("--yes", help=N_("Do it."))] = False,
    by: identities.By = None,
) -> None:
    if (file is None) == (undo is None):
        raise UserError(N_("Say which file to import, or with --undo which import to take back."))
    if undo is not None:
        desk.do(command.UndoImport(number=undo, by=by or getuser(), sure=yes))
        return
    assert file is not None
    if only is not None:
        rows = 'only="' + only.replace('"', '""') + '"'
        mapping = f"{mapping},{rows}" if mapping else rows
    desk.do(
        command.Import(
            path=os.fsencode(file.absolute()),
            kind=kind,
            mapping=mapping,
            rates=tuple(rate or ()),
            dry_run=dry_run,
        )
    )


@verb(
    app,
    help=N_("The files that were imported, the latest first. habitue import --undo NUMBER takes one back."),
)
def imports(desk: Desk) -> None:
    desk.do(command.Imports())


@verb(app, help=N_("Bring every stage and segment up to now: new events, and the changes that fell due."))
def refresh(
    desk: Desk,
    now: Annotated[
        str | None, typer.Option("--now", metavar="ISO", help=N_("Up to this instant instead of now."))
    ] = None,
) -> None:
    desk.do(command.Refresh(now=now))


@verb(app, help=N_("The customers for whom a rule is true; the rule need not be saved."))
def segment(
    desk: Desk,
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help=N_('Such as: count("Order Completed", within="90d") >= 3'))
    ],
    at: At = None,
    count: Annotated[bool, typer.Option("--count", help=N_("Only the number of them."))] = False,
    history: Annotated[
        bool,
        typer.Option(
            "--history",
            help=N_("Who was in from when to when so far: CSV rows subject,from,to,expected in UTC."),
        ),
    ] = False,
    sentence: Annotated[
        str | None,
        typer.Option("--sentence", metavar="en|fr", help=N_("The rule as a sentence in English or French.")),
    ] = None,
) -> None:
    if sum((count, history, sentence is not None)) > 1:
        raise UserError(N_("Choose one of --count, --history and --sentence."))
    if sentence is not None:
        desk.do(command.Sentence(rule=rule, tongue=sentence))
    elif count:
        desk.do(command.Count(rule=rule, at=at))
    elif history:
        desk.table()
        desk.do(command.History(rule=rule))
    else:
        desk.do(command.Members(rule=rule, at=at))


@verb(app, help=N_("The customers in a stage, latest first, with what comes next if nothing happens."))
def who(
    desk: Desk,
    stage: Annotated[str, typer.Option("--stage", metavar="ID", help=N_("The stage, such as dormant."))],
    model: ModelId = "transactional",
    at: At = None,
) -> None:
    desk.do(command.Who(stage=stage, model=model, at=at))


@verb(
    app,
    help=N_(
        "Revenue, orders, average order value and repeat rate, month by month.\n\n"
        "Revenue is net of the month’s refunds; the repeat rate is the share of those who ordered to whom it "
        "was not the first order."
    ),
)
def sales(
    desk: Desk,
    months: Annotated[int, typer.Option("--months", metavar="N", min=1, help=N_("So many months."))] = 24,
    segment: Annotated[
        str | None,
        typer.Option("--segment", metavar="ID", help=N_("Only of who is in this saved segment then.")),
    ] = None,
    at: At = None,
) -> None:
    desk.do(command.Sales(months=months, at=at, segment=segment))


@verb(
    app,
    help=N_(
        "Why a customer is in a stage, or why a rule is true or false for them.\n\n"
        "Every condition with its value, since when, and when it changes if nothing happens."
    ),
)
def explain(
    desk: Desk,
    customer: Annotated[
        str,
        typer.Argument(
            metavar="CUSTOMER", help=N_("A customer’s key, such as c-001 or email:a@example.com.")
        ),
    ],
    rule: Annotated[
        str | None, typer.Argument(metavar="[RULE]", help=N_("A rule; their stage if not said."))
    ] = None,
    model: ModelId = "transactional",
    at: At = None,
) -> None:
    desk.do(command.Explain(customer=customer, rule=rule, model=model, at=at))


@verb(app, help=N_("Make the working copy again from the log, and prove it equal."))
def rebuild(desk: Desk) -> None:
    desk.do(command.Rebuild())


@verb(
    app,
    help=N_("Check everything, say what is wrong and how to mend it; where anything is bad, exit status 2."),
)
def doctor(desk: Desk) -> None:
    from habitue.cli import start  # noqa: PLC0415  loads the engine

    start.doctor(desk)


Host = Annotated[str, typer.Option("--host", help=N_("The address to answer on."))]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help=N_("The port, or the next free one."))]


@verb(app, help=N_("Show the workspace in the browser, on this machine’s own address."))
def serve(
    desk: Desk,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    moved: Annotated[
        bool,
        typer.Option(
            "--moved",
            help=N_(
                "This directory was moved or put back: the one before is served no more, and this one sends."
            ),
        ),
    ] = False,
) -> None:
    from habitue.cli import start  # noqa: PLC0415  loads the engine

    start.serve(desk, host, port, moved=moved)


@verb(
    app,
    help=N_(
        "Make a shop of 20,000 customers and show it in the browser.\n\n"
        "Two years of orders, visits, letters and answers, all made up. For ten who order there are six more "
        "people who only visit or sign up."
    ),
)
def demo(
    desk: Desk,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", min=0, help=N_("Another number makes another shop, the same number the same.")
        ),
    ] = 1,
    customers: Annotated[
        int, typer.Option("--customers", min=1, max=1_000_000, help=N_("How many customers."))
    ] = 20_000,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="ISO", help=N_("Where the two years end; today if not said.")),
    ] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help=N_("Only make it."))] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help=N_("Only print the address, and open no browser."))
    ] = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    from habitue.cli import start  # noqa: PLC0415  loads the engine

    start.demo(desk, seed, customers, until, None if no_serve else (host, port), not no_browser)


@app.callback()
def habitue(
    told: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help=N_("Say the version."))
    ] = False,
) -> None: ...
