"""How a store fails: full, down or held by another; each with what to do about it."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

_FULL: Final = (
    "no space left",
    "disk is full",
    "disk full",
    "disk quota exceeded",
    "could not write all bytes",
)


@dataclass(frozen=True)
class Notice:
    """Something a store did by itself that its owner should know; a gettext message and its fields."""

    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class StoreDown(UserError):
    """A store can't be used just now; nothing half done was kept, and the next call tries again."""


class Collided(StoreDown):
    """Two transactions were in each other's way, and this one was undone: the next try finds the way free."""


class Damaged(StoreDown):
    """What a store has on disk can't be read back."""


class DiskFull(StoreDown):
    """No room left where a store lives."""

    def __init__(self, store: str) -> None:
        super().__init__(
            N_(
                "The disk is full: {store} could not be written. "
                "Nothing was lost; free some space and try again."
            ),
            store=store,
        )


class StatementFailed(Exception):
    """A statement of ours that a store refused: a defect, told with the statement."""

    def __init__(self, sql: str, params: object, cause: BaseException) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}\n  in: {sql}\n  with: {str(params)[:500]}")


def full(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, says that the disk is full."""
    while error is not None:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(words in str(error).lower() for words in _FULL):
            return True
        error = error.__cause__ or error.__context__
    return False


def damaged(error: BaseException | None) -> bool:
    """Whether a block of the file was lost or changed on disk."""
    return any(words in str(error) for words in ("Corrupt database file", "Could not read enough bytes"))


def refused(error: BaseException) -> bool:
    """Whether the file is sound as far as we know, but not ours to open now."""
    said = str(error).lower()
    return any(
        words in said
        for words in ("could not set lock", "permission denied", "different configuration", "read-only file")
    )
