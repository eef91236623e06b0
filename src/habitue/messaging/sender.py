"""The sender: takes what is due, asks the guards, hands it over, and writes down what came of it.

A message is in `sending` on disk before anybody outside can have it, and noted in the journal right before it
is let go of. So after a crash each is known to be untouched, or done, or (one for each connection)
undecidable: then the other side is asked where it can be; else marketing stays `unknown`, and what customers
wait for goes once more under the same mark.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any, Final, NamedTuple, TypeAlias

from habitue.kernel.clock import MINUTE, SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.messaging import outcomes
from habitue.messaging.batch import Batch, Door
from habitue.messaging.channel import Composed, Letter, Outcome, Session, Way
from habitue.messaging.journal import BEGUN, Journal
from habitue.messaging.outcomes import CODES, STATES
from habitue.messaging.scribe import Scribes
from habitue.store import messages
from habitue.store.messages import Sending
from habitue.store.ops import Ops, Tx

LEASE: Final = 60 * SECOND
"""How long a worker holds what it took before others may think it dead."""

CHUNK: Final = 20
"""Messages that a connection takes from a batch at once."""

LOOK: Final = 0.05
"""Seconds after which it is looked again whether anybody has said no, before the next message goes."""

_FLUSH: Final = 0.25
"""Seconds after which what is through is written down."""

_GRACE: Final = 8.0
"""Seconds that what is under way is given when the sender is stopped."""

_SWEEP: Final = 30 * SECOND

_NONE: Final = Composed("", "", "")

_LOG: Final = logging.getLogger("habitue")


Composer: TypeAlias = Callable[[Sending, Mapping[str, Any]], Composed]
"""Writes a message to somebody with these traits; raises `UserError` where that can't be done."""


class Happened(NamedTuple):
    """What became of a message, for the customer's events: under one of their keys."""

    message: Sending
    key: str | None
    state: str
    reason: str | None
    at: Micros
    answer: str = ""


Teller: TypeAlias = Callable[[Tx, Sequence[Happened]], None]
"""Writes into the same transaction what has happened."""

Blocker: TypeAlias = Callable[[Tx, str, Sequence[str], Micros], None]
"""Keeps addresses of a channel from being written to again."""


def _silent(_tx: Tx, _told: Sequence[Happened]) -> None:
    """Tell nobody."""


def _lenient(_tx: Tx, _channel: str, _addresses: Sequence[str], _now: Micros) -> None:
    """Block nobody."""


class Sender:
    """One worker for one lane: 0 is what customers wait for, 1 is marketing. One process holds its folder."""

    def __init__(
        self,
        ops: Ops,
        door: Door,
        ways: Callable[[], Mapping[str, Way]],
        compose: Composer,
        *,
        lane: int,
        folder: Path,
        mark: Callable[[int], str],
        now: Callable[[], Micros],
        tell: Teller = _silent,
        block: Blocker = _lenient,
        most: int = 1000,
        latency: float = 2.0,
        scribes: Scribes | None = None,
    ) -> None:
        self._ops, self._door, self._ways, self._compose = ops, door, ways, compose
        self._lane, self._mark, self._now = lane, mark, now
        self._tell, self._block, self._most, self._latency = tell, block, most, latency
        self._worker, self._scribes = f"{ops.name}:{lane}", scribes or Scribes(None)
        self._journal = Journal(folder / f"lane{lane}.journal")
        self._over = Event()
        self._down: dict[str, tuple[Micros, int]] = {}
        self._idle: dict[Way, list[Session]] = {}
        self._active: set[Session] = set()
        self._left: set[int] = set()
        """What was let go of and could not be written down: the journal is kept until somebody can."""
        self._swept: Micros | None = None

    # --- one round --------------------------------------------------------------------------------

    def round(self) -> int:
        """Hand over what is due, a batch of it; how many messages were looked at."""
        now = self._now()
        if self._swept is None or now - self._swept >= _SWEEP:
            self._recover(now)
        ways = {name: way for name, way in self._ways().items() if self._down.get(name, (0, 0))[0] <= now}
        self._forget(ways)
        batch = self._door.take(self._lane, self._worker, tuple(ways), now, self._most, LEASE)
        if batch is None:
            self._scribes.rest()
            return 0
        batch.renewed = batch.seen = time.monotonic()
        try:
            self._hand_all(batch, ways)
        finally:
            self._release(batch)
        return batch.looked

    def stop(self) -> None:
        """End soon: what is under way is finished, what was taken and not begun goes back."""
        self._over.set()

    def close(self) -> None:
        """Close all connections."""
        self._forget({})
        self._scribes.close()
        self._journal.close()

    def _forget(self, ways: Mapping[str, Way]) -> None:
        """Close the connections of ways that are not there any more."""
        for way in [one for one in self._idle if one not in ways.values()]:
            for session in self._idle.pop(way):
                session.close()

    # --- after a crash ----------------------------------------------------------------------------

    def _recover(self, now: Micros) -> None:
        """Find out what became of messages whose worker died."""
        first, self._swept = self._swept is None, now
        with self._ops.begin() as tx:
            left = messages.orphans(tx, self._lane, now, self._worker if first else None)
        found = self._journal.found if first else None
        known = {row.id: _noted(row, worker == self._worker, found) for row, worker in left}
        unsure = [row for row, _ in left if known[row.id] == BEGUN]
        known |= self._asked(unsure, patient=first)
        self._believe([row for row, _ in left], known)
        self._left -= known.keys()
        if first:
            self._journal.clear()

    def _asked(self, unsure: Sequence[Sending], patient: bool) -> dict[int, int | None]:
        """What the other sides say of those that may have arrived; nothing where they can't be asked."""
        found: dict[int, int | None] = {}
        waited = not patient
        for channel, way in self._ways().items():
            marks = {self._mark(row.id): row.id for row in unsure if row.channel == channel}
            if not marks or way.arrived([]) is None:
                continue
            if not waited:
                self._over.wait(self._latency)  # what was on its way may still be arriving
                waited = True
            told = way.arrived(list(marks))
            for mark, there in (told or {}).items():
                found[marks[mark]] = CODES["sent"] if there else None
        return found

    def _believe(self, left: Sequence[Sending], known: Mapping[int, int | None]) -> None:
        by_token: dict[int, list[Sending]] = {}
        for row in left:
            by_token.setdefault(row.token or 0, []).append(row)
        with self._ops.begin() as tx:
            for own, rows in by_token.items():
                now = self._now()
                done = [(row, known[row.id]) for row in rows]
                messages.release(tx, own, [row.id for row, code in done if code is None], now)
                told = [(row, Outcome(STATES[code])) for row, code in done if code is not None]
                self._write(tx, own, told, {})

    # --- handing over -----------------------------------------------------------------------------

    def _hand_all(self, batch: Batch, ways: Mapping[str, Way]) -> None:
        pools, futures = [], set[Future[None]]()
        for channel, way in ways.items():
            mine = [row for row in batch.rows if row.channel == channel]
            if mine:
                n = max(1, min(way.connections, -(-len(mine) // CHUNK)))
                pools.append(ThreadPoolExecutor(n, f"sender-{channel}"))
                chunks = iter([mine[start : start + CHUNK] for start in range(0, len(mine), CHUNK)])
                futures |= {pools[-1].submit(self._work, batch, channel, way, chunks) for _ in range(n)}
        try:
            self._watch(batch, futures)
        finally:
            for pool in pools:
                pool.shutdown(cancel_futures=True)

    def _watch(self, batch: Batch, futures: set[Future[None]]) -> None:
        """Write down what is through, and hold on to what isn't, until all is or the time is over."""
        stopped = None
        while futures:
            done, futures = wait(futures, timeout=_FLUSH)
            self._settle(batch)
            self._renew(batch)
            self._door.call_back(batch)
            for one in done:
                one.result()
            if self._over.is_set():
                stopped = time.monotonic() if stopped is None else stopped
                if time.monotonic() - stopped > _GRACE:
                    for session in list(self._active):
                        session.close()  # what hangs is undecidable from then on
        self._settle(batch)

    def _work(self, batch: Batch, channel: str, way: Way, chunks: Iterator[list[Sending]]) -> None:
        """One connection's share: chunk after chunk, until there is none or nothing goes this way."""
        idle = self._idle.setdefault(way, [])
        session = idle.pop() if idle else way.connect()
        self._active.add(session)
        try:
            for chunk in chunks:
                ahead = self._scribes.mails(way, batch, chunk, self._mark, self._now())
                self._chunk(batch, channel, way, session, chunk, ahead)
        finally:
            self._active.discard(session)
            idle.append(session)

    def _chunk(
        self,
        batch: Batch,
        channel: str,
        way: Way,
        session: Session,
        chunk: Sequence[Sending],
        ahead: Mapping[int, bytes],
    ) -> None:
        for row in chunk:
            if self._over.is_set() or channel in batch.down or not self._ours(batch):
                return
            if time.monotonic() - batch.seen > LOOK:
                batch.seen = time.monotonic()
                self._door.look(batch, self._now())
            if row.id in batch.stopped:
                batch.done.append((row, outcomes.REFUSED))
            elif row.id not in batch.back:
                self._one(batch, channel, way, session, row, ahead.get(row.id))
            elif batch.back[row.id]:
                batch.done.append((row, outcomes.CALLED_BACK))

    def _one(
        self, batch: Batch, channel: str, way: Way, session: Session, row: Sending, mail: bytes | None
    ) -> None:
        try:
            letter = self._letter(batch, row, mail)
        except UserError as error:
            batch.done.append((row, outcomes.unwritten(str(error))))
            return

        def letting_go() -> None:
            batch.begun.add(row.id)
            self._journal.note(batch.token, row.id, BEGUN)

        outcome = session.hand(letter, letting_go)
        if outcome.state == "unknown":
            outcome = self._cleared(way, letter, outcome)
        if outcome.rest or outcome.state == "down":
            batch.down[channel] = outcome
        if outcome.state == "down":
            if row.id in batch.begun:  # they had it, and have not taken it
                batch.begun.discard(row.id)
                self._journal.note(batch.token, row.id, CODES["busy"])
            return
        if outcome.state in CODES:
            self._journal.note(batch.token, row.id, CODES[outcome.state])
        batch.done.append((row, outcome))

    def _cleared(self, way: Way, letter: Letter, outcome: Outcome) -> Outcome:
        """What the other side says of a message whose answer never came, where it can be asked."""
        if way.arrived([]) is None:
            return outcome
        time.sleep(self._latency)  # what was on its way may still be arriving
        told = way.arrived([letter.mark])
        if told is None or letter.mark not in told:
            return outcome
        return Outcome("sent") if told[letter.mark] else Outcome("busy", outcome.answer)

    def _letter(self, batch: Batch, row: Sending, mail: bytes | None = None) -> Letter:
        words = _NONE if mail else self._compose(row, batch.people.of(row.id))
        return Letter(
            row.id,
            batch.people.addresses.get(row.id, ""),
            self._mark(row.id),
            *words[:3],
            values={} if mail else batch.values(row),
            marketing=row.lane == 1,
            unsubscribe=words.unsubscribe,
            made=self._now(),
            attempts=row.attempts,
            mail=mail,
            more=words.more,
        )

    def _ours(self, batch: Batch) -> bool:
        """Whether nobody can have taken us for dead: a clock that goes on while we are stopped says so."""
        if time.monotonic() - batch.renewed > LEASE / SECOND * 0.8:
            batch.lost = True
        return not batch.lost

    def _renew(self, batch: Batch) -> None:
        at = time.monotonic()
        if batch.lost or at - batch.renewed < LEASE / SECOND / 3:
            return
        with self._ops.begin() as tx:
            held = messages.renew(tx, batch.token, self._now() + LEASE)
        batch.lost = not held
        batch.renewed = at

    # --- writing down -----------------------------------------------------------------------------

    def _settle(self, batch: Batch) -> None:
        """Write down what came of those that are through."""
        done = [batch.done.popleft() for _ in range(len(batch.done))]
        if not done:
            return
        with self._ops.begin() as tx:
            keys = {row.id: batch.people.keys.get(batch.people.whose[row.id]) for row, _ in done}
            kept = self._write(tx, batch.token, done, keys)
            for channel, addresses in _dead(batch, kept).items():
                self._block(tx, channel, addresses, self._now())
        for row, outcome in done:
            batch.begun.discard(row.id)
            if outcome.state == "sent":
                self._down.pop(row.channel, None)

    def _write(
        self,
        tx: Tx,
        token: int,
        done: Sequence[tuple[Sending, Outcome]],
        keys: Mapping[int, str | None],
    ) -> list[tuple[Sending, Outcome]]:
        """Those of them that are still this token's, and written down now."""
        now = self._now()
        trails = messages.mine(tx, token, [row.id for row, _ in done])
        mine = [(row, outcome) for row, outcome in done if row.id in trails]
        changes = [outcomes.change(row, outcome, now) for row, outcome in mine]
        messages.change(tx, trails, changes, now)
        happened = [
            Happened(row, keys.get(row.id), to.state, to.reason, now, outcome.answer)
            for (row, outcome), to in zip(mine, changes, strict=True)
        ]
        self._tell(tx, happened)
        return mine

    def _release(self, batch: Batch) -> None:
        """Give back what was not begun; remember which ways are down, each time for longer."""
        now = self._now()
        with self._ops.begin() as tx:
            messages.release(
                tx, batch.token, [row.id for row in batch.rows if row.id not in batch.begun], now
            )
        for channel, outcome in batch.down.items():
            times = self._down.get(channel, (0, 0))[1] + 1
            pause = max(min(5 * SECOND << min(times - 1, 6), 5 * MINUTE), outcome.wait or 0)
            self._down[channel] = now + pause, times
            _LOG.warning("Nothing goes out by %s just now: %s", channel, outcome.answer)
        self._left |= batch.begun
        if not self._left:
            self._journal.clear()


def _noted(row: Sending, own: bool, found: Mapping[tuple[int, int], int] | None) -> int | None:
    """What a journal says of a message: None if it was never let go of; who has no journal can't know."""
    if not own or found is None:
        return BEGUN
    return found.get((row.token or 0, row.id))


def _dead(batch: Batch, kept: Sequence[tuple[Sending, Outcome]]) -> dict[str, list[str]]:
    """The addresses, by channel, of which the other side says that there is nobody."""
    found: dict[str, list[str]] = {}
    for row, outcome in kept:
        if outcome.dead and row.id in batch.people.addresses:
            found.setdefault(row.channel, []).append(batch.people.addresses[row.id])
    return found
