"""The people who work in a workspace, as its faces ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hmac import compare_digest

from habitue.alerts import kept as alerts
from habitue.app.workspace import Workspace
from habitue.ingest.calls import sources
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.store.seal import Seal
from habitue.team import entry, members, password, rights
from habitue.team.entry import Came, Entered, FactorNeeded, Key, Session
from habitue.team.guesses import Guesses
from habitue.team.members import FIRST, RESET, Invitation, Member
from habitue.team.provider import Asking, Person, configured
from habitue.team.rights import NOBODY, Actor, Role, Scope


class Team(Workspace):
    """The part of a shop that is about who works in it."""

    @cached_property
    def seal(self) -> Seal:
        return Seal(self.directory)

    @cached_property
    def _guesses(self) -> Guesses:
        return Guesses()

    # --- coming in --------------------------------------------------------------------------------

    def sign_in(self, email: str, password: str, came: Came, now: Micros | None = None) -> Entered:
        """A session for a member; see `entry.sign_in` for what is raised."""
        return entry.sign_in(self.ops, self._guesses, email, password, came, _now(now))

    def second(self, secret: str, code: str, came: Came, now: Micros | None = None) -> Entered:
        """A session for a member whose password was right, by the second factor."""
        return entry.second(self.ops, self.seal, self._guesses, secret, code, came, _now(now))

    def founded(self) -> bool:
        """Whether an owner can sign in by a password."""
        return any(one.role == "owner" and one.sworn for one in members.team(self.ops))

    def confirm(self, actor: Actor, password: str) -> None:
        """Raise `UserError` where a member's password is not this; whoever has none says none."""
        if actor.kind == "member":
            self._confirmed(actor, password, clock.now())

    def first_link(self, by: str, now: Micros | None = None) -> str:
        """The secret of a one-time link for the first owner, who is made where there is nobody yet."""
        owners = [one for one in members.team(self.ops) if one.role == "owner"]
        owner = owners[0] if owners else members.found_by(self.ops, members.UNNAMED, "", _now(now))
        return members.link(self.ops, owner, FIRST, by, _now(now))

    def by_link(self, secret: str, came: Came, now: Micros | None = None) -> Entered:
        """A session for whoever holds the one-time link."""
        return entry.by_link(self.ops, secret, came, _now(now))

    @cached_property
    def provider(self) -> Asking | None:
        """Who else may say who somebody is, if the settings name anybody. Raises `UserError`."""
        found = configured(self.configured)
        return Asking(found) if found else None

    def vouched(self, person: Person, came: Came, now: Micros | None = None) -> Entered:
        """A session for whom the provider vouches. Raises `FactorNeeded` where that is not enough."""
        member = members.vouched(self.ops, person.email, person.name, _now(now))
        if member.firm:
            raise FactorNeeded(entry.half(self.ops, member.id, _now(now)))
        return entry.enter(self.ops, member, came, _now(now))

    def actor(self, session: str | None, now: Micros | None = None) -> Actor:
        """Who bears a session's secret."""
        return entry.actor(self.ops, session, _now(now))

    def bearer(self, key: str, now: Micros | None = None) -> Actor:
        """Who bears a key of the API."""
        return entry.bearer(self.ops, key, _now(now))

    def sender(self, key: str) -> Actor:
        """Whose write key it is, of a server: a browser's stands in public pages."""
        for one in sources.open_(self.ops):
            if one.verified and compare_digest(one.write_key.encode(), key.encode()):
                return rights.source(one.id)
        return NOBODY

    def leave(self, actor: Actor, now: Micros | None = None) -> None:
        """End the session that is used."""
        entry.leave(self.ops, actor, _now(now))

    # --- one's own --------------------------------------------------------------------------------

    def me(self, actor: Actor) -> Member:
        """The member who asks."""
        return members.numbered(self.ops, actor.id or 0)

    def sessions(self, actor: Actor, now: Micros | None = None) -> list[Session]:
        """Where a member is signed in."""
        return entry.sessions(self.ops, actor, _now(now))

    def revoke(self, actor: Actor, number: int | None, now: Micros | None = None) -> int:
        """End one of one's own sessions, or all the others."""
        return entry.revoke(self.ops, actor, number, _now(now))

    def swear(self, actor: Actor, old: str, new: str, now: Micros | None = None) -> None:
        """Set one's own password; every other session ends."""
        member = self._confirmed(actor, old, _now(now))
        members.swear(self.ops, member, new, _now(now), keep=actor.session)

    def settle(self, actor: Actor, name: str, email: str, new: str, now: Micros | None = None) -> None:
        """Say who one is and set a first password, for whoever came in by a one-time link."""
        member = self._confirmed(actor, "", _now(now))
        password.hashed(new, email, name)  # one that can't be used changes nothing
        members.rename(self.ops, member, name, email, _now(now))
        alerts.readdress(self.ops, member.email, self.me(actor).email, _now(now))
        members.swear(self.ops, self.me(actor), new, _now(now), keep=actor.session)

    def rename(self, actor: Actor, password: str, name: str, email: str, now: Micros | None = None) -> None:
        """Set one's own name and address."""
        member = self._confirmed(actor, password, _now(now))
        members.rename(self.ops, member, name, email, _now(now))
        alerts.readdress(self.ops, member.email, self.me(actor).email, _now(now))

    def firm_up(self, actor: Actor, password: str, secret: str, code: str, now: Micros | None = None) -> None:
        """Ask for a second factor from now on."""
        member = self._confirmed(actor, password, _now(now))
        entry.firm_up(self.ops, self.seal, member, secret, code, _now(now))

    def loosen(self, actor: Actor, password: str, now: Micros | None = None) -> None:
        """Ask for none any more."""
        entry.loosen(self.ops, self._confirmed(actor, password, _now(now)), actor.name, _now(now))

    def _confirmed(self, actor: Actor, password: str, now: Micros) -> Member:
        return entry.confirmed(self.ops, self._guesses, actor, password, now)

    # --- the team ---------------------------------------------------------------------------------

    def team(self) -> list[Member]:
        """Everybody, in the order they joined."""
        return members.team(self.ops)

    def invitations(self, now: Micros | None = None) -> list[Invitation]:
        """Those that can still be used."""
        return members.invitations(self.ops, _now(now))

    def invite(self, actor: Actor, email: str, role: Role, now: Micros | None = None) -> str:
        """The secret of an invitation."""
        return members.invite(self.ops, actor, email, role, _now(now))

    def withdraw(self, actor: Actor, number: int, now: Micros | None = None) -> None:
        """Let an invitation be used no more."""
        members.withdraw(self.ops, actor, number, _now(now))

    def invited(self, secret: str, now: Micros | None = None) -> Invitation:
        """What an invitation says."""
        return members.invited(self.ops, secret, _now(now))

    def lost(self, secret: str, now: Micros | None = None) -> Member:
        """Whose password a link sets anew."""
        return members.lost(self.ops, secret, _now(now))

    def join(self, secret: str, name: str, password: str, came: Came, now: Micros | None = None) -> Entered:
        """Use an invitation: a member, signed in."""
        member = members.join(self.ops, secret, name, password, _now(now))
        return entry.enter(self.ops, member, came, _now(now))

    def promote(self, actor: Actor, number: int, role: Role, now: Micros | None = None) -> None:
        """Give a member another role."""
        members.promote(self.ops, actor, number, role, _now(now))

    def dismiss(self, actor: Actor, number: int, now: Micros | None = None) -> None:
        """Let a member in no more."""
        members.dismiss(self.ops, actor, number, _now(now))

    def member(self, email: str) -> Member:
        """The member with that address; raises `UserError`."""
        return members.known(self.ops, email)

    def reset_link(self, actor: Actor, number: int, now: Micros | None = None) -> str:
        """The secret of a link by which a member sets a new password."""
        member = members.numbered(self.ops, number)
        members.may(actor, member.role)
        return members.link(self.ops, member, RESET, actor.name, _now(now))

    def reset(self, secret: str, password: str, came: Came, now: Micros | None = None) -> Entered:
        """Use it: a member, signed in. Raises `FactorNeeded` where the password alone doesn't let them in."""
        member = members.reset(self.ops, secret, password, _now(now))
        if member.firm:
            raise FactorNeeded(entry.half(self.ops, member.id, _now(now)))
        return entry.enter(self.ops, member, came, _now(now))

    # --- keys ----------------------------------------------------------------------

    def api_keys(self, now: Micros | None = None) -> list[Key]:
        """The keys of the API."""
        return entry.keys(self.ops, _now(now))

    def add_key(
        self,
        actor: Actor,
        name: str,
        scopes: Sequence[Scope],
        days: int | None = None,
        now: Micros | None = None,
    ) -> str:
        """A new key, shown this once."""
        return entry.add_key(self.ops, actor, name, scopes, _now(now), days)

    def end_key(self, actor: Actor, number: int, now: Micros | None = None) -> None:
        """Take a key no more."""
        entry.end_key(self.ops, actor, number, _now(now))


def _now(now: Micros | None) -> Micros:
    return clock.now() if now is None else now
