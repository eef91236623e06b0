"""Messages as they are kept: put once, taken by one worker at a time, and never taken back to life unseen.

Every change of a state adds to the row's `trail`. Whoever writes is inside a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import sqlalchemy as sa
from msgspec import json
from sqlalchemy.dialects import postgresql, sqlite

from habitue.kernel.clock import Micros
from habitue.store.ops import Ops, Tx, given, many, take
from habitue.store.tables import message, paused

Row: TypeAlias = sa.Row[Any]

COUNTED: Final = ("sending", "sent", "unknown")
"""The states of what has reached somebody, or may have."""

_AT_ONCE: Final = 20_000


class Sending(NamedTuple):
    """One message whose time has come, as it stands; `trail` is JSON."""

    id: int
    origin: str
    step: str
    run: str
    epoch: int
    person: int
    channel: str
    purpose: str
    template: int
    language: str | None
    values: str
    priority: int
    lane: int
    planned: Micros
    expires: Micros | None
    due: Micros | None
    state: str
    trail: str
    attempts: int
    address: str | None
    transport: int | None
    token: int | None


class Change(NamedTuple):
    """What becomes of a message: its new state, why, and when it is to be looked at again."""

    id: int
    state: str
    reason: str | None = None
    fields: Mapping[str, Any] = {}
    due: Micros | None = None
    planned: Micros | None = None
    answer: str | None = None
    reference: str | None = None


class Going(NamedTuple):
    """A message that is given to a worker: where to (hashed), its trail, whose mailbox that is, its cost."""

    id: int
    address: str | None
    trail: str
    provider: str | None = None
    cost: int | None = None


_SENDING: Final = [message.c[name] for name in Sending._fields]
_ENDS: Final = frozenset(("sent", "bounced", "failed", "unknown", "expired", "skipped"))


def put(tx: Tx, rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any] | None = None) -> int:
    """Add those that are not there yet; how many that were. What is the `same` in all needs no column."""
    parts = (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))
    return sum(many(tx, _PUT[tx.dialect.name], part, same or {}, _COLUMNS) for part in parts)


_COLUMNS: Final = (
    *("origin", "step", "run", "epoch", "person", "channel", "purpose", "template", "language", "values"),
    *("priority", "lane", "made", "planned", "expires", "due", "state", "reason", "trail", "changed"),
    "attempts",
)
_PUT: Final = {
    "sqlite": sqlite.insert(message).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(message).on_conflict_do_nothing(),
}


def due(tx: Tx, lane: int, now: Micros, most: int, channels: Collection[str] | None = None) -> list[Sending]:
    """Those of a lane (and of some channels) whose time has come, the longest waiting first."""
    rows = _due(now, channels).where(message.c.lane == lane).order_by(message.c.due, message.c.id).limit(most)
    return _read(tx, rows)


def hold(tx: Tx, ids: Collection[int], now: Micros) -> list[Sending]:
    """Those of these whose time has come still; nobody else can take them while this transaction lasts."""
    rows = _due(now, None).where(message.c.id.in_(_numbers(tx, ids))).order_by(message.c.id)
    return _read(tx, rows.with_for_update(skip_locked=True))


def _read(tx: Tx, rows: sa.Select[Any]) -> list[Sending]:
    """As the driver has them: of thousands, to look at each value takes longer than to find them."""
    found: Any = tx.execute(rows)
    told = [*map(Sending._make, found.cursor.fetchall())]
    found.close()
    return told


def _due(now: Micros, channels: Collection[str] | None) -> sa.Select[Any]:
    free = message.c.origin.not_in(sa.select(paused.c.origin))
    rows = sa.select(*_SENDING).where(message.c.due <= now, free)
    return rows if channels is None else rows.where(message.c.channel.in_(channels))


def next_due(tx: Tx) -> Micros | None:
    """When the next one is to be looked at."""
    free = message.c.origin.not_in(sa.select(paused.c.origin))
    lanes = [
        tx.scalar(
            sa.select(message.c.due)
            .where(message.c.lane == lane, message.c.due.is_not(None), free)
            .order_by(message.c.due)
            .limit(1)
        )
        for lane in (0, 1)
    ]
    return min((one for one in lanes if one is not None), default=None)


def change(tx: Tx, rows: Mapping[int, str], changes: Sequence[Change], now: Micros) -> None:
    """Set these states, whatever they were, with a line in each `trail` (`rows` are the trails so far)."""
    ends = [one for one in changes if one.state in _ENDS]
    first = take(tx, "message_end", len(ends)) if ends else 0
    places = {one.id: first + n for n, one in enumerate(ends)}
    values = [
        {
            "b_id": one.id,
            "b_state": one.state,
            "b_reason": one.reason,
            "b_due": one.due,
            "b_trail": longer(rows[one.id], now, one),
            "b_ended": places.get(one.id),
            "b_answer": one.answer,
            "b_planned": one.planned,
            "b_reference": one.reference,
            "b_taken": int(one.state in COUNTED),
        }
        for one in changes
    ]
    many(tx, _CHANGED, values, {"b_changed": now})


def longer(trail: str, now: Micros, told: Change) -> str:
    """The trail with one line more: when, the state, why, and what the reason's sentence needs."""
    line = json.encode((now, told.state, told.reason, dict(told.fields))).decode()
    return f"[{line}]" if trail == "[]" else f"{trail[:-1]},{line}]"


def send(tx: Tx, rows: Iterable[Going], worker: str, token: int, lease: Micros, now: Micros) -> None:
    """Give these to a worker."""
    values = [dict(zip(_GIVEN, row, strict=True)) for row in rows]
    many(tx, _TAKEN, values, {"b_worker": worker, "b_token": token, "b_lease": lease, "b_now": now})


def _bound(*names: str) -> dict[str, sa.BindParameter[Any]]:
    """Columns that are each given a value."""
    return {name: sa.bindparam(f"b_{name}", type_=message.c[name].type) for name in names}


def _or_as_it_is(name: str) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(sa.bindparam(f"b_{name}", type_=message.c[name].type), message.c[name])


_ONE: Final = message.c.id == sa.bindparam("b_id", type_=message.c.id.type)
_TOOK: Final = sa.bindparam("b_taken", type_=sa.Integer)
_CHANGED: Final = (
    message.update()
    .where(_ONE)
    .values(
        **_bound("state", "reason", "due", "trail", "ended", "answer", "changed"),
        planned=_or_as_it_is("planned"),
        reference=_or_as_it_is("reference"),
        # What was handed over and not taken costs nothing; what comes back later was taken.
        cost=sa.case((sa.or_(message.c.state != "sending", _TOOK == 1), message.c.cost)),
        worker=None,
        lease=None,
    )
)
_GIVEN: Final = [f"b_{name}" for name in Going._fields]
_NOW: Final = sa.bindparam("b_now", type_=sa.BigInteger)
_TAKEN: Final = (
    message.update()
    .where(_ONE)
    .values(
        **_bound("address", "provider", "cost", "trail", "worker", "token", "lease"),
        state="sending",
        due=None,
        reason=None,
        attempts=message.c.attempts + 1,
        left=_NOW,
        changed=_NOW,
    )
)


def release(tx: Tx, token: int, ids: Collection[int], now: Micros) -> int:
    """Give back what a token holds of these and was not handed over; how many that were."""
    held = message.c.token == token, message.c.state == "sending", message.c.id.in_(_numbers(tx, ids))
    again = {"state": "wanted", "due": now, "worker": None, "lease": None, "left": None, "cost": None}
    freed = message.update().where(*held).values(**again, attempts=message.c.attempts - 1)
    return tx.execute(freed).rowcount


def mine(tx: Tx, token: int, ids: Collection[int], states: Sequence[str] = ("sending",)) -> dict[int, str]:
    """The trails of those of these messages that a token still holds."""
    rows = sa.select(message.c.id, message.c.trail).where(
        message.c.token == token, message.c.state.in_(states), message.c.id.in_(_numbers(tx, ids))
    )
    found: Any = tx.execute(rows)
    told: dict[int, str] = dict(found.cursor.fetchall())
    found.close()
    return told


def renew(tx: Tx, token: int, lease: Micros) -> int:
    """Hold what a token still holds for longer; how many that are."""
    held = message.c.token == token, message.c.state == "sending"
    return tx.execute(message.update().where(*held).values(lease=lease)).rowcount


def lease(tx: Tx) -> int:
    """A number for what a worker takes at once, which no other has."""
    return take(tx, "sending", 1)


def orphans(tx: Tx, lane: int, now: Micros, worker: str | None = None) -> list[tuple[Sending, str]]:
    """What of a lane a worker holds whose lease ran out, or this one, which died; and whose it was."""
    left = message.c.lease <= now
    whose = left if worker is None else sa.or_(left, message.c.worker == worker)
    mine = message.c.lease.is_not(None), message.c.lane == lane, whose
    rows = sa.select(*_SENDING, message.c.worker).where(*mine).order_by(message.c.id).with_for_update()
    return [(Sending(*tuple(row)[:-1]), row.worker) for row in tx.execute(rows)]


def waiting(
    tx: Tx,
    origin: str,
    step: str | None = None,
    runs: Collection[str] | None = None,
    most: int | None = None,
) -> dict[int, str]:
    """The trails of an origin's messages that have not left; of so many at most."""
    asked = [*idle(origin)]
    if step is not None:
        asked.append(message.c.step == step)
    if runs is not None:
        asked.append(message.c.run.in_(sa.select(given(tx.dialect.name, sorted(set(runs))).c.value)))
    # Whoever holds some of them is about to change them: wait, before taking any number that others wait for.
    rows = sa.select(message.c.id, message.c.trail).where(*asked).order_by(message.c.id).limit(most)
    return {row.id: row.trail for row in tx.execute(rows.with_for_update())}


def before(tx: Tx, persons: Collection[int], since: Micros) -> list[Row]:
    """The `person`, `channel` and `left` of marketing that reached these persons after an instant."""
    what = message.c.person, message.c.channel, message.c.left
    return list(tx.execute(sa.select(*what).where(*_reached(since), *_of(tx, persons))))


def copies(tx: Tx, addresses: Collection[str], since: Micros, ever: Collection[str] = ()) -> list[Row]:
    """The `address`, `origin`, `step` and `id` of marketing that reached these addresses after an instant; of
    the origins `ever` whenever it did.
    """
    what = message.c.address, message.c.origin, message.c.step, message.c.id
    mine = message.c.address.in_(sa.select(given(tx.dialect.name, sorted(addresses)).c.value))
    when = sa.or_(message.c.left > since, message.c.origin.in_(ever)) if ever else message.c.left > since
    return list(tx.execute(sa.select(*what).where(*_reached(0), when, mine)))


def rivals(tx: Tx, persons: Collection[int] | None, until: Micros, above: int | None = None) -> list[Row]:
    """The `id`, `person`, `channel`, `origin` and `priority` of marketing that awaits these, or anybody; only
    what is of a priority `above` that.
    """
    what = (message.c[name] for name in ("id", "person", "channel", "origin", "priority"))
    soon = [message.c.lane == 1, message.c.due <= until]
    soon += [] if above is None else [message.c.priority > above]
    return list(tx.execute(sa.select(*what).where(*soon, *_of(tx, persons))))


def spent(tx: Tx, channel: str, since: Micros) -> int:
    """What has left on a channel since an instant cost, in hundredths of a cent."""
    asked = message.c.channel == channel, message.c.left >= since
    return int(tx.scalar(sa.select(sa.func.sum(message.c.cost)).where(*asked)) or 0)


def bill(tx: Tx, number: int, cost: int) -> None:
    """A message cost this, as whoever carried it says: in hundredths of a cent."""
    tx.execute(message.update().where(message.c.id == number).values(cost=cost))


def ended(tx: Tx, after: int, most: int) -> list[Row]:
    """What reached an end, in the order in which it did."""
    rows = message.select().where(message.c.ended > after).order_by(message.c.ended).limit(most)
    return list(tx.execute(rows))


def tally(tx: Tx, origin: str, step: str | None = None) -> list[tuple[Any, ...]]:
    """How many of an origin's messages are in which state for which reason, by step."""
    by = message.c.step, message.c.state, message.c.reason
    rows = sa.select(*by, sa.func.count()).where(message.c.origin == origin).group_by(*by)
    found = tx.execute(rows if step is None else rows.where(message.c.step == step))
    return [tuple(row) for row in found]


def tallied(tx: Tx, origin: str, since: Micros, until: Micros) -> list[tuple[Any, ...]]:
    """Of an origin's messages planned in a time, how many are in which state for which reason, by step."""
    by = message.c.step, message.c.state, message.c.reason
    mine = message.c.origin == origin, message.c.planned > since, message.c.planned <= until
    rows = sa.select(*by, sa.func.count()).where(*mine).group_by(*by)
    return [tuple(row) for row in tx.execute(rows)]


def because(
    tx: Tx, origin: str, steps: Collection[str], state: str, reason: str | None, since: Micros, most: int
) -> list[Row]:
    """The latest of an origin's messages that ended so, planned after an instant."""
    mine = [message.c.origin == origin, message.c.step.in_(steps), message.c.state == state]
    mine += [message.c.reason == reason, message.c.planned > since]
    return list(tx.execute(message.select().where(*mine).order_by(message.c.id.desc()).limit(most)))


def of(tx: Tx, persons: Collection[int], most: int) -> list[Row]:
    """Messages to these persons, the latest first."""
    rows = message.select().where(message.c.person.in_(_numbers(tx, persons)))
    return list(tx.execute(rows.order_by(message.c.id.desc()).limit(most)))


def one(tx: Tx, number: int) -> Row | None:
    """One message."""
    return tx.execute(message.select().where(message.c.id == number)).first()


def referred(tx: Tx, channel: str, reference: str) -> Row | None:
    """The message of a channel that the other side knows by this name."""
    mine = message.c.channel == channel, message.c.reference == reference
    return tx.execute(message.select().where(*mine)).first()


def forget(tx: Tx, persons: Collection[int]) -> int:
    """Delete all that was or is to be sent to these persons; how many messages that were."""
    gone = message.delete().where(message.c.person.in_(_numbers(tx, persons)))
    return tx.execute(gone).rowcount


def told(ops: Ops, without: Collection[int]) -> list[tuple[int, str, str]]:
    """What was handed along with messages to others than these persons, and what was answered."""
    some = sa.or_(message.c["values"] != "{}", message.c.answer.is_not(None))
    with ops.read() as tx:
        others = message.select().where(message.c.person.not_in(_numbers(tx, without)), some)
        return [(row.id, row.values, row.answer or "") for row in tx.execute(others)]


def blank(tx: Tx, numbers: Collection[int]) -> None:
    """Forget what was handed along with these, and what was answered."""
    mine = message.update().where(message.c.id.in_(_numbers(tx, numbers)))
    tx.execute(mine.values(values="{}", answer=None))


def idle(origin: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Of an origin, what nobody has in hand."""
    return message.c.origin == origin, message.c.state.in_(("wanted", "held"))


def _of(tx: Tx, persons: Collection[int] | None) -> tuple[sa.ColumnElement[bool], ...]:
    return () if persons is None else (message.c.person.in_(_numbers(tx, persons)),)


def _reached(since: Micros) -> tuple[sa.ColumnElement[bool], ...]:
    return message.c.lane == 1, message.c.left > since, message.c.state.in_(COUNTED)


def _numbers(tx: Tx, numbers: Collection[int]) -> sa.Select[Any]:
    """The numbers as one parameter, however many."""
    value = given(tx.dialect.name, [str(n) for n in sorted(set(numbers))]).c.value
    return sa.select(sa.cast(value, sa.BigInteger))
