"""A workspace's operational database with an owner, an administrator and a marketer in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from habitue.kernel.clock import instant
from habitue.store.ops import Ops
from habitue.store.seal import Seal
from habitue.team import entry, members
from habitue.team.guesses import Guesses
from habitue.team.members import Member
from habitue.team.rights import RIGHTS, Actor, Role

NOW = instant("2026-11-23T09:00")
PASSWORD = "correct horse battery"


class House(NamedTuple):
    """The database, and who is in."""

    ops: Ops
    seal: Seal
    guesses: Guesses
    owner: Member
    admin: Member
    marketer: Member

    def sign_in(
        self, email: str, password: str = PASSWORD, code: str = "", *, now: int = NOW, **came: str
    ) -> entry.Entered:
        """By the password, and by the code where there is one."""
        where = entry.Came(**{"address": "198.51.100.7", "agent": "Firefox", **came})
        try:
            return entry.sign_in(self.ops, self.guesses, email, password, where, now)
        except entry.FactorNeeded as needed:
            if not code:
                raise
            return entry.second(self.ops, self.seal, self.guesses, needed.secret, code, where, now)


def actor(member: Member) -> Actor:
    return Actor("member", member.email, RIGHTS[member.role], member.role, member.id)


def joined(ops: Ops, by: Actor, email: str, role: Role) -> Member:
    secret = members.invite(ops, by, email, role, NOW)
    return members.join(ops, secret, email.partition("@")[0].title(), PASSWORD, NOW)


@pytest.fixture
def house(ops_url: str, tmp_path: Path) -> Iterator[House]:
    ops = Ops.open(ops_url)
    owner = members.found_by(ops, "olga@shop.fr", "Olga", NOW)
    members.swear(ops, owner, PASSWORD, NOW)
    admin = joined(ops, actor(owner), "adam@shop.fr", "admin")
    marketer = joined(ops, actor(admin), "mia@shop.fr", "marketer")
    yield House(ops, Seal(tmp_path), Guesses(), members.numbered(ops, owner.id), admin, marketer)
    ops.close()
