"""What may be in the repository at all."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from tests.project.tree import ROOT, text, tracked

# In pieces, so that this file passes its own test.
REGISTRIES = re.compile(r"py" r"pi\.org|python" r"hosted|npm" r"js\.|yarn" r"pkg|deb\.deb" r"ian")
MACHINES = re.compile(r"(?<![\w.~])/(?:work|root|home|Users|farm)/\w")
LOCKS = ["requirements.lock", "requirements-dev.lock"]


@pytest.mark.parametrize("forbidden", [REGISTRIES, MACHINES], ids=["package registry", "path of a machine"])
def test_no_file_names_a(forbidden: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}" for path in tracked() for hit in forbidden.finditer(text(path))
    ]
    assert found == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_python_package_has_its_version_and_hashes(name: str) -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", (ROOT / name).read_text()).strip())
    assert len(entries) > 40
    assert [
        entry
        for entry in entries
        if not re.match(r"[\w.\[\]-]+==\S+[^\n]*\\\n\s+--hash=sha256:\w{64}", entry)
    ] == []


def test_what_installs_the_others_is_the_same_everywhere_and_hashed() -> None:
    (entry,) = re.findall(r"(?m)^uv==(?:.*\\\n)+.*", (ROOT / "requirements-setup.lock").read_text())
    assert entry.strip() in (ROOT / "requirements-dev.lock").read_text()
    assert entry.count("--hash=sha256:") > 10


@pytest.mark.parametrize("name", LOCKS)
def test_the_locks_know_every_package_that_the_project_asks_for(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = project["project"]["dependencies"] + groups["build" if name == LOCKS[0] else "dev"]
    names = {re.match(r"[\w-]+", one)[0] for one in asked if isinstance(one, str)}  # type: ignore[index]
    locked = set(re.findall(r"(?m)^([\w.-]+)==", (ROOT / name).read_text()))
    assert names - locked == set()


def test_every_locked_npm_package_has_a_hash_and_no_address() -> None:
    packages = json.loads((ROOT / "frontend/package-lock.json").read_text())["packages"]
    assert len(packages) > 40
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_npm_packages_are_asked_for_at_exact_versions() -> None:
    package = json.loads((ROOT / "frontend/package.json").read_text())
    asked = package["dependencies"] | package["devDependencies"]
    assert [name for name, version in asked.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_no_source_file_is_long_and_no_drawer_has_no_name() -> None:
    sources = tracked("src/*.py")
    assert [path.name for path in sources if text(path).count("\n") > 400] == []
    drawers = {"utils", "util", "helpers", "common", "misc", "base"}
    assert [path for path in sources if drawers & {path.stem, path.parent.name}] == []
