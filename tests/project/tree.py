"""The files of the project as git knows them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]


def tracked(*patterns: str) -> list[Path]:
    """The tracked files that are there, by git's path patterns; skips where there is no git checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so there is no list of tracked files")
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def text(path: Path) -> str:
    """The text of a file, empty for a binary one."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""
