"""Where a data directory may be: the databases' libraries take some names for patterns, links or escapes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

_TAKEN: Final = re.compile(r"[\x00-\x1f\x7f?\\\[\]^|\ud800-\udfff]|%[0-9A-Fa-f]{2}")
"""What one of them reads as something else than itself; lone surrogates are what is no UTF-8."""


_OURS: Final = (
    "habitue.toml",
    "ops.sqlite",
    "lock",
    "work.duckdb",
    "rejects",
    "exports",
    "uploads",
    "outgoing",
    "secret.key",
    "acts.head",
)
_CLUTTER: Final = frozenset(
    (".DS_Store", ".localized", ".directory", "lost+found", "Thumbs.db", "desktop.ini")
)
"""What systems put into directories by themselves."""


def strangers(folder: Path) -> list[str]:
    """The names of what is in the directory, if there is one, and was put there by somebody else."""
    if not folder.is_dir():
        return []
    log = {"log"} if (folder / "log" / "_delta_log").is_dir() else set()
    names = sorted(one.name for one in folder.iterdir())
    return [_spelt(n) for n in names if n not in log | _CLUTTER and not n.startswith(_OURS)]


def literal(folder: Path) -> Path:
    """The directory's whole path, links followed; raises `UserError` where a library would go elsewhere."""
    whole = folder.resolve()
    found = _TAKEN.search(str(whole))
    if found:
        raise UserError(
            N_(
                "The directory {folder} can't hold a workspace: the database libraries can't use “{letter}” "
                "in a path. Choose another name."
            ),
            folder=_spelt(str(whole)),
            letter=_spelt(found[0]),
        )
    return whole


def _spelt(text: str) -> str:
    """The text with what can't be shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
