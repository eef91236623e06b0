"""Models and their versions in the operational database: drafted, published, kept for ever.

A version is never changed: an edit adds one, publishing makes it the live one. Its id is the version
under which its intervals are kept, so the old one stays there to be compared with.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.stages.kind import Kind, Settings, kinds, known
from habitue.stages.models import Model, ModelError, Scope, faults
from habitue.store.ops import Ops, audit, definition, version


class Saved(Struct, frozen=True):
    """One version as it is kept; `created` in microseconds."""

    model: Model
    created: int
    by: str
    live: bool


def install(
    ops: Ops,
    kind: Kind | str,
    slug: str,
    now: int,
    *,
    parameters: Settings | None = None,
    scope: Scope | None = None,
    population: str | None = None,
    by: str = "",
) -> Model:
    """A new model, live at once; raises `ModelError`, or `UserError` where the id is taken."""
    if isinstance(kind, str):
        known(kind, kinds(), N_("There is no stage model “{name}”. There are: {known}."))
        kind = kinds()[kind]
    if _row(ops, slug):
        raise UserError(N_("There is a stage model “{id}” already. Edit it, or choose another id."), id=slug)
    return publish(
        ops, edit(ops, Model(slug, kind, dict(parameters or {}), scope, population), now, by), now, by
    )


def edit(ops: Ops, model: Model, now: int, by: str = "") -> Model:
    """Keep the model as the next version of its id, as a draft: the live one stays live.

    Raises `ModelError` with all that is wrong, checked against the other live models.
    """
    if found := faults(model, [one for one in live(ops) if one.id != model.id]):
        raise ModelError(found)
    with ops.begin() as tx:
        mine = definition.c.kind == "model", definition.c.slug == model.id
        row = tx.execute(definition.select().where(*mine).with_for_update()).first()
        if row is None:
            about = {"kind": "model", "slug": model.id, "subject": model.subject}
            row = tx.execute(definition.insert().values(about).returning(definition)).one()
        if row.subject != model.subject:
            raise UserError(_SUBJECT, id=model.id)
        earlier = tx.execute(version.select().where(version.c.definition == row.id)).all()
        number = 1 + max((one.number for one in earlier), default=0)
        body = msgspec.to_builtins(replace(model, version=0, number=0))
        values = {"definition": row.id, "number": number, "body": body, "created": now, "by": by}
        kept = tx.execute(version.insert().values(values).returning(version.c.id)).scalar_one()
    return replace(model, version=kept, number=number)


_SUBJECT = N_("“{id}” can't change between persons and accounts. Choose another id.")


def publish(ops: Ops, model: Model, now: int, by: str = "") -> Model:
    """Make this kept version the live one of its id."""
    mine = definition.c.kind == "model", definition.c.slug == model.id
    note = {"version": model.version, "number": model.number}
    with ops.begin() as tx:
        tx.execute(definition.update().where(*mine).values(live_version=model.version))
        tx.execute(
            audit.insert().values(at=now, by=by, act="publish", about=f"model:{model.id}", detail=note)
        )
    return model


def live(ops: Ops) -> list[Model]:
    """The live version of every model, oldest model first."""
    with ops.read() as tx:
        rows = tx.execute(
            definition.select().where(definition.c.kind == "model").order_by(definition.c.id)
        ).all()
        ids = [row.live_version for row in rows if row.live_version is not None]
        bodies = {row.id: row for row in tx.execute(version.select().where(version.c.id.in_(ids)))}
    return [_model(row.slug, bodies[row.live_version]) for row in rows if row.live_version in bodies]


def versions(ops: Ops, slug: str) -> list[Saved]:
    """Every version of a model, oldest first; raises `UserError` where there is no such model."""
    row = _row(ops, slug)
    if row is None:
        raise UserError(N_("There is no stage model “{id}” here."), id=slug)
    with ops.read() as tx:
        kept = tx.execute(
            version.select().where(version.c.definition == row.id).order_by(version.c.number)
        ).all()
    return [Saved(_model(slug, one), one.created, one.by, one.id == row.live_version) for one in kept]


def _row(ops: Ops, slug: str) -> Any:
    with ops.read() as tx:
        return tx.execute(
            definition.select().where(definition.c.kind == "model", definition.c.slug == slug)
        ).first()


def _model(slug: str, row: Any) -> Model:
    return replace(msgspec.convert(row.body, Model), id=slug, version=row.id, number=row.number)
