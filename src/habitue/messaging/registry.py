"""The ways out there are: every file of `kinds/` is one, and whatever there is to know of it stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple

from msgspec import Struct

from habitue.kernel.asked import Field, fields
from habitue.messaging import kinds as folder
from habitue.messaging.channel import Way
from habitue.messaging.report import Call, Report


class Kind(NamedTuple):
    """A way out: which channel it serves, what people call it, and what it has to be told.

    `checked` and `opened` take settings; `reports` reads what the provider tells later, where it tells
    anything. What is `shelved` is laid on a list in the operational database, which `opened` takes too;
    `completed` makes what nobody has to say.
    """

    name: str
    channel: str
    title: str
    settings: type[Struct]
    secret: tuple[str, ...]
    checked: Callable[[Any], Any]
    opened: Callable[..., Way]
    reports: Callable[[Any, Call], Sequence[Report]] | None
    shelved: bool = False
    completed: Callable[[Any], Any] | None = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """What has to be told, as a form asks for it."""
        return fields(self.settings)


@cache
def kinds() -> Mapping[str, Kind]:
    """Them all, by name."""
    return {one.name: _kind(one.name) for one in iter_modules(folder.__path__)}


def _kind(name: str) -> Kind:
    module = import_module(f"{folder.__name__}.{name}")
    return Kind(
        name,
        module.CHANNEL,
        module.LABEL,
        module.Settings,
        getattr(module, "SECRET", ()) or _secret(module.Settings),
        module.checked,
        module.opened,
        getattr(module, "reports", None),
        getattr(module, "SHELVED", False),
        getattr(module, "completed", None),
    )


def _secret(settings: type[Struct]) -> tuple[str, ...]:
    return tuple(one.name for one in fields(settings) if one.asked.form == "secret")
