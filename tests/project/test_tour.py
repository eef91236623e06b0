"""The tour names functions; each must exist."""

from __future__ import annotations

import importlib
import pkgutil
import re

from tests.project.tree import ROOT

TOUR = (ROOT / "docs/tour.md").read_text()
NAMES = sorted(set(re.findall(r"`(habitue(?:\.\w+)+)", TOUR)))
PATHS = sorted(set(re.findall(r"`((?:src|docs|tests|frontend|benchmarks)/[\w./-]*)`", TOUR)))


def test_the_tour_names_what_it_shows() -> None:
    assert len(NAMES) >= 8


def test_every_function_of_the_tour_exists() -> None:
    missing = []
    for name in NAMES:
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError):
            missing.append(name)
    assert missing == []


def test_every_file_of_the_tour_exists() -> None:
    assert [path for path in PATHS if not (ROOT / path).exists()] == []


def test_the_tour_follows_the_rooms_that_exist() -> None:
    package = importlib.import_module("habitue")
    rooms = {found.name for found in pkgutil.iter_modules(package.__path__) if found.ispkg}
    assert {room for room in rooms if f"`{room}" not in TOUR} == set()
