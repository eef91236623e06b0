"""What the team does itself of what was to be sent: calls, and letters that are printed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct

from habitue.app.channels import SOURCE
from habitue.app.consents import record
from habitue.app.reports import Reporting
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator
from habitue.messaging.kinds import call, letter
from habitue.messaging.rules import TRANSACTIONAL
from habitue.people import consent, identities, profiles, suppression
from habitue.people.consent import Answer
from habitue.people.keys import bare
from habitue.people.profiles import Person
from habitue.store import errands, messages
from habitue.store.ops import Tx
from habitue.templates.paper import MOST, Paper, Sheet, paragraphs, printed

CALLS: Final = call.CHANNEL
LETTERS: Final = letter.CHANNEL

OUTCOMES: Final = {
    "reached": N_("Reached"),
    "nobody": N_("No answer"),
    "refused": N_("Wants no calls"),
    "wrong": N_("Wrong number"),
}
"""What can come of a call."""

_GONE: Final = N_("Somebody has done that already, or it is not on the list any more.")


class Errand(Struct, frozen=True):
    """A call or a letter that is to be done, and for whom; `name` is empty where all that is known of them is
    the number itself.
    """

    message: int
    person: int
    name: str
    to: str
    subject: str
    text: str
    origin: str
    made: Micros
    tries: int
    tried: Micros | None


class Doing(Reporting):
    """The part of a shop that knows what the team has to do for its messages."""

    def errands(self, channel: str, most: int = 200) -> list[Errand]:
        """What is still to be done, the oldest first; not for those who have said no meanwhile."""
        with self.ops.read() as tx:
            rows = errands.waiting(tx, channel, most)
            people = identities.wholes(self.warehouse, [row.person for row in rows])
            willing = self._willing(tx, rows, people, channel)
        known = profiles.people(self.warehouse, sorted({*people.values()})) if people else {}
        return [
            Errand(
                row.message,
                people.get(row.person, row.person),
                _called(known.get(people.get(row.person, row.person)), row.to),
                *(row.to, row.subject, row.text, row.origin, row.made, row.tries, row.tried),
            )
            for row in rows
            if row.message in willing
        ]

    def _willing(self, tx: Tx, rows: Sequence[Any], people: Mapping[int, int], channel: str) -> set[int]:
        """Those of the messages that may still be done."""
        by_purpose: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            by_purpose[row.purpose].append(row)
        found: set[int] = set()
        for purpose, mine in by_purpose.items():
            whole = {row.message: people.get(row.person, row.person) for row in mine}
            persons = sorted({*whole.values()})
            agreed = (
                {*persons}
                if purpose == TRANSACTIONAL
                else consent.allowed(tx, self.warehouse, persons, channel, purpose, now=clock.now())
            )
            found |= {number for number, person in whole.items() if person in agreed}
        addresses = {row.message: row.address for row in rows}
        blocked = suppression.standing(tx, {one for one in addresses.values() if one}, channel)
        return {number for number in found if addresses[number] not in blocked}

    def errand_count(self, channel: str) -> int:
        """How many are on a list, those who said no meanwhile among them."""
        with self.ops.read() as tx:
            return errands.count(tx, channel)

    # --- calls ------------------------------------------------------------------------------------

    def settle_call(self, number: int, outcome: str, by: str, now: Micros | None = None) -> None:
        """Note what came of a call. Raises `UserError` for one that is not to be made any more.

        Who wants no calls has withdrawn consent to them; a wrong number is not called again. Where nobody
        answers it stays on the list, so many times as is set.
        """
        when = clock.now() if now is None else now
        if outcome not in OUTCOMES:
            raise UserError(
                N_("“{told}” is no outcome of a call. Choose one of {known}."),
                told=outcome,
                known=", ".join(OUTCOMES),
            )
        with self.ops.begin() as tx:
            row = errands.one(tx, number)
            if row is None or row.channel != CALLS or not self._settled(tx, row, outcome, by, when):
                raise UserError(_GONE)
            key = self._key(row.person)
            if outcome == "wrong":
                found = suppression.reachable(row.to, self.settings.terms.region)
                suppression.suppress(tx, [found] if found else [], CALLS, "bounce", SOURCE, when)
            if key is not None:
                event = self.happened(messages.one(tx, number), key, "Call Made", when)
                self._put_events(tx, [_told(event, {"outcome": outcome, "by": by}, f"{number}:{row.tries}")])
        if outcome == "refused" and key is not None:
            answer = Answer(channel=CALLS, purpose=row.purpose, status="withdrawn", form="call", by=by)
            if row.purpose != TRANSACTIONAL:
                record(self, key, answer, SOURCE, when, f"call:{number}", when)

    def _settled(self, tx: Tx, row: Any, outcome: str, by: str, now: Micros) -> bool:
        if outcome != "nobody":
            return errands.settle(tx, row.message, outcome, by, now)
        standing = self.channels().get(CALLS)
        most = standing.settings.tries if standing and isinstance(standing.settings, call.Settings) else 1
        tries = errands.attempt(tx, row.message, by, now)
        if tries is not None and tries >= most:
            errands.settle(tx, row.message, "nobody", by, now)
        return tries is not None

    # --- letters ----------------------------------------------------------------------------------

    def letters(self, say: Translator, now: Micros | None = None) -> tuple[bytes, int, int]:
        """The pile as a PDF, how many letters are in it, and the number of the last. Raises `UserError`."""
        standing = self.channels().get(LETTERS)
        pile = self.errands(LETTERS, MOST)
        if standing is None or not isinstance(standing.settings, letter.Settings) or not pile:
            raise UserError(N_("There is no letter to print."))
        day = clock.shown(clock.now() if now is None else now, self.settings.timezone, say.language, "day")
        place = standing.settings.place.strip()
        dated = say(N_("{place}, {day}"), place=place, day=day) if place else day
        lines = letter.lines_of(standing.settings)
        papers = tuple(Paper(tuple(one.to.split("\n")), one.subject, paragraphs(one.text)) for one in pile)
        return printed(Sheet(lines, dated, say.language, papers)), len(pile), pile[-1].message

    def post_letters(self, until: int, by: str, now: Micros | None = None) -> int:
        """Note that the letters up to this one are in the post; how many that were."""
        when = clock.now() if now is None else now
        done = 0
        for one in self.errands(LETTERS, MOST):
            with self.ops.begin() as tx:
                if one.message > until or not errands.settle(tx, one.message, "posted", by, when):
                    continue
                done += 1
                self.tell_of(tx, messages.one(tx, one.message), "Letter Sent", when)
        return done


def _called(one: Person | None, to: str) -> str:
    """How somebody is called: by name, as their letter says, or by e-mail or key; empty where that would only
    be the number which stands beside it.
    """
    first, _, address = to.partition("\n")
    if address:
        return (one and one.name) or first
    known = (one.name, one.traits.get("email"), bare(one.key)) if one else ()
    return next((str(name) for name in known if name and name != to), "")


def _told(event: dict[str, Any], more: Mapping[str, Any], own: str) -> dict[str, Any]:
    props = msgspec.json.decode(event["props"]) | dict(more)
    number = blake2b(f"errand:{own}".encode(), digest_size=16).digest()
    return event | {"id": number, "props": msgspec.json.encode(props).decode()}
