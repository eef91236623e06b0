"""Definitions in versions: what is edited is kept for ever, and one version of each is live.

A version is never changed: an edit adds one, publishing makes it the live one. Its id is the version
under which its intervals are kept, so the old one stays there to be compared with.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select

from habitue.store import acts
from habitue.store.ops import Ops
from habitue.store.tables import audit, definition, version


class Kept(NamedTuple):
    """One version as it is kept; `number` counts from 1, `created` is in microseconds.

    `since` is when it first went live; None for a draft that never did.
    """

    slug: str
    subject: str
    id: int
    number: int
    body: Any
    created: int
    by: str
    live: bool
    since: int | None


def keep(ops: Ops, kind: str, slug: str, subject: str, body: Any, now: int, by: str = "") -> Kept | None:
    """Keep the body as the next version; the live one stays live. None where the subject would change."""
    with ops.begin() as tx:
        mine = definition.c.kind == kind, definition.c.slug == slug
        row = tx.execute(definition.select().where(*mine).with_for_update()).first()
        if row is None:
            about = {"kind": kind, "slug": slug, "subject": subject}
            row = tx.execute(definition.insert().values(about).returning(definition)).one()
        if row.subject != subject:
            return None
        earlier = tx.execute(version.select().where(version.c.definition == row.id)).all()
        number = 1 + max((one.number for one in earlier), default=0)
        values = {"definition": row.id, "number": number, "body": body, "created": now, "by": by}
        kept = tx.execute(version.insert().values(values).returning(version.c.id)).scalar_one()
    return Kept(slug, subject, kept, number, body, now, by, live=False, since=None)


def publish(ops: Ops, kind: str, slug: str, kept: int, number: int, now: int, by: str = "") -> None:
    """Make this kept version the live one of its definition."""
    mine = definition.c.kind == kind, definition.c.slug == slug
    with ops.begin() as tx:
        tx.execute(definition.update().where(*mine).values(live_version=kept))
        acts.note(tx, now, by, "publish", f"{kind}:{slug}", version=kept, number=number)


def retire(ops: Ops, kind: str, slug: str, now: int, by: str = "") -> None:
    """Let no version of the definition be live; all of them stay kept."""
    mine = definition.c.kind == kind, definition.c.slug == slug
    with ops.begin() as tx:
        tx.execute(definition.update().where(*mine).values(live_version=None))
        acts.note(tx, now, by, "retire", f"{kind}:{slug}")


def live(ops: Ops, kind: str) -> list[Kept]:
    """The live version of every definition of a kind, oldest definition first."""
    return _all(ops, kind, definition.c.live_version == version.c.id)


def versions(ops: Ops, kind: str, slug: str) -> list[Kept]:
    """Every version of a definition, oldest first; none where there is no such definition."""
    return _all(ops, kind, definition.c.slug == slug)


def every(ops: Ops, kind: str) -> list[Kept]:
    """Every version of every definition of a kind, oldest definition first."""
    return _all(ops, kind)


def foremost(ops: Ops, kind: str) -> list[Kept]:
    """Of each definition of a kind the live version, else the newest; oldest definition first."""
    other = version.alias()
    newest = select(func.max(other.c.id)).where(other.c.definition == definition.c.id).correlate(definition)
    return _all(ops, kind, version.c.id == func.coalesce(definition.c.live_version, newest.scalar_subquery()))


def lives(ops: Ops, kind: str) -> dict[str, int]:
    """The live version of each definition of a kind that has one, by name."""
    mine = definition.c.kind == kind, definition.c.live_version.is_not(None)
    rows = definition.select().with_only_columns(definition.c.slug, definition.c.live_version).where(*mine)
    with ops.read() as tx:
        return {row.slug: row.live_version for row in tx.execute(rows)}


def body(ops: Ops, kind: str, number: int) -> Any | None:
    """What a version of this kind says, by its id; None where there is none."""
    both = definition.join(version, version.c.definition == definition.c.id)
    mine = version.c.id == number, definition.c.kind == kind
    with ops.read() as tx:
        return tx.execute(both.select().where(*mine).with_only_columns(version.c.body)).scalar_one_or_none()


def _all(ops: Ops, kind: str, *where: ColumnElement[bool]) -> list[Kept]:
    both = definition.join(version, version.c.definition == definition.c.id)
    with ops.read() as tx:
        rows = tx.execute(
            both.select()
            .where(definition.c.kind == kind, *where)
            .order_by(definition.c.id, version.c.number)
            .with_only_columns(definition, version, version.c.id.label("kept"))
        ).all()
        told = tx.execute(audit.select().where(audit.c.act == "publish").order_by(audit.c.at.desc())).all()
    went = {one.detail["version"]: one.at for one in told if one.about.startswith(f"{kind}:")}
    return [
        Kept(
            row.slug,
            row.subject,
            row.kept,
            row.number,
            row.body,
            row.created,
            row.by,
            row.kept == row.live_version,
            went.get(row.kept),
        )
        for row in rows
    ]


def slugs(ops: Ops, kind: str) -> list[str]:
    """What the definitions of a kind are called, sorted."""
    rows = definition.select().with_only_columns(definition.c.slug).where(definition.c.kind == kind)
    with ops.read() as tx:
        return sorted(tx.execute(rows).scalars())
