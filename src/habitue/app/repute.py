"""How we stand with those who take our mails: what DNS says of us, who calls us spam, and when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from habitue.app.channels import EMAIL, NO_MAIL, Channelled, Standing
from habitue.kernel import clock
from habitue.kernel.clock import DAY, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging import repute as rules
from habitue.messaging.dns import Names, Resolver
from habitue.messaging.domain import Check, Sender, checks
from habitue.messaging.kinds import email_smtp
from habitue.messaging.mail import From
from habitue.messaging.repute import Rate
from habitue.store import acts
from habitue.store import repute as store
from habitue.store.repute import Halt, Looked

SELF: Final = "habitue"
_EVERY: Final = MINUTE
_SLOT: Final = 15 * MINUTE
"""Every zone's days begin and end on one of these."""


class Looking(Struct, frozen=True):
    """What was found for a sender's domain, when, and who asked."""

    domain: str
    at: Micros
    by: str
    checks: tuple[Check, ...]


class Reputable(Channelled):
    """The part of a shop that cares whether its mails arrive."""

    # --- what DNS says ----------------------------------------------------------------------------

    @cached_property
    def resolver(self) -> Names:
        """Whom to ask: the machine's own resolvers, or those that the file of settings names (`dns`)."""
        return Resolver([str(one) for one in self.configured.get("dns", ())])

    def mail_sender(self) -> Sender | None:
        """How e-mails leave, as far as it matters to who takes them; None where none do."""
        standing = self.channels().get(EMAIL)
        return _sender(standing, self.passes().base) if standing else None

    def check_domain(self, by: str, now: Micros | None = None, names: Names | None = None) -> Looking:
        """Look in DNS, which takes seconds, and keep what is found; raises `UserError` where nothing leaves.

        Ask `names`, or else `resolver`.
        """
        when, sender = clock.now() if now is None else now, self.mail_sender()
        if sender is None:
            raise UserError(NO_MAIL)
        found = checks(sender, names or self.resolver)
        kept = Looked(sender.domain, when, by, msgspec.to_builtins(found))
        with self.ops.begin() as tx:
            store.look(tx, kept)
        return Looking(sender.domain, when, by, tuple(found))

    def domain_checked(self) -> Looking | None:
        """What was found last for the domain that sends now; None where nobody looked."""
        sender = self.mail_sender()
        if sender is None:
            return None
        with self.ops.read() as tx:
            kept = store.looked(tx, sender.domain)
        if kept is None:
            return None
        return Looking(kept.domain, kept.at, kept.by, tuple(msgspec.convert(kept.found, list[Check])))

    # --- how many call it spam --------------------------------------------------------------------

    def rates(self, days: int, now: Micros | None = None) -> list[Rate]:
        """Of marketing by e-mail in the last days, by whose mailboxes it went to; those with most first."""
        when = clock.now() if now is None else now
        with self.ops.read() as tx:
            return [Rate(*row) for row in store.tallies(tx, EMAIL, when - days * DAY, when)]

    def daily_rates(self, days: int, now: Micros | None = None) -> dict[date, Rate]:
        """Of all of it, by day in the workspace's zone, today the last; days without any are left out."""
        when, zone = clock.now() if now is None else now, self.settings.timezone
        first = clock.moment(when, zone).date() - timedelta(days=days - 1)
        found: dict[date, list[Rate]] = {}
        with self.ops.read() as tx:
            rows = store.slots(tx, EMAIL, when - (days + 1) * DAY, _SLOT)
        for slot, *row in rows:
            found.setdefault(clock.moment(slot * _SLOT, zone).date(), []).append(Rate("", *row))
        return {day: rules.whole(some) for day, some in sorted(found.items()) if day >= first}

    def halted(self) -> Halt | None:
        """Since when marketing by e-mail stands still; None where it goes."""
        with self.ops.read() as tx:
            return store.standing(tx).get(EMAIL)

    def heed_complaints(self, now: Micros) -> Rate | None:
        """Stop marketing by e-mail where too many call it spam; what was too much, where it was stopped now.

        What was before somebody let it go on counts no more.
        """
        with self.ops.begin() as tx:
            if EMAIL in store.standing(tx):
                return None
            since = max(now - rules.WINDOW, store.lifted(tx, EMAIL) or 0)
            found = rules.breach([Rate(*row) for row in store.tallies(tx, EMAIL, since, now)])
            if found is not None:
                detail: dict[str, Any] = structs.asdict(found)
                store.stop(tx, EMAIL, detail, now)
                acts.note(tx, now, SELF, "halt marketing", "workspace", channel=EMAIL, **detail)
        return found

    def resume_marketing(self, by: str, why: str, now: Micros | None = None) -> None:
        """Let marketing by e-mail go on. Raises `UserError` without a reason, or where it goes."""
        when, reason = clock.now() if now is None else now, " ".join(why.split())[:500]
        if not reason:
            raise UserError(N_("Say why marketing may go on: what was wrong, and what was done about it."))
        with self.ops.begin() as tx:
            if not store.lift(tx, EMAIL, by, reason, when):
                raise UserError(N_("Marketing goes: nothing has to be let go on."))
            acts.note(tx, when, by, "resume marketing", "workspace", channel=EMAIL, reason=reason)

    def heed(self, now: Micros) -> None:
        """Look once a minute whether it is too much."""
        if now - self._heeded >= _EVERY:
            self._heeded = now
            self.heed_complaints(now)

    _heeded: Micros = 0


def _sender(standing: Standing, base: str) -> Sender:
    own = From(str(getattr(standing.settings, "sender", "")))
    secure = base.startswith("https://")
    if not isinstance(standing.settings, email_smtp.Settings):
        title = standing.kind.name.capitalize()
        return Sender(own.domain, own.domain, provider=title, bounces=True, secure=secure)
    settings = standing.settings
    record = email_smtp.opened(settings).record
    return Sender(
        own.domain,
        (settings.bounces or own.address).rpartition("@")[2],
        host=settings.host,
        selector=settings.dkim_selector,
        record=record[1] if record else "",
        encrypted=settings.security != "none",
        bounces=bool(settings.bounces),
        secure=secure,
    )


def worst(found: Sequence[Check]) -> str:
    """How it stands as a whole: bad where anything is, else note, else good."""
    states = {one.state for one in found}
    return next((state for state in ("bad", "note", "good") if state in states), "unknown")
