"""What leaves the house: by which ways, in which words, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

import msgspec
import pyarrow as pa
from msgspec import structs

from habitue.app.letters import Answering, claim
from habitue.app.notes import nodes
from habitue.broadcasts.live import holdouts
from habitue.ingest import inbox
from habitue.ingest.inbox import Parcel
from habitue.kernel import clock
from habitue.kernel.clock import SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.region import region
from habitue.messaging import outbox, rules
from habitue.messaging.batch import Door
from habitue.messaging.channel import Letter, Outcome, Way
from habitue.messaging.guards import WEBHOOK
from habitue.messaging.kinds import email_smtp, webhook
from habitue.messaging.outbox import Told
from habitue.messaging.rules import Rules
from habitue.messaging.sender import Composed, Composer, Happened, Sender
from habitue.people import suppression
from habitue.store import acts, transports
from habitue.store.log import PARCEL
from habitue.store.messages import Sending
from habitue.store.ops import Tx
from habitue.store.seal import Seal
from habitue.templates import coupons
from habitue.templates.passes import Pass, Passes
from habitue.templates.values import customer

SOURCE: Final = "habitue"
FOLDER: Final = "outgoing"
"""Of the workspace: what senders were doing when they died."""

AT_ONCE: Final = (500, 2000)
"""Messages that a lane takes at once: in a large shop asking about many takes little more than one."""

FRESH: Final = 5
"""Seconds for which what is the same in all messages is not looked up again."""

EMAIL: Final = "email"
_SMTP: Final = "email_smtp"
_KINDS: Final[Mapping[str, Callable[[str], Way]]] = {
    _SMTP: lambda told: email_smtp.opened(msgspec.json.decode(told, type=email_smtp.Settings)),
    WEBHOOK: lambda told: webhook.opened(msgspec.json.decode(told, type=webhook.Settings)),
}
_CALLED: Final = {"email": "Email", "sms": "SMS", "push": "Push"}
_DONE: Final = {"sent": "Sent", "bounced": "Bounced"}
NO_MAIL: Final = N_("No mail server is set. Set one with: habitue mail set --host HOST --from ADDRESS")
_UNKNOWN_LINKS: Final = N_(
    "Marketing needs links by which customers say no, and Habitué does not know its own address. Write it "
    'into habitue.toml, such as url = "https://crm.shop.fr".'
)


class Posting(Answering):
    """The part of a shop that sends."""

    # --- ways out ---------------------------------------------------------------------------------

    def mail(self) -> email_smtp.Settings | None:
        """How e-mails leave; None where that was not settled."""
        with self.ops.read() as tx:
            kept = {one.channel: one for one in transports.standing(tx)}
        if EMAIL not in kept:
            return None
        return msgspec.json.decode(Seal(self.directory).open(kept[EMAIL].settings), type=email_smtp.Settings)

    def set_mail(self, settings: email_smtp.Settings, by: str, now: Micros | None = None) -> None:
        """Let e-mails leave so from now on. Raises `UserError`."""
        when = clock.now() if now is None else now
        sealed = Seal(self.directory).close(msgspec.json.encode(email_smtp.checked(settings)).decode())
        with self.ops.begin() as tx:
            transports.put(tx, _SMTP, EMAIL, sealed, by, when)
            acts.note(tx, when, by, "mail", "workspace", host=settings.host, sender=settings.sender)

    def end_mail(self, by: str, now: Micros | None = None) -> bool:
        """Send no more e-mails; whether any were sent. What is to be sent waits."""
        when = clock.now() if now is None else now
        with self.ops.begin() as tx:
            ended = transports.end(tx, EMAIL, when)
            if ended:
                acts.note(tx, when, by, "mail", "workspace", ended=True)
        return ended

    def try_mail(self, to: str, words: Composed, now: Micros | None = None) -> Outcome:
        """Send one e-mail at once, past the outbox, and say what the server answered. Raises `UserError`."""
        when = clock.now() if now is None else now
        way = self.ways().get(EMAIL)
        if way is None:
            raise UserError(NO_MAIL)
        letter = Letter(0, to, self.mark(when), *words[:3], {}, False, None, when)
        session = way.connect()
        try:
            return session.hand(letter, lambda: None)
        finally:
            session.close()

    def ways(self) -> Mapping[str, Way]:
        """The ways out, by channel, each made once as long as its settings stand."""
        with self.ops.read() as tx:
            kept = {one.id: one for one in transports.standing(tx) if one.kind in _KINDS}
        for number in [one for one in self._ways if one not in kept]:
            del self._ways[number]
        for number, one in kept.items():
            if number not in self._ways:
                self._ways[number] = _KINDS[one.kind](Seal(self.directory).open(one.settings))
        return {kept[number].channel: way for number, way in self._ways.items()}

    # --- webhooks ---------------------------------------------------------------------------------

    def hooks(self) -> webhook.Settings:
        """How programs are called: with a secret of the workspace's own, made when it is first needed."""
        with self.ops.begin() as tx:
            kept = {one.channel: one for one in transports.standing(tx)}
            if WEBHOOK in kept:
                return msgspec.json.decode(
                    Seal(self.directory).open(kept[WEBHOOK].settings), type=webhook.Settings
                )
            made = webhook.Settings((webhook.fresh(),))
            self._put_hooks(tx, made, SOURCE, clock.now())
        return made

    def set_hooks(self, by: str, *, rotate: bool = False, inner: bool | None = None) -> webhook.Settings:
        """Sign with a new secret too, the last one beside it for a while; allow calls to inner networks."""
        before, when = self.hooks(), clock.now()
        secrets = (webhook.fresh(), before.secrets[0]) if rotate else before.secrets
        wanted = structs.replace(before, secrets=secrets, inner=before.inner if inner is None else inner)
        with self.ops.begin() as tx:
            self._put_hooks(tx, wanted, by, when)
            acts.note(tx, when, by, "webhooks", "workspace", rotated=rotate, inner=wanted.inner)
        return wanted

    def _put_hooks(self, tx: Tx, settings: webhook.Settings, by: str, now: Micros) -> None:
        sealed = Seal(self.directory).close(msgspec.json.encode(webhook.checked(settings)).decode())
        transports.put(tx, WEBHOOK, WEBHOOK, sealed, by, now)

    @cached_property
    def _ways(self) -> dict[int, Way]:
        return {}

    # --- rules ------------------------------------------------------------------------------------

    def sending_rules(self) -> Rules:
        """How often, when, and to whom not."""
        with self.ops.read() as tx:
            return self._rules(tx)

    def set_sending_rules(self, wanted: Rules, by: str, now: Micros | None = None) -> None:
        """Let these rules hold from now on. Raises `UserError` for what makes no sense."""
        rules.write(self.ops, wanted, by, clock.now() if now is None else now)

    def _rules(self, tx: Tx) -> Rules:
        zone = self.settings.timezone
        return rules.read(tx, zone, region(zone))

    def _guarding(self, tx: Tx) -> Rules:
        """The same, with the control groups of the broadcasts that are under way."""
        rules, own = self._rules(tx), holdouts(tx)
        return structs.replace(rules, holdouts={**rules.holdouts, **own}) if own else rules

    # --- sending ----------------------------------------------------------------------------------

    def outgoing(self, lane: int) -> Sender:
        """A worker for what customers wait for (0) or for marketing (1); one of each at a time."""
        self.hooks()
        door = Door(self.ops, self.warehouse, self._guarding, self.settings.terms.region)
        return Sender(
            self.ops,
            door,
            self.ways,
            self._composer(),
            lane=lane,
            folder=self.directory / FOLDER,
            mark=self.mark,
            now=clock.now,
            tell=self._tell_sent,
            block=self._block,
            most=AT_ONCE[lane],
        )

    def mark(self, number: int) -> str:
        """By which a message is known outside, for ever; nobody can make one up."""
        return f"{number}.{self._stamps.made(b'message:%d' % number)[:20]}"

    def _composer(self) -> Composer:
        """Writes messages; what is the same in all of them is looked up once for those of a few seconds."""
        known: list[tuple[int, Passes, dict[str, Any]]] = []

        def composed(row: Sending, traits: Mapping[str, Any]) -> Composed:
            second = clock.now() // SECOND
            if not known or second - known[-1][0] > FRESH:
                known[:] = [(second, self.passes(), self.given({}, {}, {})["shop"])]
            _, passes, house = known[-1]
            return self._written(row, traits, passes, house, second)

        return composed

    def _written(
        self, row: Sending, traits: Mapping[str, Any], passes: Passes, house: dict[str, Any], second: int
    ) -> Composed:
        if row.channel == WEBHOOK:
            return Composed("", "", "")
        marketing = row.lane == 1
        if marketing and not passes.base:
            raise UserError(_UNKNOWN_LINKS)
        one = Pass(row.id, row.person, row.channel, row.purpose, second)
        links = passes.links(one) if passes.base else {}
        given = msgspec.json.decode(row.values, type=dict[str, Any]) if row.values != "{}" else {}
        more = self._coded(row, given)
        values = {**more, "customer": customer(traits), "shop": house, "links": links}
        told = traits.get("language")
        language = row.language or (told if isinstance(told, str) else self.settings.language)
        wrap = passes.follow(one, clicks=marketing) if passes.base else None
        filled = self.presses.of(row.template).fill(values, language, wrap)
        if not marketing:
            return Composed(filled.subject, filled.html, filled.text)
        html = _watched(filled.html, passes.picture(one)) if filled.html else ""
        return Composed(filled.subject, html, filled.text, links["unsubscribe"])

    def _coded(self, row: Sending, more: dict[str, Any]) -> dict[str, Any]:
        """With the coupon code that the message gives, if it gives one: settled before it can leave."""
        if not isinstance(more.get("coupon"), dict) or "pool" not in more["coupon"]:
            return more
        with self.ops.begin() as tx:
            return coupons.filled(tx, more, claim(row.id), row.person, clock.now())

    def _tell_sent(self, tx: Tx, told: Sequence[Happened]) -> None:
        """What left and what came back, into the customers' events."""
        some = [one for one in told if one.state in _DONE and one.message.channel in _CALLED]
        keys = {one.message.id: one.key or self._key(one.message.person) for one in some}
        self._put_events(
            tx,
            [
                _event(one.message, key, f"{_CALLED[one.message.channel]} {_DONE[one.state]}", one.at)
                for one in some
                if (key := keys[one.message.id])
            ],
        )

    def tell_of(self, tx: Tx, row: Any, name: str, now: Micros) -> None:
        """Let an event tell of one message, a row of the table."""
        if key := self._key(row.person):
            self._put_events(tx, [_event(row, key, name, now)])

    def _put_events(self, tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            table = pa.Table.from_pylist(rows, schema=PARCEL)
            own = blake2b(b"".join(row["id"] for row in rows), digest_size=16).hexdigest()
            inbox.put_with(tx, Parcel(f"sent:{own}", SOURCE, False, table), rows[0]["ts"])

    def _key(self, person: int) -> str | None:
        found = self.warehouse.read("SELECT key FROM node WHERE node = ?", (person,))["key"].to_pylist()
        return found[0] if found else None

    def _block(self, tx: Tx, channel: str, addresses: Sequence[str], now: Micros) -> None:
        """Nobody is at these addresses: write there no more."""
        read = (suppression.reachable(one, self.settings.terms.region) for one in addresses)
        suppression.suppress(tx, [one for one in read if one], channel, "bounce", SOURCE, now)

    def customer_messages(self, customer: str | int, most: int = 100) -> list[Told]:
        """What was or is to be sent to a customer, under all their numbers, with every decision about it."""
        mine = nodes(self, self.person(customer))
        with self.ops.read() as tx:
            return outbox.history(tx, mine, most)


def _event(row: Any, key: str, name: str, at: Micros) -> dict[str, Any]:
    """What happened to a message; the same again is the same event."""
    props = {
        "message": row.id,
        "channel": row.channel,
        "purpose": row.purpose,
        "origin": row.origin,
        "step": row.step,
        "run": row.run,
        "template": row.template,
    }
    return {
        "id": blake2b(f"message:{row.id}:{name}".encode(), digest_size=16).digest(),
        "key": key,
        "account": None,
        "ts": at,
        "name": name,
        "revenue": None,
        "props": msgspec.json.encode(props).decode(),
        "also": None,
    }


def _watched(html: str, picture: str) -> str:
    """The HTML with the picture by which an opening is told, at its end."""
    seen = f'<img src="{picture}" width="1" height="1" alt="" style="display:block">'
    head, end, tail = html.rpartition("</body>")
    return f"{head}{seen}{end}{tail}" if end else html + seen
