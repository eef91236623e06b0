"""The verbs about customers: `habitue search`, `customer`, `account` and `traits`."""

from __future__ import annotations

from typing import Annotated

import typer

from habitue.api import personal
from habitue.cli.desk import Desk, verb
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

app = typer.Typer()


@verb(
    app,
    help=N_(
        "Find customers by name, e-mail, phone, order number or key, the best first.\n\n"
        "Words or their beginnings; capitals and accents don’t matter, nor how a phone number is written."
    ),
)
def search(
    desk: Desk,
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help=N_("Such as: marie dup"))],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help=N_("So many at most."))] = 50,
) -> None:
    desk.do(personal.Search(text=" ".join(text), limit=limit))


@verb(
    app,
    help=N_(
        "All that is known of one customer: keys, stages, segments, traits, consent, accounts, "
        "orders and events."
    ),
)
def customer(
    desk: Desk,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help=N_("A customer’s key, such as c-001 or email:a@example.com."))
    ],
) -> None:
    desk.do(personal.Customer(customer=key))


@verb(
    app,
    help=N_("All that is known of one account: its members with their roles and dates, traits and events."),
)
def account(
    desk: Desk, key: Annotated[str, typer.Argument(metavar="KEY", help=N_("The account’s key."))]
) -> None:
    desk.do(personal.Account(account=key))


@verb(
    app,
    help=N_(
        "The traits that customers have: type, how many have it, who says it and whose word counts.\n\n"
        "With a customer: all that was ever said of theirs, by whom and when."
    ),
)
def traits(
    desk: Desk,
    customer: Annotated[
        str | None, typer.Argument(metavar="[CUSTOMER]", help=N_("Any of the customer’s keys."))
    ] = None,
    prefer: Annotated[
        str | None,
        typer.Option(
            "--prefer",
            metavar="SOURCE,…",
            help=N_(
                "Whose word counts, the strongest first, such as import:crm*,shop,browser; of --trait or "
                "else of all traits. Empty: as at first, the latest, and no page over a verified source."
            ),
        ),
    ] = None,
    type_: Annotated[
        str | None,
        typer.Option(
            "--type",
            metavar="text|number|boolean|date|list",
            help=N_("Of what type --trait is; empty says it no more."),
        ),
    ] = None,
    trait: Annotated[str | None, typer.Option("--trait", metavar="NAME", help=N_("The trait."))] = None,
) -> None:
    if sum(one is not None for one in (customer, prefer, type_)) > 1:
        raise UserError(N_("Choose one of a customer, --prefer and --type."))
    if type_ is not None:
        if trait is None:
            raise UserError(N_("Say which trait with --trait."))
        desk.do(personal.Declare(trait=trait, type=type_ or None))
    elif prefer is not None:
        sources = tuple(one.strip() for one in prefer.split(",")) if prefer.strip() else ()
        desk.do(personal.Prefer(sources=sources, trait=trait))
    elif trait is not None:
        raise UserError(N_("With --trait goes --prefer or --type."))
    else:
        desk.do(personal.Traits(customer=customer))
