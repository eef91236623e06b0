"""The verbs about who may come in: `habitue team`, `habitue keys` and `habitue link`."""

from __future__ import annotations

from typing import Annotated

import typer

from habitue.api import command
from habitue.cli.desk import Desk, verb
from habitue.cli.groups import Listed
from habitue.kernel.i18n import N_

app = typer.Typer()
team = typer.Typer(cls=Listed, help=N_("Who may sign in, as what."))
keys = typer.Typer(cls=Listed, help=N_("Keys with which programs ask the API."))

Email = Annotated[str, typer.Argument(metavar="EMAIL", help=N_("The member’s address."))]
ROLES = "viewer|agent|marketer|analyst|admin|owner"


@verb(
    app,
    help=N_(
        "A one-time link: for the owner to come in, or for a member who has lost their password.\n\n"
        "Whoever may read the workspace’s directory may make one."
    ),
)
def link(
    desk: Desk,
    email: Annotated[
        str | None,
        typer.Argument(
            metavar="[EMAIL]", help=N_("Whose password it is for; the owner’s way in if not said.")
        ),
    ] = None,
) -> None:
    desk.do(command.Link(email=email))


@verb(team, "list", help=N_("Everybody who may sign in, and who is invited."))
def list_(desk: Desk) -> None:
    desk.do(command.Team())


@verb(team, help=N_("A link that lets somebody in once, to set a password of theirs."))
def invite(
    desk: Desk,
    email: Email,
    role: Annotated[str, typer.Option("--role", metavar=ROLES, help=N_("What they may do."))] = "viewer",
) -> None:
    desk.do(command.Invite(email=email, role=role))


@verb(team, help=N_("Give a member another role; it counts from their next click on."))
def role(
    desk: Desk,
    email: Email,
    role: Annotated[str, typer.Argument(metavar="ROLE", help=N_("What they may do."))],
) -> None:
    desk.do(command.Promote(email=email, role=role))


@verb(team, help=N_("Let a member in no more: their sessions, keys and links end at once."))
def remove(desk: Desk, email: Email) -> None:
    desk.do(command.Dismiss(email=email))


@verb(keys, "list", help=N_("The keys that can be used: for what, by whom, used when. Never their secrets."))
def known(desk: Desk) -> None:
    desk.do(command.Keys())


@verb(
    keys,
    help=N_(
        "A new key, shown this once.\n\n"
        "read: figures, customers, lists. write: consent, segments, notes, merges. admin: stages, data, "
        "privacy, the record of acts. None may change the team."
    ),
)
def add(
    desk: Desk,
    name: Annotated[str, typer.Argument(metavar="NAME", help=N_("What the key is for."))],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope", metavar="read|write|admin", help=N_("What it may do; once for each; read if not said.")
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=3650, help=N_("How long it can be used; for ever if not said.")),
    ] = None,
) -> None:
    desk.do(command.AddKey(title=name, scopes=tuple(scope or ()), days=days))


@verb(keys, help=N_("Take a key no more, from now on."))
def end(
    desk: Desk,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help=N_("The key’s number in the list."))],
) -> None:
    desk.do(command.EndKey(number=number))
