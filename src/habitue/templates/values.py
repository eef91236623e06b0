"""What a template is given: a customer by what is known of them, and the names that stand for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(4096)
def snake(name: str) -> str:
    """`firstName` and `First Name` as templates write them: `first_name`."""
    return re.sub(r"[\s-]+", "_", _CAMEL.sub("_", name.strip())).lower()


def customer(traits: Mapping[str, Any]) -> dict[str, Any]:
    """The traits as `customer.*`: dotted names inside each other, each also as templates write it."""
    made: dict[str, Any] = {}
    for name, value in traits.items():
        at, (*outer, last) = made, name.split(".")
        for one in outer:
            inner = at.get(one)
            inner = inner if isinstance(inner, dict) else {}
            at[one] = inner
            at = inner
        at[last] = value
    return _snaked(made)


def _snaked(made: dict[str, Any]) -> dict[str, Any]:
    for name, value in list(made.items()):
        said = _snaked(value) if isinstance(value, dict) else value
        made[name] = said
        made.setdefault(snake(name), said)
    return made


def known(names: Iterable[str]) -> set[str]:
    """Every name under which these traits can be written: their first part, raw and as templates write it."""
    first = {name.partition(".")[0] for name in names}
    return first | {snake(name) for name in first}
