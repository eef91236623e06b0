"""Drafts of definitions that people work on together: one row each until it is published or discarded."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from habitue.store.ops import Ops
from habitue.store.tables import draft


class Kept(Struct, frozen=True):
    """A draft of the definition `slug` of a `kind`; who began and who last `changed` it, and when (µs)."""

    id: int
    kind: str
    slug: str
    body: Any
    made: int
    by: str
    changed: int
    editor: str


def add(ops: Ops, kind: str, slug: str, body: Any, now: int, by: str) -> int:
    """Keep a new one; returns its number."""
    values = {"kind": kind, "slug": slug, "body": body, "made": now, "by": by, "changed": now, "editor": by}
    with ops.begin() as tx:
        return int(tx.execute(draft.insert().values(values).returning(draft.c.id)).scalar_one())


def change(ops: Ops, number: int, body: Any, now: int, by: str) -> bool:
    """Change one; False where it is gone."""
    with ops.begin() as tx:
        values = {"body": body, "changed": now, "editor": by}
        return tx.execute(draft.update().where(draft.c.id == number).values(values)).rowcount == 1


def drop(ops: Ops, number: int) -> bool:
    """Let go of one; False where it is gone already."""
    with ops.begin() as tx:
        return tx.execute(draft.delete().where(draft.c.id == number)).rowcount == 1


def one(ops: Ops, kind: str, slug: str, number: int) -> Kept | None:
    """One of a definition's drafts by its number."""
    return next((kept for kept in of(ops, kind, slug) if kept.id == number), None)


def of(ops: Ops, kind: str, slug: str) -> list[Kept]:
    """All drafts of a definition, the last changed first."""
    mine = draft.c.kind == kind, draft.c.slug == slug
    with ops.read() as tx:
        rows = tx.execute(draft.select().where(sa.and_(*mine)).order_by(draft.c.changed.desc(), draft.c.id))
        return [Kept(*row) for row in rows]


def slugs(ops: Ops, kind: str) -> list[str]:
    """The definitions of a kind that have drafts, sorted."""
    with ops.read() as tx:
        return sorted(tx.execute(sa.select(draft.c.slug).where(draft.c.kind == kind).distinct()).scalars())
