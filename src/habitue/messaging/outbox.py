"""The outbox: whoever wants something sent puts it here, once; what became of it is read here too.

All of it happens in the caller's transaction, together with what else the caller writes down.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.rules import TRANSACTIONAL
from habitue.people.consent import CHANNELS, SITE, meant
from habitue.store import messages, rest, traffic
from habitue.store.messages import Change
from habitue.store.ops import Tx

WAYS: Final = (*CHANNELS[:-1], SITE, "webhook")
"""How something can leave: every channel on which somebody is reached, and to a program."""

_ORIGIN: Final = re.compile(r"[a-z0-9_.-]+(:[^:\0]+)?")


class Wanted(Struct, frozen=True, kw_only=True):
    """One message to one customer.

    `origin` says who asks (`journey:welcome`, `broadcast:12`, `api`), `step` which part of it, `run` which
    run of it; the same step of the same run is sent again only under a higher `epoch`. `template` is the
    number of a version, 0 for a webhook, whose `values` are `url` and `body`. `due` is when it is to go at
    the earliest, and after `expires` it never goes. The higher `priority` goes first.
    """

    origin: str
    run: str
    person: int
    channel: str
    due: Micros
    step: str = ""
    epoch: int = 0
    purpose: str = "marketing"
    template: int = 0
    language: str | None = None
    values: Mapping[str, Any] = {}
    priority: int = 0
    expires: Micros | None = None


class Ended(Struct, frozen=True):
    """A message that reached an end; `number` rises in the order in which they did."""

    number: int
    message: int
    origin: str
    step: str
    run: str
    epoch: int
    person: int
    channel: str
    state: str
    reason: str | None
    at: Micros
    answer: str | None


class Line(Struct, frozen=True, array_like=True):
    """One decision about a message: when, what it was then, why, and what the sentence about it needs."""

    at: Micros
    state: str
    reason: str | None
    fields: Mapping[str, Any]


class Told(Struct, frozen=True, kw_only=True):
    """A message to a customer with every decision about it, the first one first."""

    message: int
    origin: str
    step: str
    channel: str
    purpose: str
    template: int
    state: str
    reason: str | None
    planned: Micros
    changed: Micros
    values: Mapping[str, Any]
    lines: tuple[Line, ...]


_OWN: Final = (
    *("origin", "step", "channel", "purpose", "template"),
    *("state", "reason", "planned", "changed"),
)


# --- putting --------------------------------------------------------------------------------------


def put(tx: Tx, wanted: Iterable[Wanted], now: Micros) -> int:
    """Want these; how many were not wanted before. The same again is ignored. Raises `UserError`."""
    return messages.put(tx, [_row(one, now) for one in map(checked, wanted)])


def put_sent(tx: Tx, one: Wanted, now: Micros) -> int:
    """Note what was handed over past the guards, such as a trial, as sent: its number. Raises `UserError`."""
    put(tx, [one], now)
    ((number, trail),) = messages.waiting(tx, one.origin, one.step, [one.run], None).items()
    messages.change(tx, {number: trail}, [Change(number, "sent")], now)
    return number


def put_many(
    tx: Tx,
    like: Wanted,
    persons: Sequence[int],
    runs: Sequence[str],
    now: Micros,
    dues: Sequence[Micros] | None = None,
    expires: Sequence[Micros | None] | None = None,
    values: Sequence[Mapping[str, Any]] | None = None,
) -> int:
    """The same for many that are alike but for these columns, of equal length."""
    row = _row(checked(like), now)
    columns: dict[str, Sequence[Any]] = {"person": persons, "run": [*map(_named, runs)]}
    if dues is not None:
        columns |= {"due": dues, "planned": dues}
    if expires is not None:
        columns["expires"] = expires
    if values is not None:
        columns["values"] = [*map(_written, values)]
    each = zip(*columns.values(), strict=True)
    return messages.put(tx, [dict(zip(columns, one, strict=True)) for one in each], row)


def fail(
    tx: Tx,
    like: Wanted,
    persons: Sequence[int],
    runs: Sequence[str],
    now: Micros,
    reason: str,
    fields: Mapping[str, Any],
) -> int:
    """Note what was wanted and can't be sent, so that it is seen why; how many were not noted before.

    They have not ended: nobody ever had them in hand.
    """
    told = Change(0, "failed", reason, fields)
    row = _row(checked(like), now) | {"state": "failed", "reason": reason, "due": None}
    row["trail"] = messages.longer("[]", now, told)
    each = zip(persons, map(_named, runs), strict=True)
    return messages.put(tx, [{"person": person, "run": run} for person, run in each], row)


def checked(one: Wanted) -> Wanted:
    """The same; raises `UserError` for what nobody could send, or tell from another."""
    if not _ORIGIN.fullmatch(one.origin):
        raise UserError(
            N_("“{origin}” can't say who sends. Write one such as journey:welcome."), origin=one.origin
        )
    _named(one.run)
    meant(one.channel, one.purpose, WAYS)
    return one


def _named(run: str) -> str:
    if not run or "\0" in run:
        raise UserError(N_("A message without the run it belongs to would be sent again with each try."))
    return run


def _written(values: Mapping[str, Any]) -> str:
    return msgspec.json.encode(values).decode()


def _row(one: Wanted, now: Micros) -> dict[str, Any]:
    given = {name: getattr(one, name) for name in Wanted.__struct_fields__}
    return given | {
        "values": _written(one.values),
        "lane": int(one.purpose != TRANSACTIONAL),
        "made": now,
        "planned": one.due,
        "state": "wanted",
        "reason": None,
        "trail": "[]",
        "changed": now,
        "attempts": 0,
    }


# --- holding back ---------------------------------------------------------------------------------


def cancel(
    tx: Tx,
    origin: str,
    runs: Collection[str] | None = None,
    step: str | None = None,
    *,
    now: Micros,
    reason: str = "stopped",
    most: int | None = None,
) -> int:
    """Skip what an origin wanted, or some runs or a step of it, and waits; how many that were.

    What a worker holds and has not begun it leaves, within a quarter of a second.
    At most so many at once: of a million, nobody else could do anything meanwhile.
    """
    waiting = messages.waiting(tx, origin, step, runs, most)
    messages.change(tx, waiting, [Change(number, "skipped", reason) for number in waiting], now)
    traffic.call_back(tx, origin, step, runs)
    return len(waiting)


def pause(tx: Tx, origin: str, now: Micros) -> bool:
    """Leave an origin's messages where they are until `resume`; False where it was paused already.

    What a worker holds and has not begun it gives back, within a quarter of a second.
    """
    return rest.pause(tx, origin, now)


def resume(tx: Tx, origin: str, now: Micros) -> bool:
    """Let them go again: those whose time came meanwhile are due now. False where it was not paused."""
    return rest.resume(tx, origin, now) is not None


def go_on(tx: Tx, origin: str, now: Micros, spaced: bool) -> None:
    """Let all of them go again, also what was overdue before: somebody wants it sent. Those that were to go
    one after another (`spaced`) keep their distances.
    """
    since = rest.resting(tx).get(origin)
    if since is not None:
        rest.postpone(tx, origin, since, now, spaced)
        rest.resume(tx, origin, now)


def paused(tx: Tx) -> dict[str, Micros]:
    """The paused origins, since when."""
    return rest.resting(tx)


# --- what became of them --------------------------------------------------------------------------


def ended(tx: Tx, after: int, most: int) -> list[Ended]:
    """Those that reached an end after the one of this number, in the order in which they did.

    None that comes later has a lower number. A mail that was accepted and comes back ends again, as bounced.
    """
    return [
        Ended(
            row.ended,
            row.id,
            *(row.origin, row.step, row.run, row.epoch, row.person, row.channel),
            *(row.state, row.reason, row.changed, row.answer),
        )
        for row in messages.ended(tx, after, most)
    ]


def returned(tx: Tx, number: int, answer: str, now: Micros) -> bool:
    """A mail that was accepted came back: it ends again, as bounced. False for one that can't have."""
    row = messages.one(tx, number)
    if row is None or row.state not in ("sent", "unknown"):
        return False
    told = Change(number, "bounced", "refused", {"answer": answer}, answer=answer or None)
    messages.change(tx, {number: row.trail}, [told], now)
    return True


def tally(tx: Tx, origin: str, step: str | None = None) -> dict[tuple[str, str, str | None], int]:
    """How many of an origin's messages, by step, state and reason."""
    return {(at, state, reason): n for at, state, reason, n in messages.tally(tx, origin, step)}


def history(tx: Tx, persons: Collection[int], most: int = 100) -> list[Told]:
    """The messages to these numbers, which may all be one customer's, the latest first."""
    return [_told(row) for row in messages.of(tx, persons, most)]


def because(
    tx: Tx, origin: str, steps: Collection[str], state: str, reason: str | None, since: Micros, most: int
) -> list[tuple[int, Told]]:
    """The latest of an origin's messages that ended so, and the number of whom each is for."""
    found = messages.because(tx, origin, steps, state, reason, since, most)
    return [(row.person, _told(row)) for row in found]


def _told(row: messages.Row) -> Told:
    return Told(
        **{name: row._mapping[name] for name in _OWN},
        message=row.id,
        values=msgspec.json.decode(row._mapping["values"]),
        lines=msgspec.json.decode(row.trail, type=tuple[Line, ...]),
    )
