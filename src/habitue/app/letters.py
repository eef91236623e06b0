"""What customers do with what was sent to them, without signing in: say no, look again, follow a link."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

import msgspec
import pyarrow as pa
from msgspec import Struct

from habitue.app.consents import record
from habitue.app.templates import Templated
from habitue.ingest import inbox
from habitue.ingest.inbox import Parcel
from habitue.kernel import clock
from habitue.kernel.clock import SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.people import consent, identities, profiles, suppression
from habitue.people.consent import MARKETING, Answer
from habitue.store import messages
from habitue.store.log import PARCEL
from habitue.store.seal import Marks, Seal
from habitue.templates import coupons, survey
from habitue.templates.passes import Pass, Passes, Use
from habitue.templates.press import Filled

SOURCE: Final = "habitue"
EVENTS: Final = {
    "c": ("Email Clicked", "Email Link Scanned"),
    "o": ("Email Opened", "Email Proxy Opened"),
}
"""What is told of a click and an opening: by somebody, and by a program, which is another thing."""


class Choice(Struct, frozen=True):
    """A purpose on a channel, and whether the customer agrees to it."""

    channel: str
    purpose: str
    agreed: bool

    @property
    def name(self) -> str:
        return f"{self.channel}.{self.purpose}"


class Reader(Struct, frozen=True):
    """Whoever holds a pass, as they are told of themselves: never more of an address than they know."""

    person: int
    key: str | None
    language: str | None
    masked: str
    choices: tuple[Choice, ...]


class Answering(Templated):
    """The part of a shop that customers reach by the links in what they were sent."""

    @cached_property
    def _stamps(self) -> Marks:
        return Seal(self.directory).marks()

    def passes(self, base: str | None = None) -> Passes:
        """Who makes the links; they lead to the workspace's own address."""
        return Passes(self._stamps, base or self.base or "")

    def letter(self, use: Use, token: str, now: Micros | None = None) -> Pass | None:
        """What a link is for; None for one that leads nowhere, or no more."""
        return self.passes().read(use, token, clock.now() if now is None else now)

    def holder(self, one: Pass) -> Reader:
        """Whoever was written to, as they are known now."""
        known = profiles.person(self.warehouse, one.person)
        if known is None:
            return Reader(one.person, None, None, "", (Choice(one.channel, one.purpose, agreed=False),))
        language, email = known.traits.get("language"), known.traits.get("email")
        return Reader(
            known.person,
            identities.identities(self.warehouse, known.person).keys[0],
            language if isinstance(language, str) else None,
            masked(email) if isinstance(email, str) else "",
            self._choices(known.person, one),
        )

    def _choices(self, person: int, one: Pass) -> tuple[Choice, ...]:
        """What they were ever asked, and what this message was for; what is waiting to be loaded counts."""
        standing = {
            (each.channel, each.purpose): each.agreed for each in consent.standing(self.warehouse, person)
        }
        standing.setdefault((one.channel, one.purpose), False)
        found = []
        for (channel, purpose), agreed in standing.items():
            if channel not in ("web", *consent.CHANNELS) or channel == "web" or purpose == "transactional":
                continue
            still = agreed and bool(self._agreeing(person, channel, purpose))
            found.append(Choice(channel, purpose, still))
        return tuple(
            sorted(found, key=lambda each: (each.channel != "email", each.channel, each.purpose != MARKETING))
        )

    def _agreeing(self, person: int, channel: str, purpose: str) -> set[int]:
        with self.ops.read() as tx:
            return consent.allowed(tx, self.warehouse, [person], channel, purpose, now=clock.now())

    # --- saying no, and yes -----------------------------------------------------------------------

    def unsubscribe(
        self, one: Pass, ip: str | None = None, form: str = "unsubscribe", now: Micros | None = None
    ) -> bool:
        """Write to them no more of what the message was for; whether there was somebody to be left alone.

        The same again changes nothing.
        """
        when = clock.now() if now is None else now
        found = self.holder(one)
        if found.key is None:
            return False
        answer = Answer(channel=one.channel, purpose=one.purpose, status="withdrawn", ip=ip, form=form)
        record(
            self,
            found.person,
            answer,
            SOURCE,
            when,
            f"{form}:{one.message}:{one.person}:{when}",
            when,
        )
        self._tell(found.key, "Email Unsubscribed", one, {"purpose": one.purpose, "form": form}, when)
        return True

    def wish(
        self,
        one: Pass,
        wanted: Mapping[str, bool],
        ip: str | None = None,
        texts: Mapping[str, str] | None = None,
        now: Micros | None = None,
    ) -> list[Choice]:
        """Keep what they chose, by `channel.purpose`: what changed. What they were never shown stays."""
        when = clock.now() if now is None else now
        found = self.holder(one)
        changed = [
            each for each in found.choices if found.key and wanted.get(each.name, each.agreed) != each.agreed
        ]
        for each in changed:
            status = "withdrawn" if each.agreed else "granted"
            answer = Answer(
                channel=each.channel,
                purpose=each.purpose,
                status="granted" if status == "granted" else "withdrawn",
                text=(texts or {}).get(each.name),
                ip=ip,
                form="preferences",
            )
            record(
                self,
                found.person,
                answer,
                SOURCE,
                when,
                f"preferences:{one.message}:{each.name}:{when}",
                when,
            )
        return changed

    def silence(self, one: Pass, ip: str | None = None, now: Micros | None = None) -> None:
        """Write to them no more at all, but for what they order: on every channel, also what comes later."""
        when = clock.now() if now is None else now
        found = self.holder(one)
        for each in found.choices:
            if found.key and (each.agreed or (each.channel, each.purpose) == (one.channel, one.purpose)):
                answer = Answer(
                    channel=each.channel, purpose=each.purpose, status="withdrawn", ip=ip, form="all"
                )
                record(
                    self, found.person, answer, SOURCE, when, f"all:{one.message}:{each.name}:{when}", when
                )
        if found.key:
            self._suppressed(found.person, when)
            self._tell(found.key, "Email Unsubscribed", one, {"form": "all"}, when)

    def _suppressed(self, person: int, now: Micros) -> None:
        keys = identities.identities(self.warehouse, person).keys
        with self.ops.begin() as tx:
            for kind, channel in (("email:", "email"), ("phone:", "sms"), ("", consent.SITE)):
                mine = [key for key in keys if key.startswith(kind)]
                suppression.suppress(tx, mine, channel, "unsubscribed", SOURCE, now)

    # --- looking again, and following -------------------------------------------------------------

    def sent(self, one: Pass, base: str | None = None) -> Filled | None:
        """The message again, as its template says it of them now; None where it is kept no more."""
        with self.ops.read() as tx:
            row = messages.one(tx, one.message) if one.message else None
        known = profiles.person(self.warehouse, one.person)
        if row is None or known is None or not row.template:
            return None
        given = msgspec.json.decode(row.values, type=dict[str, Any])
        with self.ops.read() as tx:
            given = coupons.filled(tx, given, claim(one.message), one.person, clock.now(), giving=False)
        passes = self.passes(base)
        values = self.given(known.traits, given, passes.links(one))
        wrap = passes.follow(one, clicks=False)
        try:
            return self.presses.of(row.template).fill(values, row.language or _tongue(known.traits), wrap)
        except UserError:
            return None

    def followed(self, use: Use, one: Pass, machine: bool, agent: str, now: Micros | None = None) -> None:
        """Note that a link was followed or a mail opened, by somebody or by a program."""
        when = clock.now() if now is None else now
        person = self.warehouse.read(_KEY, (one.person,)).column(0).to_pylist()
        if not person:
            return
        props: dict[str, Any] = {"machine": machine, "agent": agent[:200]}
        if one.to:
            props["link"] = one.to
        name = EVENTS[use][machine]
        self._tell(
            person[0], name.replace("Email", "Push") if one.channel == "push" else name, one, props, when
        )

    def answered(self, one: Pass, comment: str = "", now: Micros | None = None) -> bool:
        """Keep what somebody answered; whether that is so. The same answer to a message counts once."""
        reply, when = survey.read(one.to), clock.now() if now is None else now
        person = self.warehouse.read(_KEY, (one.person,)).column(0).to_pylist()
        if reply is None or not person:
            return False
        props: dict[str, Any] = {**reply.props, "survey": reply.survey, "said": reply.says}
        if comment.strip():
            props["comment"] = comment.strip()[: survey.COMMENT]
        self._tell(person[0], survey.EVENT, one, props, when, once=True)
        return True

    def left(self, one: Pass) -> Micros | None:
        """When the message left."""
        with self.ops.read() as tx:
            row = messages.one(tx, one.message) if one.message else None
        return None if row is None else row.left

    def _tell(
        self, key: str, name: str, one: Pass, props: Mapping[str, Any], now: Micros, once: bool = False
    ) -> None:
        """Put an event into the inbox; the same within a second, or `once` and for all, is the same."""
        with self.ops.read() as tx:
            row = messages.one(tx, one.message) if one.message else None
        about = {"message": one.message, "channel": one.channel, "purpose": one.purpose, **props}
        if row is not None:
            about |= {"origin": row.origin, "step": row.step, "run": row.run}
        own = f"letter:{name}:{one.message}:{one.person}:{one.to}:{0 if once else now // SECOND}"
        row_ = {
            "id": blake2b(own.encode(), digest_size=16).digest(),
            "key": key,
            "account": None,
            "ts": now,
            "name": name,
            "revenue": None,
            "props": msgspec.json.encode(about).decode(),
            "also": None,
        }
        inbox.put(self.ops, [Parcel(own, SOURCE, False, pa.Table.from_pylist([row_], schema=PARCEL))], now)


_KEY: Final = """
    SELECT node.key FROM node LEFT JOIN merged USING (node)
    WHERE coalesce(merged.person, node.node) = coalesce((SELECT person FROM merged WHERE node = $1), $1)
    ORDER BY node.node LIMIT 1
"""


def claim(message: int) -> str:
    """By which a message asks for its coupon code, again and again the same."""
    return f"message:{message}"


def masked(address: str) -> str:
    """An address that its owner knows again and nobody else can read: `c…@example.com`."""
    name, at, host = address.partition("@")
    return f"{name[:1]}…{at}{host}" if at else f"{address[:1]}…"


def _tongue(traits: Mapping[str, Any]) -> str | None:
    found = traits.get("language")
    return found if isinstance(found, str) else None
