"""How a broadcast stands, and who made it so: a draft, scheduled, being sent, asking, paused, over.

Each turn is noted in the record of acts, in the transaction that takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.guards import BROADCAST
from habitue.rules.problem import nearest
from habitue.store import acts, broadcasts
from habitue.store.broadcasts import OVER, Kept, Overtaken
from habitue.store.ops import Ops, Tx

STATES: Final = {
    "draft": N_("draft"),
    "scheduled": N_("scheduled"),
    "sending": N_("is going out"),
    "asking": N_("asks which variant"),
    "paused": N_("paused"),
    "finished": N_("finished"),
    "cancelled": N_("cancelled"),
}
"""What people call them."""

ACTIVE: Final = ("sending", "asking", "paused")
"""Its recipients are fixed, and it isn't over."""

_NOTED: Final = ("recipients", "winner", "left")
"""What of a turn the record of acts tells, too."""

_NOT_NOW: Final = {
    "draft": N_("“{name}” is a draft."),
    "scheduled": N_("“{name}” is scheduled, and has not begun."),
    "sending": N_("“{name}” is going out."),
    "asking": N_("“{name}” asks which variant the others are to get."),
    "paused": N_("“{name}” is paused."),
    "finished": N_("“{name}” is finished."),
    "cancelled": N_("“{name}” was cancelled."),
}


def every(ops: Ops, but: Collection[str] = ()) -> list[Kept]:
    """All of them, the newest first."""
    with ops.read() as tx:
        return broadcasts.every(tx, but=but)


def one(ops: Ops, slug: str) -> Kept:
    """The broadcast of that name; raises `UserError` with the nearest one."""
    with ops.read() as tx:
        found = broadcasts.every(tx, slug)
        if found:
            return found[0]
        near = nearest(slug, [each.slug for each in broadcasts.every(tx)])
    text = N_("There is no broadcast “{name}”.")
    if near:
        text = N_("There is no broadcast “{name}”. Did you mean “{near}”?")
    raise UserError(text, name=slug, near=near)


def among(kept: Kept, states: Collection[str]) -> None:
    """Raises `UserError` where it stands in none of these states."""
    if kept.state not in states:
        raise UserError(_NOT_NOW[kept.state], name=kept.body.get("name") or kept.slug)


def move(tx: Tx, kept: Kept, state: str, now: Micros, by: str, told: Mapping[str, Any] | None = None) -> None:
    """Let it stand so, from now on. Raises `UserError` where somebody else has moved it meanwhile."""
    try:
        broadcasts.move(tx, kept.id, kept.number, state, now, by, dict(told or {}))
    except Overtaken as error:
        raise UserError(
            N_("Somebody else has just changed “{name}”. Look at it again."), name=kept.slug
        ) from error
    plain = {name: value for name, value in (told or {}).items() if name in _NOTED}
    acts.note(tx, now, by, f"broadcast {state}", f"broadcast:{kept.slug}", **plain)


def over(kept: Kept) -> bool:
    """Whether nothing more is to be done with it."""
    return kept.state in OVER


def share(ops: Ops, origin: str) -> float:
    """The control group of the broadcast that messages are from; 0 where it has none, or there is none."""
    with ops.read() as tx:
        found = broadcasts.every(tx, origin.removeprefix(BROADCAST)) if origin.startswith(BROADCAST) else []
    return float(found[0].body.get("holdout", 0.0)) if found else 0.0
