"""What providers tell of messages: each thing once, and only by who has shown to be the provider."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

import msgspec

from habitue.app.channels import SOURCE
from habitue.app.consents import record
from habitue.app.returns import Returning
from habitue.kernel import money
from habitue.kernel.clock import SECOND, Micros
from habitue.messaging import outbox
from habitue.messaging.line import Line
from habitue.messaging.report import Call, Forged, Report
from habitue.people import consent, identities, profiles, search, suppression
from habitue.people.consent import MARKETING, Answer
from habitue.people.keys import bare, phone_key
from habitue.store import messages, repute
from habitue.store.ops import Tx
from habitue.templates.machine import SOON, machine
from habitue.templates.passes import Pass

CALLED: Final = {"email": "Email", "sms": "SMS", "push": "Push"}
_DONE: Final = {
    "delivered": "Delivered",
    "bounced": "Bounced",
    "complained": "Marked as Spam",
    "opened": "Opened",
    "clicked": "Clicked",
}
_BY_PROGRAM: Final = {"opened": "Proxy Opened", "clicked": "Link Scanned"}
_WATCHED: Final = ("opened", "clicked")
"""What we see ourselves of marketing by e-mail: it doesn't count again because somebody else saw it too."""

_CERTIFICATES: Final = 8


class Early(Exception):
    """It is told of a message that is only just leaving: it should be told again."""


class Reporting(Returning):
    """The part of a shop that providers tell what became of messages."""

    @cached_property
    def reported(self) -> Counter[str]:
        """How many things were told since the start, by what came of them: `taken`, `ignored`, `forged`."""
        return Counter()

    def hear(self, kind: str, secret: str, call: Call) -> int:
        """Take what a provider tells; how much of it was about something of ours.

        Raises `Forged` for who has not shown to be the provider, `UserError` for what can't be read, `Early`.
        """
        standing = next((one for one in self.channels().values() if one.kind.name == kind), None)
        hook = getattr(standing.settings, "hook", "") if standing else ""
        known = hmac.compare_digest(hook.encode(), secret.encode("utf-8", "replace"))
        if standing is None or standing.kind.reports is None or not hook or not known:
            self.reported["forged"] += 1
            raise Forged
        try:
            told = standing.kind.reports(standing.settings, call)
        except Forged:
            self.reported["forged"] += 1
            raise
        taken = sum(self._heard(standing.kind.channel, kind, one) for one in told)
        self.reported["taken"] += taken
        self.reported["ignored"] += len(told) - taken
        return taken

    def fetched(self, url: str) -> bytes:
        """What stands at a provider's own address, such as its certificate, which is kept."""
        if url in self._certificates:
            return self._certificates[url]
        line = Line(keeps=False)
        reply = line.ask("GET", url, {"accept": "*/*"})
        if reply.status != 200:
            raise Forged
        if url.endswith(".pem") and len(self._certificates) < _CERTIFICATES:
            self._certificates[url] = reply.body
        return reply.body

    @cached_property
    def _certificates(self) -> dict[str, bytes]:
        return {}

    def _heard(self, channel: str, kind: str, one: Report) -> bool:
        """Write down one thing; whether it is about anything of ours. The same again changes nothing."""
        if one.address:
            return self._stopped(channel, one)
        row = self._meant(channel, one)
        if row is None:
            return False
        if row.state == "sending":
            raise Early
        if one.what == "unsubscribed":
            meant = Pass(row.id, row.person, row.channel, row.purpose, one.at // SECOND)
            return self.unsubscribe(meant, form=kind, now=one.at)
        if one.what in _WATCHED and row.lane == 1 and row.channel == "email":
            return False
        with self.ops.begin() as tx:
            return self._reported(tx, row, kind, one)

    def _reported(self, tx: Tx, row: Any, kind: str, one: Report) -> bool:
        cost = money.fine(one.price, self.settings.currency)
        if one.price and one.currency == self.settings.currency and cost is not None:
            messages.bill(tx, row.id, cost)
        if one.what == "bounced" and not outbox.returned(tx, row.id, one.answer, one.at):
            return False
        if row.address and (one.dead or one.what == "complained"):
            reason = "bounce" if one.dead else "complaint"
            suppression.block(tx, row.address, row.channel, reason, SOURCE, one.at)
        if one.what == "complained":
            repute.complain(tx, row.id, one.at)
        key = self._key(row.person)
        if key is None:
            return False
        program = one.what in _WATCHED and _machine(row, one)
        said = _BY_PROGRAM[one.what] if program else _DONE[one.what]
        event = self.happened(row, key, f"{CALLED.get(row.channel, 'Message')} {said}", one.at)
        more: dict[str, Any] = {"by": kind}
        if one.what in _WATCHED:
            more |= {"machine": program, "agent": one.agent[:200]} | ({"link": one.link} if one.link else {})
        event["id"] = blake2b(f"report:{kind}:{one.id}".encode(), digest_size=16).digest()
        event["props"] = msgspec.json.encode(msgspec.json.decode(event["props"]) | more).decode()
        self._put_events(tx, [event])
        return True

    def _meant(self, channel: str, one: Report) -> Any:
        """The message that is meant: by our own mark, which nobody can make up, else by their name for it."""
        number = int(found) if (found := one.mark.partition(".")[0]).isdecimal() and len(found) < 19 else 0
        with self.ops.read() as tx:
            if number and hmac.compare_digest(self.mark(number), one.mark):
                return messages.one(tx, number)
            return messages.referred(tx, channel, one.reference) if one.reference else None

    def _stopped(self, channel: str, one: Report) -> bool:
        """Somebody wrote STOP: to this number nothing is sent any more, whoever has it."""
        key = suppression.reachable(one.address, self.settings.terms.region)
        if key is None:
            return False
        with self.ops.begin() as tx:
            suppression.suppress(tx, [key], channel, "unsubscribed", SOURCE, one.at)
        for person in self._reached(key):
            standing = consent.standing(self.warehouse, person)
            agreed = {each.purpose for each in standing if each.channel == channel and each.agreed}
            for purpose in sorted(agreed | {MARKETING}):
                answer = Answer(channel=channel, purpose=purpose, status="withdrawn", form="stop")
                record(self, person, answer, SOURCE, one.at, f"stop:{one.id}:{person}:{purpose}", one.at)
        return True

    def _reached(self, key: str) -> list[int]:
        """Everybody whose number that is, as a key of theirs or among what is known of them."""
        region = self.settings.terms.region
        found = [each.person for each in search.find(self.warehouse, bare(key), region)]
        known = profiles.known_traits(self.warehouse, found) if found else {}
        first = identities.whose(self.warehouse, [key])
        mine = {person for person in found if key in _numbers(known.get(person, {}), region)}
        return sorted(mine | ({first[0]} if first else set()))


def _numbers(traits: Mapping[str, Any], region: str | None) -> set[str | None]:
    return {phone_key(traits.get(name), region) for name in search.PHONES}


def _machine(row: Any, one: Report) -> bool:
    since: Micros | None = None if row.left is None else one.at - row.left
    if one.machine or (since is not None and since < SOON):
        return True
    opening = one.what == "opened"
    told = {"user-agent": one.agent, "accept-language": "*"}
    return machine(told, "GET", since, opening) if one.agent or opening else False
