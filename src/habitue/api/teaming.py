"""The command line's commands about who may come in: members, one-time links, keys of the API."""

from __future__ import annotations

from typing import cast

from habitue.api import command as commands
from habitue.api.answer import Answer, Column, Facts, Sheet
from habitue.api.perform import Asked, perform
from habitue.kernel.i18n import N_
from habitue.team.rights import NAMES, SCOPES, Role, Scope, command

_BY = command()


@perform.register
def _team(_: commands.Team, asked: Asked) -> Answer:
    roles: dict[str, str] = {role: asked.say(name) for role, name in NAMES.items()}
    columns = (
        Column("email", N_("E-mail")),
        Column("name", N_("Name")),
        Column("role", N_("Role"), names=roles),
        Column("since", N_("Since"), "time"),
        Column("password", N_("Password")),
        Column("factor", N_("Second factor")),
    )
    rows = [
        (one.email, one.name, one.role, one.joined, _yes(one.sworn, asked), _yes(one.firm, asked))
        for one in asked.shop.team()
    ]
    waiting = [
        asked.say(N_("{email} is invited and has not come yet."), email=one.email)
        for one in asked.shop.invitations()
    ]
    nobody = [asked.say(N_("Nobody may sign in yet. Begin with “habitue link”."))]
    return Sheet(columns, rows, waiting if rows else nobody)


@perform.register
def _invite(command: commands.Invite, asked: Asked) -> Answer:
    secret = asked.shop.invite(_BY, command.email, cast(Role, command.role))
    said = asked.say(N_("Give {email} this link. It works once, within a week:"), email=command.email)
    return _linked(asked, said, f"/join/{secret}")


@perform.register
def _promote(command: commands.Promote, asked: Asked) -> Answer:
    member = asked.shop.member(command.email)
    asked.shop.promote(_BY, member.id, cast(Role, command.role))
    role = asked.say(NAMES[cast(Role, command.role)])
    said = asked.say(N_("{email} is {role} now."), email=member.email, role=role)
    return Facts({"email": member.email, "role": command.role}, [said])


@perform.register
def _dismiss(command: commands.Dismiss, asked: Asked) -> Answer:
    member = asked.shop.member(command.email)
    asked.shop.dismiss(_BY, member.id)
    said = asked.say(
        N_("{email} is let in no more; their sessions have ended, and the keys and links that they made."),
        email=member.email,
    )
    return Facts({"email": member.email}, [said])


@perform.register
def _link(command: commands.Link, asked: Asked) -> Answer:
    if command.email is None:
        said = asked.say(N_("This link lets the owner in, once, within the hour:"))
        return _linked(asked, said, f"/sign-in/{asked.shop.first_link(_BY.name)}")
    member = asked.shop.member(command.email)
    said = asked.say(N_("With this link {email} sets a new password, within the hour:"), email=member.email)
    return _linked(asked, said, f"/reset/{asked.shop.reset_link(_BY, member.id)}")


@perform.register
def _keys(_: commands.Keys, asked: Asked) -> Answer:
    columns = (
        Column("number", N_("Number"), "count"),
        Column("name", N_("Name")),
        Column("scopes", N_("Scopes")),
        Column("by", N_("Made by")),
        Column("made", N_("Made"), "time"),
        Column("used", N_("Last used"), "time"),
        Column("until", N_("Until"), "time"),
    )
    rows = [
        (one.id, one.name, ", ".join(one.scopes), one.by, one.made, one.seen, one.expires)
        for one in asked.shop.api_keys()
    ]
    notes = [] if rows else [asked.say(N_("There is no key yet. Begin with “habitue keys add”."))]
    return Sheet(columns, rows, notes)


@perform.register
def _add(command: commands.AddKey, asked: Asked) -> Answer:
    scopes = tuple(cast(Scope, one) for one in command.scopes or SCOPES[:1])
    secret = asked.shop.add_key(_BY, command.title, scopes, command.days)
    lines = [asked.say(N_("Keep it now, it is not shown again:")), secret]
    return Facts({"key": secret, "scopes": list(scopes)}, lines)


@perform.register
def _end(command: commands.EndKey, asked: Asked) -> Answer:
    asked.shop.end_key(_BY, command.number)
    return Facts({"number": command.number}, [asked.say(N_("The key is taken no more."))])


def _linked(asked: Asked, said: str, path: str) -> Answer:
    """A link as it is copied; without its beginning where nobody knows under which address people come."""
    base = asked.shop.base
    lines = [said, f"{base or ''}{path}"]
    if base is None:
        lines.append(asked.say(N_("Write the server’s address before it; “habitue serve” starts one.")))
    return Facts({"link": f"{base or ''}{path}"}, lines)


def _yes(held: bool, asked: Asked) -> str:
    return asked.say(N_("yes")) if held else asked.say(N_("no"))
