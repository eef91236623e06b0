"""Members: who may sign in, as what; how they come in, change and leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_urlsafe
from typing import Any, Final, NoReturn

from msgspec import Struct

from habitue.kernel.clock import DAY, HOUR, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people.keys import email_key
from habitue.store import acts, credentials, members, notes, views
from habitue.store.ops import Ops, Tx
from habitue.team import password
from habitue.team.rights import RIGHTS, ROLES, Act, Actor, Role, can

KEY: Final = "key"
"""A key of the API."""
DEVICE: Final = "device"
"""A browser that a member signed in with."""
INVITATION: Final = "invitation"
RESET: Final = "reset"
FIRST: Final = "first"
"""A one-time link that the owner of the directory may make: for the first sign-in, or a lost password."""

UNNAMED: Final = "owner@localhost.local"
"""The address of the first owner until they say their own."""

GOOD_FOR: Final = {INVITATION: 7 * DAY, RESET: HOUR, FIRST: HOUR}
"""How long each kind of link can be used, once."""


class Forbidden(UserError):
    """Who asks may not do this."""


class Member(Struct, frozen=True):
    """Somebody who may sign in; `sworn`: has a password, `firm`: is asked for a second factor too."""

    id: int
    email: str
    name: str
    role: Role
    joined: Micros
    sworn: bool
    firm: bool


class Invitation(Struct, frozen=True):
    """A link that somebody was sent and has not used yet."""

    id: int
    email: str
    role: Role
    by: str
    made: Micros
    expires: Micros


def team(ops: Ops) -> list[Member]:
    """Everybody, in the order they joined."""
    return [_member(row) for row in members.all_(ops)]


def numbered(ops: Ops, number: int) -> Member:
    """The member with that number; raises `UserError` where there is none."""
    found = members.numbered(ops, number)
    return _member(found) if found else _nobody()


def named(ops: Ops, email: str) -> Member | None:
    """The member with that address."""
    found = members.named(ops, address(email))
    return _member(found) if found else None


def known(ops: Ops, email: str) -> Member:
    """The same; raises `UserError` that lists those there are."""
    if found := named(ops, email):
        return found
    names = ", ".join(one.email for one in team(ops))
    raise UserError(N_("There is no member “{email}”. There are: {known}."), email=email, known=names)


def address(email: str) -> str:
    """An e-mail address as members are matched by it. Raises `UserError` for what is none."""
    key = email_key(email.strip())
    if key is None:
        raise UserError(N_("“{email}” is no e-mail address."), email=email)
    return key.partition(":")[2]


# --- coming in ------------------------------------------------------------------------------------


def invite(ops: Ops, actor: Actor, email: str, role: Role, now: Micros) -> str:
    """A secret that lets somebody with that address in once, as that; an earlier one for them ends."""
    may(actor, role)
    whom = address(email)
    if members.named(ops, whom):
        raise UserError(N_("{email} is in the team already."), email=whom)
    secret = token_urlsafe(32)
    with _noted(ops, actor, now, "invite", whom, role=role) as tx:
        credentials.end(tx, now, kind=INVITATION, name=whom)
        until = now + GOOD_FOR[INVITATION]
        credentials.enter(tx, secret, INVITATION, now, actor.name, name=whom, reach=[role], expires=until)
    return secret


def invitations(ops: Ops, now: Micros) -> list[Invitation]:
    """Those that can still be used, the latest first."""
    return [_invitation(row) for row in credentials.good(ops, now, kind=INVITATION)]


def withdraw(ops: Ops, actor: Actor, number: int, now: Micros) -> None:
    """Let an invitation be used no more."""
    found = next((one for one in invitations(ops, now) if one.id == number), None)
    if found is None:
        raise UserError(N_("This invitation was used, withdrawn or is too old."))
    may(actor, found.role)
    with _noted(ops, actor, now, "withdraw", found.email) as tx:
        credentials.end(tx, now, kind=INVITATION, id=number)


def invited(ops: Ops, secret: str, now: Micros) -> Invitation:
    """What an invitation says; raises `UserError` where it can't be used."""
    found = credentials.borne(ops, secret, (INVITATION,), now) or _spent()
    return _invitation(found)


def join(ops: Ops, secret: str, name: str, chosen: str, now: Micros) -> Member:
    """Use an invitation. Raises `UserError` where it, or the password, can't be used."""
    invited(ops, secret, now)
    called = " ".join(name.split())[:100]
    with ops.begin() as tx:
        found = credentials.spend(tx, secret, INVITATION, now) or _spent()
        email, role = found["name"], found["reach"][0]
        number = members.enter(tx, email, called or email, role, now)
        members.change(tx, number, password=password.hashed(chosen, email, called))
        acts.note(tx, now, email, "join", email, role=role)
    return numbered(ops, number)


def vouched(ops: Ops, email: str, name: str, now: Micros) -> Member:
    """The member for whom somebody vouches, or one who was invited and joins by that. Raises `UserError`."""
    whom = address(email)
    if found := named(ops, whom):
        return found
    if not any(one.email == whom for one in invitations(ops, now)):
        raise UserError(
            N_("{email} is not in the team. Ask whoever administers it for an invitation."), email=whom
        )
    called = " ".join(name.split())[:100]
    with ops.begin() as tx:
        role = credentials.taken(tx, INVITATION, whom, now) or _spent()
        number = members.enter(tx, whom, called or whom, role, now)
        acts.note(tx, now, whom, "join", whom, role=role)
    return numbered(ops, number)


def found_by(ops: Ops, email: str, name: str, now: Micros) -> Member:
    """The first owner, who has no password yet."""
    whom = address(email)
    with ops.begin() as tx:
        number = members.enter(tx, whom, name, "owner", now)
        acts.note(tx, now, whom, "join", whom, role="owner")
    return numbered(ops, number)


# --- being in -------------------------------------------------------------------------------------


def swear(ops: Ops, member: Member, chosen: str, now: Micros, keep: int | None = None) -> None:
    """Set their password; every session of theirs but `keep` ends.

    Where they do it themselves, in that session, their devices stay known; else those are forgotten too.
    """
    kept = password.hashed(chosen, member.email, member.name)
    with ops.begin() as tx:
        members.change(tx, member.id, password=kept)
        credentials.end(tx, now, but=keep, save=DEVICE if keep is not None else None, member=member.id)
        acts.note(tx, now, member.email, "password", member.email)


def rename(ops: Ops, member: Member, name: str, email: str, now: Micros) -> None:
    """Call them so, and let them sign in with that address."""
    called, whom = " ".join(name.split())[:100], address(email)
    other = members.named(ops, whom)
    if other and other["id"] != member.id:
        raise UserError(N_("{email} is in the team already."), email=whom)
    with ops.begin() as tx:
        members.change(tx, member.id, name=called or whom, email=whom)
        for kept in (credentials, notes, views):  # what is theirs stays theirs
            kept.renamed(tx, member.email, whom)
        acts.note(tx, now, member.email, "rename", whom)


def promote(ops: Ops, actor: Actor, number: int, role: Role, now: Micros) -> None:
    """Give a member another role. The last owner stays one."""
    member = numbered(ops, number)
    may(actor, member.role)
    may(actor, role)
    with _noted(ops, actor, now, "role", member.email, role=role, before=member.role) as tx:
        members.change(tx, number, role=role)
        if Act.TEAM not in RIGHTS[role]:
            _taken_back(tx, member, now)
        _owned(tx)


def dismiss(ops: Ops, actor: Actor, number: int, now: Micros) -> None:
    """Let a member in no more: their sessions end at once, and the keys and links that they made.

    The last owner stays.
    """
    member = numbered(ops, number)
    may(actor, member.role)
    with _noted(ops, actor, now, "dismiss", member.email) as tx:
        members.change(tx, number, left=now)
        credentials.end(tx, now, member=number)
        _taken_back(tx, member, now)
        _owned(tx)


def _taken_back(tx: Tx, member: Member, now: Micros) -> None:
    """End what lets others, or programs, in because this member said so."""
    for kind in (KEY, INVITATION, RESET):
        credentials.end(tx, now, kind=kind, by=member.email)


def link(ops: Ops, member: Member, kind: str, by: str, now: Micros) -> str:
    """A secret for a one-time link; an earlier one of that kind ends."""
    secret, until = token_urlsafe(32), now + GOOD_FOR[kind]
    with ops.begin() as tx:
        credentials.end(tx, now, kind=kind, member=member.id)
        credentials.enter(tx, secret, kind, now, by, member=member.id, expires=until)
        acts.note(tx, now, by, "link", member.email)
    return secret


def lost(ops: Ops, secret: str, now: Micros) -> Member:
    """Whose password a link sets anew; raises `UserError` where it can't be used."""
    found = credentials.borne(ops, secret, (RESET,), now) or _spent()
    return numbered(ops, found["member"])


def reset(ops: Ops, secret: str, chosen: str, now: Micros) -> Member:
    """Use a link that a member asked for who had lost their password."""
    member = lost(ops, secret, now)
    password.hashed(chosen, member.email, member.name)  # one that can't be used doesn't use the link up
    with ops.begin() as tx:
        if not credentials.spend(tx, secret, RESET, now):
            _spent()
    swear(ops, member, chosen, now)
    return member


def may(actor: Actor, role: Role) -> None:
    """Raises `Forbidden` where they may not change a member of that role, or give it."""
    if role not in ROLES:
        raise UserError(N_("“{role}” is no role. Choose one of {roles}."), role=role, roles=", ".join(ROLES))
    if not can(actor, Act.TEAM, role):
        raise Forbidden(N_("Only an owner may name, change or dismiss an owner."))


def _owned(tx: Tx) -> None:
    if not members.owners(tx):
        raise UserError(N_("A workspace needs an owner. Name another one first."))


@contextmanager
def _noted(ops: Ops, actor: Actor, now: Micros, act: str, about: str, **detail: Any) -> Iterator[Tx]:
    with ops.begin() as tx:
        yield tx
        acts.note(tx, now, actor.name, act, about, **detail)


def _member(row: dict[str, Any]) -> Member:
    own = {name: row[name] for name in ("id", "email", "name", "role", "joined")}
    return Member(**own, sworn=row["password"] is not None, firm=row["factor"] is not None)


def _invitation(row: dict[str, Any]) -> Invitation:
    return Invitation(row["id"], row["name"], row["reach"][0], row["by"], row["made"], row["expires"])


def _nobody() -> NoReturn:
    raise UserError(N_("There is no such member."))


def _spent() -> NoReturn:
    raise UserError(N_("This link was used already, or is too old. Ask for another one."))
