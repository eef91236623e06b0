"""Stage models in versions: drafted, published, kept for ever (`store.versions`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from habitue.engine.plan import Definition
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.stages.kind import Kind, Settings, kinds, known
from habitue.stages.models import Model, ModelError, Scope, faults
from habitue.store import versions as store
from habitue.store.ops import Ops
from habitue.store.versions import Kept

KIND: Final = "model"


class Saved(Struct, frozen=True):
    """One version as it is kept; `created` and `since`, when it went live (None: never), in microseconds."""

    model: Model
    created: int
    by: str
    live: bool
    since: int | None


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
    if store.versions(ops, KIND, slug):
        raise UserError(N_("There is a stage model “{id}” already. Edit it, or choose another id."), id=slug)
    return publish(
        ops, edit(ops, Model(slug, kind, dict(parameters or {}), scope, population), now, by), now, by
    )


def edit(ops: Ops, model: Model, now: int, by: str = "", beside: Sequence[Definition] = ()) -> Model:
    """Keep the model as the next version of its id, as a draft: the live one stays live.

    Raises `ModelError` with all that is wrong, checked against the other live models and what is `beside`.
    """
    check(ops, model, beside)
    body = msgspec.to_builtins(_bare(model))
    kept = store.keep(ops, KIND, model.id, model.subject, body, now, by)
    if kept is None:
        raise UserError(_SUBJECT, id=model.id)
    return replace(model, version=kept.id, number=kept.number, since=now)


def check(ops: Ops, model: Model, beside: Sequence[Definition] = ()) -> None:
    """Raise `ModelError` with all that is wrong with a model among the other live ones and these."""
    others = [one.definition() for one in live(ops) if one.id != model.id]
    if found := faults(model, [*others, *beside]):
        raise ModelError(found)
    if any(one.subject != model.subject for one in store.versions(ops, KIND, model.id)):
        raise UserError(_SUBJECT, id=model.id)


def same(one: Model, other: Model) -> bool:
    """Whether two versions mean the same: a default that is written out changes nothing."""
    full = [replace(_bare(model), settings=model.kind.settings(model.settings)) for model in (one, other)]
    return full[0] == full[1]


def _bare(model: Model) -> Model:
    return replace(model, version=0, number=0, since=0)


_SUBJECT = N_("“{id}” can't change between persons and accounts. Choose another id.")


def publish(ops: Ops, model: Model, now: int, by: str = "") -> Model:
    """Make this kept version the live one of its id."""
    store.publish(ops, KIND, model.id, model.version, model.number, now, by)
    return model


def live(ops: Ops) -> list[Model]:
    """The live version of every model, oldest model first."""
    return [*ops.kept(live, lambda: [_model(one) for one in store.live(ops, KIND)])]


def versions(ops: Ops, slug: str) -> list[Saved]:
    """Every version of a model, oldest first; raises `UserError` where there is no such model."""
    kept = store.versions(ops, KIND, slug)
    if not kept:
        known(
            slug, [one.id for one in live(ops)], N_("There is no stage model “{name}”. There are: {known}.")
        )
    return [Saved(_model(one), one.created, one.by, one.live, one.since) for one in kept]


def numbered(ops: Ops, slug: str, number: int) -> Model:
    """One version of a model; raises `UserError` where there is none of that number."""
    kept = versions(ops, slug)
    for one in kept:
        if one.model.number == number:
            return one.model
    raise UserError(
        N_("“{id}” has no version {number}. There are 1 to {last}."),
        id=slug,
        number=number,
        last=len(kept),
    )


def _model(kept: Kept) -> Model:
    model = msgspec.convert(kept.body, Model)
    return replace(model, id=kept.slug, version=kept.id, number=kept.number, since=kept.created)
