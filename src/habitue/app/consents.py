"""Consent as it is told to us: it reaches the log like all that happens; a yes reaches who was suppressed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from habitue.app.workspace import Workspace
from habitue.ingest import inbox
from habitue.ingest.files.addresses import addresses
from habitue.ingest.inbox import Parcel
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people import consent, identities, suppression
from habitue.people.consent import MARKETING, WAITING, Answer, Consent, Record, Status
from habitue.people.keys import email_key, phone_key, user_key
from habitue.people.suppression import Entry, Tally
from habitue.store.log import PARCEL

_REACHED: Final = {"email": "email:", "sms": "phone:", "phone": "phone:"}
"""The addresses that a channel goes to."""


class Consenting(Workspace):
    """The part of a shop that is about who may be written to."""

    def refresh(self, now: Any = None) -> Any:
        """Take in what waits and bring everything up to date."""
        raise NotImplementedError

    # --- consent ----------------------------------------------------------------------------------

    def consents(self, customer: str | int) -> list[Record]:
        """All that a customer ever answered about being reached, with the proof, the latest first."""
        return consent.records(self.warehouse, self.person(customer))

    def standing(self, customer: str | int) -> list[Consent]:
        """Where a customer stands now, by channel and purpose."""
        return consent.standing(self.warehouse, self.person(customer))

    def consent(
        self,
        customer: str | int,
        channel: str = "email",
        status: Status = "granted",
        purpose: str = MARKETING,
        *,
        source: str = "python",
        at: Micros | None = None,
        text: str | None = None,
        text_id: str | None = None,
        ip: str | None = None,
        form: str | None = None,
        by: str | None = None,
        id: str | None = None,  # noqa: A002  as the record calls it
        now: Micros | None = None,
    ) -> Record:
        """Keep what somebody answered, live: a yes lifts a no. What proves it belongs beside it.

        The customer may be a new e-mail address (`email:ada@example.com`), phone number or id. An `id` that
        the same source gave before is ignored.
        """
        answer = Answer(
            channel=channel,
            purpose=purpose,
            status=status,
            text=text,
            text_id=text_id,
            ip=ip,
            form=form,
            by=by,
        )
        kept = self.answer(customer, answer, source, at, id, now)
        self.refresh(now)
        return kept

    def answer(
        self,
        customer: str | int,
        answer: Answer,
        source: str,
        at: Micros | None = None,
        id: str | None = None,  # noqa: A002  as the record calls it
        now: Micros | None = None,
    ) -> Record:
        """The same without waiting for the stages: kept on return, and in with the next refresh."""
        return record(self, customer, answer, source, at, id, clock.now() if now is None else now)

    def allowed(
        self, customers: Collection[int], channel: str, purpose: str = MARKETING, now: Micros | None = None
    ) -> set[int]:
        """Those of these customers (numbers) who agree to be reached so; see `consent.allowed`."""
        when = clock.now() if now is None else now
        with self.ops.read() as tx:
            return consent.allowed(tx, self.warehouse, customers, channel, purpose, now=when)

    # --- the suppression list ---------------------------------------------------------------------

    def suppress(
        self,
        address: str,
        channel: str | None = None,
        reason: str = "manual",
        source: str = "python",
        now: Micros | None = None,
    ) -> bool:
        """Let nobody write to an address again; whether it was free before.

        On its own channel if none is said: an e-mail address on `email`, a phone number on all.
        """
        key = suppression.normal(address, self.settings.terms.region)
        return self._suppress([key], channel, reason, source, now) > 0

    def suppress_file(
        self,
        path: Path | str,
        channel: str | None = None,
        reason: str = "manual",
        source: str | None = None,
        now: Micros | None = None,
    ) -> Listed:
        """Suppress every address of a file: one a line, or a table with a column such as “email”."""
        file = Path(path)
        keys, without = addresses(file, self.settings.terms.region)
        new = self._suppress(keys, channel, reason, source or f"import:{file.name}", now)
        return Listed(len(keys), new, without)

    def lift(
        self, address: str, channel: str | None = None, source: str = "python", now: Micros | None = None
    ) -> int:
        """Let an address be written to again, as far as consent goes; how many entries that ended."""
        key = suppression.normal(address, self.settings.terms.region)
        suppression.checked(channel or suppression.ALL, "manual")
        where = [channel] if channel else [*consent.CHANNELS, consent.SITE, suppression.ALL]
        with self.ops.begin() as tx:
            return suppression.lift(tx, [key], where, source, clock.now() if now is None else now)

    def suppressed(self, address: str) -> list[Entry]:
        """All that the list ever said of an address, the latest first."""
        with self.ops.read() as tx:
            return suppression.entries(tx, suppression.normal(address, self.settings.terms.region))

    def suppressions(self) -> list[Tally]:
        """How many addresses are on the list, by channel and reason."""
        with self.ops.read() as tx:
            return suppression.tallies(tx)

    def blocked(self, addresses: Collection[str], channel: str) -> set[str]:
        """Those of these addresses that nobody may write to on a channel."""
        with self.ops.read() as tx:
            return suppression.blocked(tx, addresses, channel, self.settings.terms.region)

    def _suppress(
        self, keys: list[str], channel: str | None, reason: str, source: str, now: Micros | None
    ) -> int:
        suppression.checked(channel or suppression.ALL, reason)
        when = clock.now() if now is None else now
        by: dict[str, list[str]] = {}
        for each in keys:
            by.setdefault(channel or suppression.channel(each), []).append(each)
        with self.ops.begin() as tx:
            return sum(suppression.suppress(tx, mine, on, reason, source, when) for on, mine in by.items())


class Listed(NamedTuple):
    """How many addresses a file had, how many of them were new, and the lines, from 1, that held none."""

    addresses: int
    new: int
    without: list[int]


def key(shop: Workspace, customer: str | int) -> str:
    """The key under which an answer is kept: one of a customer's, or a new e-mail address, number or id.

    Raises `UserError` for what is neither.
    """
    if isinstance(customer, int):
        person = shop.person(customer)
        keys = identities.identities(shop.warehouse, person).keys
        if keys:
            return keys[0]
        raise UserError(N_("There is no customer “{key}”."), key=customer)
    kind, _, told = customer.partition(":")
    made = {
        "user": lambda: user_key(told),
        "email": lambda: email_key(told),
        "phone": lambda: phone_key(told, shop.settings.terms.region),
    }
    return (made[kind]() if kind in made else None) or shop.named(customer)[1]


def record(
    shop: Workspace,
    customer: str | int,
    answer: Answer,
    source: str,
    at: Micros | None,
    name: str | None,
    now: Micros,
) -> Record:
    """Keep an answer: safe on return, and in with the next refresh. `at` is now if not said.

    The same `name` of the same source again is ignored. A yes takes back what the address was suppressed for
    at its owner's own wish.
    """
    consent.checked(answer)
    when = now if at is None else at
    if when > now:
        raise UserError(N_("Nobody has answered in the future: give an instant that is past, or none."))
    told = key(shop, customer)
    own = f"{source}:{name}" if name else f"{told}:{answer}:{when}:{now}"
    table = pa.Table.from_pylist([consent.row(told, answer, when, own)], schema=PARCEL)
    inbox.put(shop.ops, [Parcel(f"{WAITING}{own}", source, False, table)], now)
    if answer.status == "granted":
        _returned(shop, told, answer.channel, source, now)
    return Record(
        when,
        told,
        answer.channel,
        answer.purpose,
        answer.status,
        source,
        False,
        **{name: getattr(answer, name) for name in consent.PROOF},
    )


def _returned(shop: Workspace, told: str, channel: str, source: str, now: Micros) -> None:
    kind = _REACHED.get(channel)
    found = identities.whose(shop.warehouse, [told]) if kind else None
    keys = identities.identities(shop.warehouse, found[0]).keys if found else [told]
    mine = [each for each in keys if kind and each.startswith(kind)]
    with shop.ops.begin() as tx:
        suppression.lift(tx, mine, [channel, suppression.ALL], source, now, suppression.RETURNING)
