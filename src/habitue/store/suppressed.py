"""The suppression list as it is kept: rows of hashes, never changed; a later one that lifts ends them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import sqlalchemy as sa

from habitue.kernel.clock import Micros
from habitue.store.ops import Tx, given
from habitue.store.tables import setting, suppression

_COLUMNS: Final = ("hash", "channel", "reason", "lifted", "at", "source")
_SECRET: Final = "suppression_secret"


def secret(tx: Tx) -> str:
    """What keys the hashes, as hexadecimal text: made with the tables, and never shown."""
    return str(tx.scalars(sa.select(setting.c.value).where(setting.c.key == _SECRET)).one())


def enter(tx: Tx, hashes: Iterable[str], channel: str, reason: str, source: str, now: Micros) -> int:
    """Add those that don't stand for that channel and reason already; how many that were."""
    each = _given(tx, hashes)
    mine = suppression.c.channel == channel, suppression.c.reason == reason
    known = sa.select(suppression.c.hash).where(*mine, _standing())
    fresh = sa.select(each.c.value, *map(sa.literal, (channel, reason, False, now, source)))
    fresh = fresh.where(each.c.value.not_in(known)).order_by(each.c.n)
    return _added(tx, fresh)


def lift(
    tx: Tx,
    hashes: Iterable[str],
    channels: Collection[str],
    reasons: Collection[str],
    source: str,
    now: Micros,
) -> int:
    """End what stands of them on these channels for these reasons; how many rows that ended."""
    mine = _among(tx, hashes), suppression.c.channel.in_(channels), suppression.c.reason.in_(reasons)
    what = suppression.c.hash, suppression.c.channel, suppression.c.reason
    ended = sa.select(*what, *map(sa.literal, (True, now, source))).where(*mine, _standing())
    return _added(tx, ended)


def standing(tx: Tx, hashes: Iterable[str], channels: Collection[str]) -> set[str]:
    """Those of the hashes that stand on one of these channels."""
    mine = _among(tx, hashes), suppression.c.channel.in_(channels)
    return set(tx.scalars(sa.select(suppression.c.hash).where(*mine, _standing())))


def reasons(tx: Tx, hashes: Iterable[str] | None, channels: Collection[str]) -> dict[str, set[str]]:
    """Those of the hashes, or all, that stand on one of these channels, with all that they stand for."""
    mine = [suppression.c.channel.in_(channels), *([] if hashes is None else [_among(tx, hashes)])]
    found: dict[str, set[str]] = {}
    for row in tx.execute(sa.select(suppression.c.hash, suppression.c.reason).where(*mine, _standing())):
        found.setdefault(row.hash, set()).add(row.reason)
    return found


def last(tx: Tx) -> int:
    """The number of the last row: it rises with each change."""
    return int(
        tx.scalar(
            suppression.select()
            .with_only_columns(suppression.c.id)
            .order_by(suppression.c.id.desc())
            .limit(1)
        )
        or 0
    )


def history(tx: Tx, hashed: str) -> list[tuple[Any, ...]]:
    """Channel, reason, instant, source and whether it lifts, the latest first."""
    what = (suppression.c[name] for name in ("channel", "reason", "at", "source", "lifted"))
    mine = sa.select(*what).where(suppression.c.hash == hashed).order_by(suppression.c.id.desc())
    return [tuple(row) for row in tx.execute(mine)]


def tallies(tx: Tx) -> list[tuple[Any, ...]]:
    """Channel, reason, how many stand and since when, by channel and reason."""
    by = suppression.c.channel, suppression.c.reason
    counted = sa.select(*by, sa.func.count(), sa.func.min(suppression.c.at)).where(_standing())
    return [tuple(row) for row in tx.execute(counted.group_by(*by).order_by(*by))]


def _added(tx: Tx, rows: sa.Select[Any]) -> int:
    added = suppression.insert().from_select(_COLUMNS, rows).returning(suppression.c.id)
    return len(tx.execute(added).all())


def _given(tx: Tx, hashes: Iterable[str]) -> sa.Subquery:
    return given(tx.dialect.name, sorted(set(hashes)))


def _among(tx: Tx, hashes: Iterable[str]) -> sa.ColumnElement[bool]:
    return suppression.c.hash.in_(sa.select(_given(tx, hashes).c.value))


def _standing() -> sa.ColumnElement[bool]:
    """Rows that block, and that no later one lifts."""
    later: Any = suppression.alias()
    same = [later.c[name] == suppression.c[name] for name in ("hash", "channel", "reason")]
    ended = sa.exists().where(*same, later.c.lifted, later.c.id > suppression.c.id)
    return sa.not_(suppression.c.lifted) & sa.not_(ended)
