"""The kinds of step there are: every file of `kinds/` that holds one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

from habitue.journeys import kinds as folder
from habitue.journeys.roles import Kind

ORDER: Final = (
    "send",
    "wait",
    "until",
    "clock",
    "date",
    "split",
    "chance",
    "holdout",
    "task",
    "withdraw",
    "trait",
    "tag",
)
"""In which the most used are offered; the others follow by name."""


@cache
def kinds() -> Mapping[str, type[Kind]]:
    """Them all, by the name that they have in files."""
    found: dict[str, type[Kind]] = {}
    for one in iter_modules(folder.__path__):
        for kind in _own(import_module(f"{folder.__name__}.{one.name}")):
            found[kind.name()] = kind
    return {
        name: found[name]
        for name in (*(one for one in ORDER if one in found), *sorted(set(found) - {*ORDER}))
    }


def _own(module: ModuleType) -> list[type[Kind]]:
    """The kinds that are written in a module itself."""
    return [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Kind) and one.__module__ == module.__name__
    ]
