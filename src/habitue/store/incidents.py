"""The operational database's tables of alerts: how each stands, its incidents, what was told to whom.

State is rows that say who and when. A look is written once: whoever comes second finds it written and does
nothing. So is each telling of an incident to each target: its row is there before anything leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from habitue.kernel.clock import Micros
from habitue.store import acts
from habitue.store.ops import Ops, Tx
from habitue.store.tables import message, tables

Row: TypeAlias = sa.Row[Any]

alert_state = Table(
    "alert_state",
    tables,
    Column("slug", Text, primary_key=True),
    Column("looked", BigInteger),
    Column("reading", JSON(none_as_null=True)),
    Column("muted", BigInteger),
    Column("muted_by", Text),
)
"""How an alert stands: the look that was written last and what it found, and who muted it when."""

incident = Table(
    "incident",
    tables,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("begun", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("told", Float(53)),
    Column("fine", Integer, nullable=False),
    Column("snoozed", BigInteger),
    Column("snoozed_by", Text),
    Column("first", JSON, nullable=False),
    Column("last", JSON, nullable=False),
    Index("incident_slug", "slug", "begun"),
    Index("incident_open", "ended"),
)
"""Something that is to be told of, from its beginning to its end; `told` is how far beyond it was then."""

telling = Table(
    "telling",
    tables,
    Column("id", Integer, primary_key=True),
    Column("incident", Integer, ForeignKey("incident.id"), nullable=False),
    Column("what", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reading", JSON, nullable=False),
    Index("telling_at", "at"),
    Index("telling_incident", "incident"),
)
"""What was told of an incident: that it began, got worse, is over."""

delivery = Table(
    "delivery",
    tables,
    Column("id", Integer, primary_key=True),
    Column("telling", Integer, ForeignKey("telling.id"), nullable=False),
    Column("target", Text, nullable=False),
    Column("due", BigInteger),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("answer", Text),
    UniqueConstraint("telling", "target", name="delivery_once"),
    Index("delivery_due", "due"),
)
"""A telling on its way to one target: `due`, `sent`, `failed`, or `dropped` where it was no more true."""

alert_hook = Table(
    "alert_hook",
    tables,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("ended", BigInteger),
)
"""Webhooks of the team's channels, by name; the address is sealed, for who knows it can write there."""

alert_seen = Table(
    "alert_seen",
    tables,
    Column("member", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)
"""Up to when a member has seen what was told."""

LEASE: Final = 5 * 60 * 1_000_000
"""So long somebody who sends has it to themselves; who dies at it leaves it to be sent again."""


class State(Struct, frozen=True):
    """How an alert stands."""

    slug: str
    looked: Micros | None = None
    reading: dict[str, Any] | None = None
    muted: Micros | None = None
    muted_by: str | None = None


class Incident(Struct, frozen=True):
    """One incident, as it is kept."""

    id: int
    slug: str
    begun: Micros
    ended: Micros | None
    told: float | None
    fine: int
    snoozed: Micros | None
    snoozed_by: str | None
    first: dict[str, Any]
    last: dict[str, Any]


class Due(Struct, frozen=True):
    """A telling whose time has come for one target."""

    id: int
    target: str
    attempts: int
    made: Micros
    what: str
    at: Micros
    reading: dict[str, Any]
    incident: int
    slug: str
    begun: Micros
    ended: Micros | None


class Told(Struct, frozen=True):
    """What was told of an incident, and what became of it on its way: target, state and answer."""

    id: int
    what: str
    at: Micros
    reading: dict[str, Any]
    sent: list[tuple[str, str, str | None]]


class Hook(Struct, frozen=True):
    """A webhook; its address is sealed."""

    slug: str
    url: str
    made: Micros
    by: str


def states(ops: Ops) -> dict[str, State]:
    """How every alert stands that was ever looked at or muted."""
    with ops.read() as tx:
        return {row.slug: State(**row._mapping) for row in tx.execute(alert_state.select())}


def looked(tx: Tx, slug: str, before: Micros | None, at: Micros, reading: Mapping[str, Any]) -> bool:
    """Write a look; False where somebody has written one since `before`."""
    values = {"looked": at, "reading": dict(reading)}
    if before is None and tx.execute(alert_state.select().where(alert_state.c.slug == slug)).first() is None:
        tx.execute(alert_state.insert().values(slug=slug, **values))
        return True
    same = alert_state.c.looked.is_(None) if before is None else alert_state.c.looked == before
    return (
        tx.execute(alert_state.update().where(alert_state.c.slug == slug, same).values(values)).rowcount == 1
    )


def mute(ops: Ops, slug: str, by: str, now: Micros, *, on: bool) -> None:
    """Tell nothing of an alert, or tell of it again."""
    values = {"muted": now if on else None, "muted_by": by if on else None}
    with ops.begin() as tx:
        changed = tx.execute(alert_state.update().where(alert_state.c.slug == slug).values(values)).rowcount
        if not changed:
            tx.execute(alert_state.insert().values(slug=slug, **values))
        acts.note(tx, now, by, "mute alert" if on else "unmute alert", f"alert:{slug}")


def under_way(tx: Tx, slug: str) -> Incident | None:
    """The incident of an alert that is not over."""
    row = tx.execute(incident.select().where(incident.c.slug == slug, incident.c.ended.is_(None))).first()
    return None if row is None else Incident(**row._mapping)


def begin(tx: Tx, slug: str, at: Micros, values: Mapping[str, Any]) -> int:
    """A new incident; its number."""
    made = incident.insert().values(slug=slug, begun=at, **values).returning(incident.c.id)
    return int(tx.execute(made).scalar_one())


def change(tx: Tx, number: int, values: Mapping[str, Any]) -> None:
    """Let an incident stand so."""
    tx.execute(incident.update().where(incident.c.id == number).values(dict(values)))


def tell(
    tx: Tx, number: int, what: str, at: Micros, reading: Mapping[str, Any], to: Iterable[tuple[str, Micros]]
) -> None:
    """Tell something of an incident: in the app from now on, to each target when it is due."""
    values = {"incident": number, "what": what, "at": at, "reading": dict(reading)}
    told = tx.execute(telling.insert().values(values).returning(telling.c.id)).scalar_one()
    rows = [
        {
            "telling": told,
            "target": target,
            "due": due,
            "state": "due",
            "attempts": 0,
            "made": at,
            "changed": at,
        }
        for target, due in to
    ]
    if rows:
        tx.execute(delivery.insert(), rows)


def snooze(ops: Ops, number: int, until: Micros | None, by: str, now: Micros) -> bool:
    """Tell nothing of an incident until then; None: as before. Whether it is still under way."""
    values = {"snoozed": until, "snoozed_by": by if until is not None else None}
    mine = incident.c.id == number, incident.c.ended.is_(None)
    with ops.begin() as tx:
        done = tx.execute(incident.update().where(*mine).values(values)).rowcount == 1
        if done:
            acts.note(tx, now, by, "snooze incident", f"incident:{number}", until=until)
    return done


def incidents(
    ops: Ops, slug: str | None = None, most: int = 50, *, only_open: bool = False
) -> list[Incident]:
    """The latest incidents, those under way first."""
    rows = incident.select().order_by(
        incident.c.ended.is_not(None), incident.c.begun.desc(), incident.c.id.desc()
    )
    if slug is not None:
        rows = rows.where(incident.c.slug == slug)
    if only_open:
        rows = rows.where(incident.c.ended.is_(None))
    with ops.read() as tx:
        return [Incident(**row._mapping) for row in tx.execute(rows.limit(most))]


def numbered(ops: Ops, number: int) -> Incident | None:
    """One incident."""
    with ops.read() as tx:
        row = tx.execute(incident.select().where(incident.c.id == number)).first()
        return None if row is None else Incident(**row._mapping)


def told(ops: Ops, numbers: Collection[int]) -> dict[int, list[Told]]:
    """What was told of these incidents, the latest first."""
    found: dict[int, list[Told]] = {number: [] for number in numbers}
    with ops.read() as tx:
        rows = tx.execute(
            telling.select().where(telling.c.incident.in_(numbers)).order_by(telling.c.id.desc())
        ).all()
        ids = [row.id for row in rows]
        sent: dict[int, list[tuple[str, str, str | None]]] = {}
        for row in tx.execute(delivery.select().where(delivery.c.telling.in_(ids)).order_by(delivery.c.id)):
            sent.setdefault(row.telling, []).append((row.target, row.state, row.answer))
    for row in rows:
        found[row.incident].append(Told(row.id, row.what, row.at, row.reading, sent.get(row.id, [])))
    return found


def unread(tx: Tx, member: int) -> int:
    """How much was told that a member has not seen yet."""
    seen = sa.select(alert_seen.c.at).where(alert_seen.c.member == member).scalar_subquery()
    rows = sa.select(sa.func.count()).select_from(telling).where(telling.c.at > sa.func.coalesce(seen, 0))
    return int(tx.scalar(rows) or 0)


def see(ops: Ops, member: int, now: Micros) -> None:
    """They have seen all that was told until now."""
    with ops.begin() as tx:
        if not unread(tx, member):
            return
        tx.execute(alert_seen.delete().where(alert_seen.c.member == member))
        tx.execute(alert_seen.insert().values(member=member, at=now))


# --- on their way -------------------------------------------------------------------------------------


def due(ops: Ops, now: Micros, most: int = 50) -> list[Due]:
    """What is to leave by now, the longest waiting first."""
    both = delivery.join(telling, telling.c.id == delivery.c.telling).join(
        incident, incident.c.id == telling.c.incident
    )
    columns = (
        *(delivery.c[name] for name in ("id", "target", "attempts", "made")),
        *(telling.c[name] for name in ("what", "at", "reading", "incident")),
        *(incident.c[name] for name in ("slug", "begun", "ended")),
    )
    rows = (
        sa.select(*columns)
        .select_from(both)
        .where(delivery.c.due <= now)
        .order_by(delivery.c.due, delivery.c.id)
    )
    with ops.read() as tx:
        return [Due(**row._mapping) for row in tx.execute(rows.limit(most))]


def claim(ops: Ops, one: Due, now: Micros) -> bool:
    """Take it to be sent; False where somebody else has."""
    same = delivery.c.id == one.id, delivery.c.attempts == one.attempts, delivery.c.due <= now
    values = {"due": now + LEASE, "attempts": one.attempts + 1, "changed": now}
    with ops.begin() as tx:
        return tx.execute(delivery.update().where(*same).values(values)).rowcount == 1


def settle(ops: Ops, number: int, state: str, now: Micros, again: Micros | None, answer: str) -> None:
    """What became of it; `again` is when it is tried again."""
    values = {"state": state, "due": again, "changed": now, "answer": answer[:500] or None}
    with ops.begin() as tx:
        tx.execute(delivery.update().where(delivery.c.id == number).values(values))


def heard(ops: Ops, number: int, target: str) -> bool:
    """Whether a target was told anything of an incident."""
    both = delivery.join(telling, telling.c.id == delivery.c.telling)
    mine = telling.c.incident == number, delivery.c.target == target, delivery.c.state == "sent"
    with ops.read() as tx:
        return (
            tx.execute(sa.select(delivery.c.id).select_from(both).where(*mine).limit(1)).first() is not None
        )


# --- webhooks of the team's channels ------------------------------------------------------------------


def hooks(ops: Ops) -> list[Hook]:
    """Those that are open, by name."""
    rows = alert_hook.select().where(alert_hook.c.ended.is_(None)).order_by(alert_hook.c.slug)
    with ops.read() as tx:
        return [Hook(row.slug, row.url, row.made, row.by) for row in tx.execute(rows)]


def put_hook(ops: Ops, slug: str, sealed: str | None, by: str, now: Micros) -> bool:
    """Let a name stand for a sealed address, or for none any more; whether there was one."""
    with ops.begin() as tx:
        known = tx.execute(alert_hook.select().where(alert_hook.c.slug == slug)).first()
        if sealed is None:
            if known is None or known.ended is not None:
                return False
            tx.execute(alert_hook.update().where(alert_hook.c.slug == slug).values(ended=now, url=""))
        elif known is None:
            tx.execute(alert_hook.insert().values(slug=slug, url=sealed, made=now, by=by))
        else:
            values = {"url": sealed, "made": now, "by": by, "ended": None}
            tx.execute(alert_hook.update().where(alert_hook.c.slug == slug).values(values))
        acts.note(tx, now, by, "alert webhook", f"hook:{slug}", ended=sealed is None)
    return known is not None


def sent(ops: Ops, origin: str, since: Micros) -> dict[Micros, int]:
    """How many messages of an origin left in each hour from an instant on."""
    hour = (message.c.left - message.c.left % sa.literal(3_600_000_000)).label("hour")
    rows = (
        sa.select(hour, sa.func.count())
        .where(message.c.origin == origin, message.c.left >= since)
        .group_by(hour)
    )
    with ops.read() as tx:
        return {int(at): int(n) for at, n in tx.execute(rows)}
