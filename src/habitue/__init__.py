"""Habitué: every customer's lifecycle stage from rules you can read, with its whole history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from habitue.kernel.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from habitue.app import Shop

__all__ = ["UserError", "create", "open"]
__version__ = "0.1.0"


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def open(directory: Path | str) -> Shop:  # noqa: A001  habitue.open is what people look for
    """Open a workspace; raises `UserError` where there is none. Close it, or use it in a `with` block."""
    return _shop().open(directory)


def create(directory: Path | str, **settings: Any) -> Shop:
    """Make a workspace (currency=, timezone=, language=) and open it."""
    from habitue.app import Settings  # noqa: PLC0415  the command line starts without the engine

    return _shop().create(directory, Settings(**settings))


def _shop() -> type[Shop]:
    from habitue.app import Shop  # noqa: PLC0415  the command line starts without the engine

    return Shop
