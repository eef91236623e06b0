"""What `pip install habitue` brings."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.tree import ROOT, tracked


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_every_file_of_the_package(contents: set[str]) -> None:
    package = {str(path.relative_to(ROOT / "src")) for path in tracked("src")}
    assert package - contents == set()


def test_the_wheel_holds_the_assets_that_git_ignores(contents: set[str]) -> None:
    dist = Path("habitue/web/static/dist")
    assert {
        str(dist / name) for name in ("app.js", "charts.js", "habitue.js", "inter.woff2", "THIRD_PARTY.txt")
    } <= contents


def test_the_wheel_holds_nothing_but_the_package(contents: set[str]) -> None:
    assert {name.split("/")[0].split("-")[0] for name in contents} == {"habitue"}
    assert [name for name in contents if "node_modules" in name] == []
