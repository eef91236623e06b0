"""Who may send events over HTTP, each by its write key."""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import senders
from habitue.store.ops import Ops

Kind = Literal["server", "browser"]
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Source(Struct, frozen=True):
    """One that may send. A browser's key is public: what it claims about e-mail and phone is not verified."""

    id: str
    kind: Kind
    write_key: str
    created: Micros

    @property
    def verified(self) -> bool:
        return self.kind == "server"


def add(ops: Ops, name: str, kind: str, write_key: str, now: Micros) -> Source:
    """A new source. Raises `UserError` for a name or a kind that can't be used, and for one there is."""
    if not NAME.fullmatch(name):
        raise UserError(
            N_("“{name}” can't name a source. Use small letters, digits and hyphens, at most 40."), name=name
        )
    if kind not in get_args(Kind):
        raise UserError(N_("“{kind}” is no kind of source. Choose server or browser."), kind=kind)
    if not senders.enter(ops, name, kind, write_key, now):
        raise UserError(N_("There is a source “{name}” already."), name=name)
    return Source(name, kind, write_key, now)  # type: ignore[arg-type]  # one of them, as looked at above


def rotate(ops: Ops, name: str, write_key: str) -> None:
    """Give a source another key; the one before is known no more. Raises `UserError` where there is none."""
    if not senders.change(ops, name, write_key):
        raise UserError(N_("There is no source “{name}”."), name=name)


def close(ops: Ops, name: str, now: Micros) -> None:
    """Take nothing more of a source; what it sent stays. Raises `UserError` where there is none."""
    if not senders.close(ops, name, now):
        raise UserError(N_("There is no source “{name}”."), name=name)


def open_(ops: Ops) -> list[Source]:
    """The sources whose events are taken, in the order of their names."""
    return [Source(*row) for row in senders.rows(ops, closed=False)]


def all_(ops: Ops) -> dict[str, Source]:
    """Every source there ever was, by its name."""
    return {row[0]: Source(*row) for row in senders.rows(ops, closed=True)}
