"""Codes as they are kept: each is given once, in the transaction of what it is given for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite

from habitue.kernel.clock import Micros
from habitue.store import acts
from habitue.store.ops import Ops, Tx
from habitue.store.tables import tables

Row: TypeAlias = sa.Row[Any]
_AT_ONCE: Final = 10_000

coupon_pool = Table(
    "coupon_pool",
    tables,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("prefix", Text),
    Column("most", BigInteger),
    Column("days", Integer),
    Column("until", BigInteger),
    Column("given", BigInteger, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("ended", BigInteger),
)
"""Codes of one kind: made as they are needed, beginning with `prefix`, or (None) those that a shop brought.

At most so many are `given`; each is good for `days` and in no case after `until`.
"""

coupon = Table(
    "coupon",
    tables,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("pool", Integer, ForeignKey("coupon_pool.id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("folded", Text, nullable=False, unique=True),
    Column("claim", Text),
    Column("person", BigInteger),
    Column("given", BigInteger),
    Column("expires", BigInteger),
    Column("redeemed", BigInteger),
    Column("order", Text),
    UniqueConstraint("pool", "claim", name="coupon_once"),
    Index("coupon_free", "pool", "given", "id"),
    Index("coupon_person", "person"),
)
"""A code, and what it was `claim`ed for: the same claim gets the same code. `folded` is what of it counts."""


def make(ops: Ops, values: dict[str, Any], now: Micros, by: str) -> bool:
    """Add a pool; whether there was none of that name."""
    with ops.begin() as tx:
        if _pool(tx, values["slug"]) is not None:
            return False
        tx.execute(coupon_pool.insert().values(**values, given=0, made=now, by=by))
        acts.note(tx, now, by, "coupons", f"pool:{values['slug']}", most=values.get("most"))
    return True


def end(ops: Ops, slug: str, now: Micros, by: str) -> None:
    """Give no more of a pool."""
    with ops.begin() as tx:
        tx.execute(coupon_pool.update().where(coupon_pool.c.slug == slug).values(ended=now))
        acts.note(tx, now, by, "coupons-end", f"pool:{slug}")


def pools(ops: Ops) -> list[Row]:
    """Every pool with how many of its codes are there, given and redeemed."""
    counted = (
        sa.select(
            coupon.c.pool,
            sa.func.count().label("there"),
            sa.func.count(coupon.c.redeemed).label("redeemed"),
        )
        .group_by(coupon.c.pool)
        .subquery()
    )
    both = coupon_pool.outerjoin(counted, counted.c.pool == coupon_pool.c.id)
    wanted = sa.select(coupon_pool, counted.c.there, counted.c.redeemed).select_from(both)
    with ops.read() as tx:
        return list(tx.execute(wanted.order_by(coupon_pool.c.id)))


def load(tx: Tx, pool: int, codes: Sequence[tuple[str, str]]) -> int:
    """Add codes with what of them counts; how many were new, in any pool."""
    new = 0
    for start in range(0, len(codes), _AT_ONCE):
        rows = [
            {"pool": pool, "code": code, "folded": folded} for code, folded in codes[start : start + _AT_ONCE]
        ]
        new += len(tx.execute(_adding(tx).returning(coupon.c.id), rows).all())
    return new


def held(tx: Tx, pool: int, claim: str) -> Row | None:
    """The code that was given for this."""
    return tx.execute(coupon.select().where(coupon.c.pool == pool, coupon.c.claim == claim)).first()


def pool(tx: Tx, slug: str, locked: bool = False) -> Row | None:
    """A pool; `locked`: nobody else gives one of it until this transaction ends."""
    return _pool(tx, slug, locked)


def _pool(tx: Tx, slug: str, locked: bool = False) -> Row | None:
    wanted = coupon_pool.select().where(coupon_pool.c.slug == slug)
    return tx.execute(wanted.with_for_update() if locked else wanted).first()


def free(tx: Tx, pool: int) -> int | None:
    """The first code of a pool that nobody has."""
    wanted = sa.select(coupon.c.id).where(coupon.c.pool == pool, coupon.c.given.is_(None))
    return tx.scalar(wanted.order_by(coupon.c.id).limit(1))


def invent(tx: Tx, pool: int, code: str, folded: str) -> int | None:
    """Add a code; None where there is one like it."""
    row = {"pool": pool, "code": code, "folded": folded}
    return tx.execute(_adding(tx).values(row).returning(coupon.c.id)).scalar_one_or_none()


def give(tx: Tx, number: int, values: dict[str, Any]) -> Row:
    """Give a code away. Raises where it was given already."""
    mine = coupon.c.id == number, coupon.c.given.is_(None)
    row = tx.execute(coupon.update().where(*mine).values(values).returning(coupon)).one()
    pool = coupon_pool.update().where(coupon_pool.c.id == row.pool)
    tx.execute(pool.values(given=coupon_pool.c.given + 1))
    return row


def take_back(tx: Tx, claims: Collection[str]) -> int:
    """Let codes that never reached anybody be given again; how many. One that was used stays given."""
    mine = coupon.c.claim.in_(list(claims)), coupon.c.redeemed.is_(None), coupon.c.given.is_not(None)
    both = coupon.join(coupon_pool, coupon_pool.c.id == coupon.c.pool)
    rows = [
        *tx.execute(
            sa.select(coupon.c.id, coupon.c.pool, coupon_pool.c.prefix).select_from(both).where(*mine)
        )
    ]
    for row in rows:
        one = coupon.c.id == row.id
        if row.prefix is None:  # a shop's own: for the next one
            free_ = {"claim": None, "person": None, "given": None, "expires": None}
            tx.execute(coupon.update().where(one).values(free_))
        else:
            tx.execute(coupon.delete().where(one))
        less = coupon_pool.update().where(coupon_pool.c.id == row.pool)
        tx.execute(less.values(given=coupon_pool.c.given - 1))
    return len(rows)


def find(tx: Tx, folded: str) -> Row | None:
    """A code by what of it counts, with its pool's name."""
    both = coupon.join(coupon_pool, coupon_pool.c.id == coupon.c.pool)
    return tx.execute(
        sa.select(coupon, coupon_pool.c.slug).select_from(both).where(coupon.c.folded == folded)
    ).first()


def redeem(tx: Tx, number: int, order: str | None, at: Micros) -> bool:
    """Note that a code was used; whether that was news."""
    mine = coupon.c.id == number, coupon.c.redeemed.is_(None)
    done = tx.execute(coupon.update().where(*mine).values(redeemed=at, order=order).returning(coupon.c.id))
    return done.first() is not None


def forget(tx: Tx, persons: Collection[int]) -> int:
    """Of who is erased it is not known any more which code they had."""
    mine = coupon.c.person.in_(list(persons))
    return tx.execute(coupon.update().where(mine).values(person=None, claim=None, order=None)).rowcount


def _adding(tx: Tx) -> Any:
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    return dialect.insert(coupon).on_conflict_do_nothing()
