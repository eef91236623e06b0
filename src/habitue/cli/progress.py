"""How far long work has come: a bar with rate and time left, on standard error, where a person watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from habitue.kernel.i18n import N_, Translator

Told: TypeAlias = Callable[[str, int, int], None]
"""Told the step (a message), how much of it is done, and of how much; 0 where that is not known."""


@contextmanager
def shown(say: Translator) -> Iterator[Told | None]:
    """A bar for each step as it begins; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(say),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        steps: dict[str, int] = {}

        def told(step: str, done: int, total: int) -> None:
            if step not in steps:
                steps[step] = bars.add_task(say(step), total=None)
            bars.update(steps[step], completed=done, total=total or None)  # type: ignore[arg-type]  # rich takes None for a bar without an end

        yield told


class _Rate(ProgressColumn):
    def __init__(self, say: Translator) -> None:
        super().__init__()
        self._say = say

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        return Text(self._say(N_("{n}/s"), n=f"{rate:,.0f}") if rate else "", style="dim")
