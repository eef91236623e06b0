"""The kinds of watch there are: every file of `kinds/` that holds one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Final, get_args, get_type_hints

from habitue.alerts import kinds as folder
from habitue.alerts.roles import Asked, Kind

ORDER: Final = ("flow", "stage", "segment", "sales", "event", "silence", "mail", "journey")
"""In which they are offered; others follow by name."""


@cache
def kinds() -> Mapping[str, type[Kind]]:
    """Them all, by the name that they have in files."""
    found: dict[str, type[Kind]] = {}
    for one in iter_modules(folder.__path__):
        module = import_module(f"{folder.__name__}.{one.name}")
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, Kind) and kind.__module__ == module.__name__:
                found[kind.name()] = kind
    names = (*(one for one in ORDER if one in found), *sorted(set(found) - {*ORDER}))
    return {name: found[name] for name in names}


@cache
def asked(kind: type[Kind]) -> Mapping[str, Asked]:
    """The settings of a kind, by the name that they have in files."""
    hints = get_type_hints(kind, include_extras=True)
    written = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    return {written[name]: _asked(hints[name]) for name in kind.__struct_fields__}


def _asked(hint: object) -> Asked:
    return next(one for one in get_args(hint) if isinstance(one, Asked))
