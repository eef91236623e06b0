"""Whom nobody may write to, whatever else is known of them: kept as keyed hashes, which outlive erasure.

The key is this workspace's own and is never shown: without it the list tells nobody anything, and an address
can only be looked up by whoever has it already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Final, Literal, get_args

from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people.consent import CHANNELS, SITE
from habitue.people.keys import email_key, phone_key
from habitue.store import suppressed
from habitue.store.ops import Tx
from habitue.store.seal import stamp

Reason = Literal["unsubscribed", "complaint", "bounce", "manual", "erased"]

REASONS: Final = {
    "unsubscribed": N_("unsubscribed"),
    "complaint": N_("complained"),
    "bounce": N_("bounced"),
    "manual": N_("by hand"),
    "erased": N_("erased"),
}
"""What people call them."""

ALL: Final = "all"
"""The channel of those who may not be reached at all."""

RETURNING: Final = ("unsubscribed", "erased")
"""The reasons that somebody's own later yes takes back; what a mailbox or a person decided stays."""


class Entry(Struct, frozen=True):
    """A line of the list: blocked on that channel, or `lifted`, from an instant on, and who said so."""

    channel: str
    reason: Reason
    at: Micros
    source: str
    lifted: bool


class Tally(Struct, frozen=True):
    """How many addresses are blocked on a channel for a reason."""

    channel: str
    reason: Reason
    addresses: int
    since: Micros


def normal(address: str, region: str | None = None) -> str:
    """The address as it is matched, `email:a@b.fr` or `phone:+33…`; raises `UserError` for what is none."""
    found = reachable(address, region)
    if found is None:
        raise UserError(
            N_("“{address}” is no e-mail address and no phone number. Write a number as +33612345678."),
            address=address,
        )
    return found


def reachable(address: str, region: str | None = None) -> str | None:
    """The same, None for what is none."""
    return email_key(address.removeprefix("email:")) or phone_key(address.removeprefix("phone:"), region)


def channel(key: str) -> str:
    """The channel that is meant where none is said: an e-mail address's own, or all of a phone number's."""
    return "email" if key.startswith("email:") else ALL


def checked(where: str, reason: str) -> None:
    """Raises `UserError` for a channel or a reason that is none."""
    for told, known, text in (
        (where, (*CHANNELS, SITE, ALL), N_("“{told}” is no channel. Choose one of {known}.")),
        (reason, get_args(Reason), N_("“{told}” is no reason. Choose one of {known}.")),
    ):
        if told not in known:
            raise UserError(text, told=told, known=", ".join(known))


def suppress(tx: Tx, keys: Iterable[str], where: str, reason: str, source: str, now: Micros) -> int:
    """Block these addresses (`normal`); returns how many were not blocked for that reason already."""
    return suppressed.enter(tx, hashes(tx, keys).values(), where, reason, source, now)


def block(tx: Tx, hashed: str, where: str, reason: str, source: str, now: Micros) -> None:
    """Block an address of which only the hash is known."""
    suppressed.enter(tx, [hashed], where, reason, source, now)


def lift(
    tx: Tx,
    keys: Iterable[str],
    where: Collection[str],
    source: str,
    now: Micros,
    reasons: Collection[str] = get_args(Reason),
) -> int:
    """Let these addresses be written to again on these channels, as far as it was for these reasons.

    Returns how many lines that ended; they stay in the list, and so does this.
    """
    return suppressed.lift(tx, hashes(tx, keys).values(), where, reasons, source, now)


def blocked(tx: Tx, addresses: Collection[str], where: str, region: str | None = None) -> set[str]:
    """Those of these addresses that nobody may write to on a channel, as they were given.

    One question, however many; ask it in the transaction that sends. What is no address is blocked.
    """
    keys = {address: reachable(address, region) for address in addresses}
    hashed = hashes(tx, (key for key in keys.values() if key))
    found = suppressed.standing(tx, hashed.values(), (where, ALL))
    return {address for address, key in keys.items() if key is None or hashed[key] in found}


def standing(tx: Tx, hashed: Collection[str], where: str) -> dict[str, set[str]]:
    """Why nobody may write on a channel to the addresses of these hashes; those one may are not in it."""
    return suppressed.reasons(tx, hashed, (where, ALL))


def listed(tx: Tx, where: str) -> dict[str, set[str]]:
    """The same of all of them: for who asks about more addresses than the list has."""
    return suppressed.reasons(tx, None, (where, ALL))


def last(tx: Tx) -> int:
    """A number that rises with each change of the list."""
    return suppressed.last(tx)


def entries(tx: Tx, key: str) -> list[Entry]:
    """All that was ever noted about an address, the latest first."""
    return [Entry(*row) for row in suppressed.history(tx, hashes(tx, [key])[key])]


def tallies(tx: Tx) -> list[Tally]:
    """How many are blocked now, by channel and reason."""
    return [Tally(*row) for row in suppressed.tallies(tx)]


def pads(tx: Tx) -> tuple[bytes, bytes]:
    """What goes before a key, and before the first hash, where SHA-256 is all that there is (RFC 2104)."""
    secret = bytes.fromhex(suppressed.secret(tx))
    block = (sha256(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
    return bytes(one ^ 0x36 for one in block), bytes(one ^ 0x5C for one in block)


def hashes(tx: Tx, keys: Iterable[str]) -> dict[str, str]:
    """Of each key (`normal`) its HMAC-SHA-256 under this workspace's secret."""
    secret = bytes.fromhex(suppressed.secret(tx))
    return {key: stamp(secret, b"", key.encode()).hex() for key in keys}
