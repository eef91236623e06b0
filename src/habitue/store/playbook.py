"""What is done in each stage of a model, by whom, and what it is to reach: as the shop has written it."""

from __future__ import annotations

from msgspec import Struct

from habitue.store import acts
from habitue.store.ops import Ops
from habitue.store.tables import playbook


class Play(Struct, frozen=True):
    """Of one stage; what is None is as it ships, or not settled."""

    stage: str
    text: str | None = None
    owner: str | None = None
    kpi: str | None = None
    target: float | None = None


def plays(ops: Ops, model: str) -> dict[str, Play]:
    """All that is written of a model, by stage."""
    mine = playbook.select().where(playbook.c.model == model)
    with ops.read() as tx:
        return {
            row.stage: Play(row.stage, row.text, row.owner, row.kpi, row.target) for row in tx.execute(mine)
        }


def write(ops: Ops, model: str, play: Play, now: int, by: str) -> None:
    """Write it down in place of what stood there."""
    mine = playbook.c.model == model, playbook.c.stage == play.stage
    values = {name: getattr(play, name) for name in ("stage", "text", "owner", "kpi", "target")}
    with ops.begin() as tx:
        tx.execute(playbook.delete().where(*mine))
        tx.execute(playbook.insert().values(model=model, **values, changed=now, by=by))
        acts.note(
            tx, now, by, "playbook", f"model:{model}", stage=play.stage, kpi=play.kpi, target=play.target
        )
