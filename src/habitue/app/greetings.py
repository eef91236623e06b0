"""What waits for customers on the shop's own site: who is given it, and what they did with it.

Pages are run by browsers, so whatever a page says of who is looking anybody may say. A browser is believed by
the id that it made up for itself, 128 random bits that nobody guesses; but whose it is was said by a page
too. Where a shop wants more its server signs who somebody is, with a secret that no page has.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from typing import Any, Final

from msgspec import Struct

from habitue.app.notes import nodes
from habitue.app.posting import Posting
from habitue.kernel import clock
from habitue.kernel.clock import MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging import outbox
from habitue.messaging.channel import Letter
from habitue.messaging.guards import EXEMPT
from habitue.messaging.kinds import site
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import TRANSACTIONAL
from habitue.messaging.words import noticed
from habitue.people import identities, suppression
from habitue.people.consent import SITE
from habitue.people.keys import anon_key, user_key
from habitue.store import acts, greetings, messages
from habitue.store.messages import Change
from habitue.templates.press import Filled
from habitue.templates.shape import Template

LEASE: Final = 2 * MINUTE
"""So long a page that was given a message has time to show it, before another page is given it."""

DONE: Final = {"shown": "In-App Opened", "clicked": "In-App Clicked", "dismissed": "In-App Dismissed"}
"""What a page can tell of a message, and the event that it is."""

OVER: Final = "In-App Expired"
"""The event that tells of one that waited, and was not seen in its time."""

_EVERY: Final = 15 * MINUTE
_AT_ONCE: Final = 1_000
_UNGUESSED: Final = re.compile(r"anon:[\w.-]{22,}")
"""Ids of 128 random bits, however they are written: a shop's own numbers are not among them."""
_MARK: Final = re.compile(r"[1-9]\d{0,17}\.[\w-]{8,64}", re.ASCII)


class Visitor(Struct, frozen=True):
    """Who a page says is looking at it, and what proves it: `hmac_sha256(secret, userId)` in hexadecimal."""

    anonymousId: str | None = None  # noqa: N815  as SDKs have it
    userId: str | None = None  # noqa: N815
    signature: str | None = None


class Greeting(Struct, frozen=True):
    """A message as a page shows it; `id` is what the page calls it when it tells of it."""

    id: str
    title: str
    text: str
    button: str
    link: str
    place: str
    language: str
    color: str


class Greeted(Posting):
    """The part of a shop that shows messages on its own site."""

    def leave_greeting(
        self, person: int, template: Template, language: str, said: Filled, by: str, now: Micros
    ) -> None:
        """Let a message wait for a customer past the outbox: a trial, which counts for nothing.

        Raises `UserError` where nothing is set up for the site.
        """
        way = self.ways().get(SITE)
        if way is None:
            raise UserError(
                N_("Nothing is set up for messages on your site. Set it up under Settings → Sending.")
            )
        one = Wanted(
            origin="test",
            step=template.slug or "-",
            run=f"{now}",
            person=person,
            channel=SITE,
            due=now,
            purpose=TRANSACTIONAL,
            language=language,
        )
        with self.ops.begin() as tx:
            number = outbox.put_sent(tx, one, now)
            acts.note(tx, now, by, "test", f"template:{template.slug or '-'}", language=language)
        words = noticed(template, said, language)
        letter = Letter(number, "", self.mark(number), *words[:3], {}, False, None, now, more=words.more)
        way.connect().hand(letter, lambda: None)

    def greeting(self, visitor: Visitor, now: Micros | None = None) -> Greeting | None:
        """The message that this visitor is to be shown now, which nobody else is given meanwhile."""
        when = clock.now() if now is None else now
        standing = self.channels().get(SITE)
        if standing is None or not isinstance(standing.settings, site.Settings):
            return None
        person = self._visiting(visitor, standing.settings.secret)
        if person is None:
            return None
        mine, last = nodes(self, person), when - LEASE
        with self.ops.read() as tx:
            rows = greetings.waiting(tx, mine, when, last)
        if not rows:
            return None
        with self.ops.begin() as tx:
            listed = suppression.standing(tx, {row.address for row in rows if row.address}, SITE)
            free = (row for row in rows if not _blocked(row, listed.get(row.address, set())))
            row = next((one for one in free if greetings.give(tx, one.message, when, last)), None)
        return None if row is None else _shown(row, self.mark(row.message), self.brand.color)

    def greeted(self, mark: str, what: str, now: Micros | None = None) -> bool:
        """Note what a page tells of a message that it was given; False for what we never gave out.

        The same again changes nothing. Who clicked or closed it has seen it, also where that was never told.
        """
        when = clock.now() if now is None else now
        number = int(mark.partition(".")[0]) if _MARK.fullmatch(mark) else 0
        if what not in DONE or not number or not hmac.compare_digest(self.mark(number), mark):
            return False
        with self.ops.begin() as tx:
            row = messages.one(tx, number)
            if row is None or row.channel != SITE:
                return False
            if greetings.show(tx, number, when):
                if row.reason == greetings.UNSEEN:  # a page that had it tells of it late
                    messages.change(tx, {number: row.trail}, [Change(number, "sent")], when)
                self.tell_of(tx, row, DONE["shown"], when)
            if what != "shown" and greetings.settle(tx, number, what, when):
                self.tell_of(tx, row, DONE[what], when)
        return True

    def give_up_greetings(self, now: Micros) -> int:
        """Note of what has waited in vain for its customer that nobody saw it; how many that were now.

        Looked for a few times in an hour.
        """
        if now - self._given_up < _EVERY:
            return 0
        self._given_up = now
        with self.ops.begin() as tx:
            # A page that was given one at the last moment may still be about to show it.
            rows = greetings.overdue(tx, now - LEASE, _AT_ONCE)
            trails = {row.id: row.trail for row in rows}
            ends = [Change(row.id, "expired", greetings.UNSEEN, {"until": row.until}) for row in rows]
            messages.change(tx, trails, ends, now)
            greetings.give_up(tx, trails, now)
            keys = {row.id: self._key(row.person) for row in rows}
            self._put_events(
                tx, [self.happened(row, key, OVER, now) for row in rows if (key := keys[row.id])]
            )
        if len(rows) == _AT_ONCE:
            self._given_up = 0
        return len(rows)

    _given_up: Micros = 0

    def _visiting(self, visitor: Visitor, secret: str) -> int | None:
        """Who is looking, as far as that can be believed.

        Pages may have said of any browser that it is some customer's: with a secret, that counts for nothing.
        """
        user, own = user_key(visitor.userId), anon_key(visitor.anonymousId)
        if secret and user is not None and _signed(visitor, secret):
            found = identities.whose(self.warehouse, (user,))
            return found and found[0]
        if own is None or not _UNGUESSED.fullmatch(own):
            return None
        found = identities.whose(self.warehouse, (own,))
        if found is None or (secret and self._known_by_name(found[0])):
            return None
        return found[0]

    def _known_by_name(self, person: int) -> bool:
        """Whether they are known by more than ids that browsers made up."""
        rows = self.warehouse.read(_KEYS, (nodes(self, person),))
        return not all(key.startswith("anon:") for key in rows["key"].to_pylist())


_KEYS: Final = "SELECT key FROM node WHERE node IN (SELECT unnest(?))"


def _signed(visitor: Visitor, secret: str) -> bool:
    told = (visitor.signature or "").strip().lower().encode("utf-8", "replace")
    made = hmac.digest(secret.encode(), str(visitor.userId).encode(), "sha256").hex()
    return hmac.compare_digest(made.encode(), told)


def _blocked(row: Any, why: Collection[str]) -> bool:
    """Whether it may not be shown: somebody has said no since it left, as guards have it."""
    return bool(set(why) - (EXEMPT if row.purpose == TRANSACTIONAL else frozenset()))


def _shown(row: Any, mark: str, color: str) -> Greeting:
    return Greeting(mark, row.title, row.text, row.button, row.link, row.place, row.language, color)
