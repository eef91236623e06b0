"""Erases people in a process of its own, which may kill itself at a step: `python -m tests.faults.eraser`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from habitue.app import Shop
from habitue.store.log import EventLog
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse
from tests.faults.driver import counted

LEAVING: Final = [f"vanishes{n}" for n in range(6)]
LARGE: Final = (
    (EventLog, "rewrite"),
    (EventLog, "purge"),
    (Warehouse, "cleanse"),
    (Warehouse, "replace"),
    (Ops, "purge"),
)
"""Steps that no transaction is around."""


def main(place: Path, die_at: int) -> None:
    """Erase them; the number of steps goes to standard output."""
    passed = 0

    def step() -> None:
        nonlocal passed
        passed += 1
        if passed == die_at:
            os.kill(os.getpid(), 9)

    def around(whole: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **named: Any) -> Any:
            step()
            done = whole(*args, **named)
            step()
            return done

        return stepped

    with Shop.open(place) as shop, ExitStack() as stack:
        for owner, name in LARGE:
            stack.enter_context(patch.object(owner, name, around(getattr(owner, name))))
        steps = stack.enter_context(counted(max(0, die_at - 1000)))
        shop.erase(LEAVING, "ada")
        print(passed, steps(), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
