"""Undoes an import in a process that may kill itself at a step: `python -m tests.faults.undoer`."""

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
from habitue.store.warehouse import Warehouse

STEPS: Final = ((EventLog, "retract"), (EventLog, "_settle"), (Warehouse, "replace"), (Shop, "_settle"))


def main(place: Path, die_at: int) -> None:
    """Undo import 1; the number of steps goes to standard output."""
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
        for owner, name in STEPS:
            stack.enter_context(patch.object(owner, name, around(getattr(owner, name))))
        shop.undo_import(1, "Odile")
        print(passed, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
