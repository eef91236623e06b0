"""Small customers' lives in days, judged stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from habitue.kernel.clock import DAY
from habitue.rules import judge
from habitue.stages.models import Model

Deed = tuple[float, str] | tuple[float, str, dict[str, Any]]


def life(
    *deeds: Deed, members: Sequence[judge.History] = (), traits: dict[str, Any] | None = None
) -> judge.History:
    """Someone born on day 0 who did these deeds on these days."""
    events = [
        judge.Event(int(deed[0] * DAY), deed[1], deed[2] if len(deed) == 3 else {}, n)
        for n, deed in enumerate(deeds)
    ]
    changes = tuple(judge.Change(0, f"trait.{name}", value) for name, value in (traits or {}).items())
    return judge.History(0, tuple(sorted(events, key=lambda e: e.ts)), changes, tuple(members))


def stages(model: Model, who: judge.History, *days: float) -> list[str | None]:
    """The stage on each of these days."""
    made = model.definition()
    ruled = judge.Model(made.values, made.rules, made.population)
    return [judge.stage(ruled, who, int(day * DAY), judge.Book()) for day in days]
