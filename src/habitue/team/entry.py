"""Coming in: by password and second factor, by a one-time link, by a key; and staying in by a session."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final, NamedTuple

from msgspec import Struct

from habitue.kernel.clock import DAY, HOUR, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import acts, credentials, members
from habitue.store.ops import Ops
from habitue.store.seal import Seal
from habitue.team import factor, password
from habitue.team.guesses import Guesses, Limits, again, limits
from habitue.team.members import DEVICE, FIRST, KEY, Member, numbered
from habitue.team.rights import NOBODY, REACH, RIGHTS, SCOPES, Act, Actor, Scope

SESSION: Final = "session"
HALF: Final = "half"
"""Somebody's password was right, and their second factor is still to come."""

IDLE: Final = 12 * HOUR
"""A session that nothing is asked in for so long ends."""

LONGEST: Final = 30 * DAY
"""And any that is so old."""

REMEMBERED: Final = 365 * DAY
MEANWHILE: Final = 5 * MINUTE
"""How long the second factor may take."""
_OFTEN: Final = 5 * MINUTE
"""How often it is noted that a session is used."""

PREFIX: Final = "hbt_"


class Came(NamedTuple):
    """Where a request comes from: its address, its browser, and what that remembers of an earlier sign-in."""

    address: str = ""
    agent: str = ""
    device: str | None = None


class Entered(NamedTuple):
    """A new session's secret, and one by which the device is known again."""

    member: Member
    session: str
    device: str


class Session(Struct, frozen=True):
    """Somewhere that a member is signed in."""

    id: int
    made: Micros
    seen: Micros
    agent: str
    address: str
    current: bool = False


class Key(Struct, frozen=True):
    """A key of the API, as it can be shown: never its secret."""

    id: int
    name: str
    scopes: Sequence[Scope]
    by: str
    made: Micros
    seen: Micros | None
    expires: Micros | None


class FactorNeeded(UserError):
    """The password is right, and six digits are needed too; `secret` stands for the password meanwhile."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        super().__init__(N_("Enter the six digits that your app shows."))


class TooMany(UserError):
    """Too many guesses; `wait` is how long (µs) none is looked at."""

    def __init__(self, wait: Micros) -> None:
        self.wait = wait
        minutes = -(-wait // MINUTE)
        super().__init__(N_("Too many attempts. Try again in {minutes} minutes."), minutes=minutes)


LONGEST_ADDRESS: Final = 320
"""Characters of an e-mail address at most (RFC 5321): nobody has a longer one."""

_WRONG: Final = N_("The address or the password is not right.")
_WRONG_CODE: Final = N_("This code is not right, or was used already. Wait for the next one.")


def sign_in(ops: Ops, guesses: Guesses, email: str, chosen: str, came: Came, now: Micros) -> Entered:
    """Let a member in by their password; the error doesn't tell whether there is such a member.

    Raises `UserError` where it is wrong, `TooMany`, and `FactorNeeded` where `second` is to follow.
    """
    name = email.strip().casefold()
    if len(name) > LONGEST_ADDRESS:
        raise UserError(_WRONG)
    row = members.named(ops, name)
    counted = _begun(ops, guesses, row["id"] if row else None, name, came, now)
    if not password.right(row["password"] if row else None, chosen) or row is None:
        _refused(ops, row["email"] if row else "", came, now)
        raise UserError(_WRONG)
    if row["factor"] is not None:
        guesses.undo(counted, now)
        raise FactorNeeded(half(ops, row["id"], now))
    guesses.right(counted, now)
    return enter(ops, numbered(ops, row["id"]), came, now)


def second(
    ops: Ops, seal: Seal, guesses: Guesses, secret: str, code: str, came: Came, now: Micros
) -> Entered:
    """Let a member in whose password was right, by the code that their app shows; each is taken once."""
    half = credentials.borne(ops, secret, (HALF,), now)
    row = members.numbered(ops, half["member"]) if half else None
    if row is None or row["factor"] is None:
        raise UserError(N_("That took too long. Sign in again."))
    counted = _begun(ops, guesses, row["id"], row["email"], came, now)
    used = factor.step(seal.open(row["factor"]), code, now)
    with ops.begin() as tx:
        fresh = used is not None and members.step(tx, row["id"], used)
        if fresh:
            credentials.end(tx, now, kind=HALF, member=row["id"])
    if not fresh:
        _refused(ops, row["email"], came, now)
        raise UserError(_WRONG_CODE)
    guesses.right(counted, now)
    return enter(ops, numbered(ops, row["id"]), came, now)


def by_link(ops: Ops, secret: str, came: Came, now: Micros) -> Entered:
    """Let the owner in who holds a link that was printed on this machine."""
    with ops.begin() as tx:
        found = credentials.spend(tx, secret, FIRST, now)
    if found is None:
        raise UserError(N_("This link was used already, or is too old. “habitue link” prints another one."))
    return enter(ops, numbered(ops, found["member"]), came, now)


def enter(ops: Ops, member: Member, came: Came, now: Micros) -> Entered:
    """A new session; each sign-in gives another secret."""
    session, device = token_urlsafe(32), token_urlsafe(32)
    where = {"agent": came.agent[:300], "address": came.address, "member": member.id}
    with ops.begin() as tx:
        credentials.enter(tx, session, SESSION, now, member.email, seen=now, expires=now + IDLE, **where)
        credentials.enter(tx, device, DEVICE, now, member.email, expires=now + REMEMBERED, **where)
        acts.note(tx, now, member.email, "sign in", member.email, address=came.address)
    return Entered(member, session, device)


def leave(ops: Ops, actor: Actor, now: Micros) -> None:
    """End the session that is used."""
    if actor.session is not None:
        with ops.begin() as tx:
            credentials.end(tx, now, id=actor.session, kind=SESSION)
            acts.note(tx, now, actor.name, "sign out", actor.name)


def actor(ops: Ops, secret: str | None, now: Micros) -> Actor:
    """Who bears this session; nobody known where it is none, or has ended."""
    found = credentials.borne(ops, secret, (SESSION,), now) if secret else None
    row = members.numbered(ops, found["member"]) if found else None
    if found is None or row is None or found["made"] + LONGEST <= now:
        return NOBODY
    if found["seen"] + _OFTEN <= now:
        credentials.seen(ops, found["id"], now, now + IDLE)
    acts_ = RIGHTS.get(row["role"], NOBODY.acts)
    sworn = row["password"] is not None
    return Actor("member", row["email"], acts_, row["role"], row["id"], found["id"], sworn, row["name"])


def sessions(ops: Ops, actor: Actor, now: Micros) -> list[Session]:
    """Where a member is signed in, the latest first."""
    return [
        Session(row["id"], row["made"], row["seen"], row["agent"], row["address"], row["id"] == actor.session)
        for row in credentials.good(ops, now, kind=SESSION, member=actor.id)
    ]


def revoke(ops: Ops, actor: Actor, number: int | None, now: Micros) -> int:
    """End one of one's own sessions, or all but the one that is used; how many that were."""
    with ops.begin() as tx:
        if number is not None:
            return credentials.end(tx, now, kind=SESSION, member=actor.id, id=number)
        return credentials.end(tx, now, but=actor.session, kind=SESSION, member=actor.id)


# --- the second factor ----------------------------------------------------------------------------


def firm_up(ops: Ops, seal: Seal, member: Member, secret: str, code: str, now: Micros) -> None:
    """Ask for six digits at every sign-in from now on, once the member has shown that they can tell them."""
    used = factor.step(secret, code, now)
    if used is None:
        raise UserError(_WRONG_CODE)
    with ops.begin() as tx:
        members.change(tx, member.id, factor=seal.close(secret), factor_step=used)
        acts.note(tx, now, member.email, "factor", member.email, on=True)


def loosen(ops: Ops, member: Member, by: str, now: Micros) -> None:
    """Ask for no digits any more."""
    with ops.begin() as tx:
        members.change(tx, member.id, factor=None, factor_step=None)
        acts.note(tx, now, by, "factor", member.email, on=False)


def confirmed(ops: Ops, guesses: Guesses, actor: Actor, chosen: str, now: Micros) -> Member:
    """The member who asks, once they have said their password again.

    Raises `UserError` where it is wrong, and `TooMany` where it was too often.
    """
    number = actor.id or 0
    row = members.numbered(ops, number)
    counted = _looked_at(guesses, again(actor.session or 0), now)
    if row is None or (row["password"] is not None and not password.right(row["password"], chosen)):
        raise UserError(N_("This is not your password."))
    guesses.right(counted, now)
    return numbered(ops, number)


def _begun(ops: Ops, guesses: Guesses, number: int | None, name: str, came: Came, now: Micros) -> Limits:
    """What this guess counts for; raises `TooMany` where guesses are not looked at just now."""
    known = number is not None and _device(ops, came.device, now) == number
    return _looked_at(guesses, limits(came.address, name, came.device if known else None), now)


def _looked_at(guesses: Guesses, counted: Limits, now: Micros) -> Limits:
    if wait := guesses.begin(counted, now):
        raise TooMany(wait)
    return counted


def _refused(ops: Ops, email: str, came: Came, now: Micros) -> None:
    """Note that somebody could not come in; also as nobody there is, lest that be told by the time taken."""
    with ops.begin() as tx:
        acts.note(tx, now, "nobody", "sign in refused", email, address=came.address)


def half(ops: Ops, number: int, now: Micros) -> str:
    """A secret that stands for the first factor until the second one is told."""
    secret = token_urlsafe(32)
    with ops.begin() as tx:
        credentials.enter(tx, secret, HALF, now, "", member=number, expires=now + MEANWHILE)
    return secret


def _device(ops: Ops, secret: str | None, now: Micros) -> int | None:
    found = credentials.borne(ops, secret, (DEVICE,), now) if secret else None
    return found["member"] if found else None


# --- keys of the API ------------------------------------------------------------------------------


def add_key(ops: Ops, actor: Actor, name: str, scopes: Sequence[Scope], now: Micros, days: int | None) -> str:
    """A new key, which is shown this once. Raises `UserError` for a name or scopes that can't be used."""
    called = " ".join(name.split())[:100]
    if not called:
        raise UserError(N_("The key needs a name that says what it is for."))
    if not scopes or any(one not in SCOPES for one in scopes):
        raise UserError(N_("Choose what the key may do, of {scopes}."), scopes=", ".join(SCOPES))
    secret = PREFIX + token_urlsafe(32)
    until = None if days is None else now + days * DAY
    with ops.begin() as tx:
        credentials.enter(
            tx, secret, KEY, now, actor.name, name=called, reach=sorted(set(scopes)), expires=until
        )
        acts.note(tx, now, actor.name, "add key", called, scopes=sorted(set(scopes)))
    return secret


def keys(ops: Ops, now: Micros) -> list[Key]:
    """Those that can be used, the latest first."""
    names = ("id", "name", "reach", "by", "made", "seen", "expires")
    return [Key(*(row[name] for name in names)) for row in credentials.good(ops, now, kind=KEY)]


def end_key(ops: Ops, actor: Actor, number: int, now: Micros) -> None:
    """Take a key no more, from now on."""
    found = next((one for one in keys(ops, now) if one.id == number), None)
    if found is None:
        raise UserError(N_("There is no such key."))
    with ops.begin() as tx:
        credentials.end(tx, now, kind=KEY, id=number)
        acts.note(tx, now, actor.name, "end key", found.name)


def bearer(ops: Ops, secret: str, now: Micros) -> Actor:
    """Who bears this key; nobody known where it is none."""
    found = credentials.borne(ops, secret, (KEY,), now)
    if found is None:
        return NOBODY
    if (found["seen"] or 0) + _OFTEN <= now:
        credentials.seen(ops, found["id"], now)
    may = frozenset[Act]().union(*(REACH[scope] for scope in found["reach"]))
    return Actor("key", f"key:{found['name']}", may, id=found["id"])
