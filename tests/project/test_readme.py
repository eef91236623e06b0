"""The README's words do what it says, in both languages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import chdir
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

import habitue
from habitue.app import Shop
from habitue.cli.program import run
from habitue.demo.shop import parcels
from habitue.kernel.clock import instant
from habitue.stages.drafts import from_text
from tests.project.tree import ROOT

TONGUES = [("README.md", "customer@example.com"), ("README.fr.md", "client@exemple.fr")]


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder to work in, as the README's reader has."""
    for name in ("HABITUE_DATA", "LANG", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    with chdir(tmp_path):
        yield


def orders(known: str) -> pd.DataFrame:
    """A small shop's orders up to yesterday, some by the customer whom the README names."""
    draw = Random(7)
    today = date.today()
    rows = [
        (
            who,
            (today - timedelta(days=draw.randrange(1, 700))).isoformat(),
            f"o-{n}",
            draw.randrange(500, 9000) / 100,
        )
        for n, who in enumerate(
            draw.choice([known, *(f"c{i}@example.com" for i in range(150))]) for _ in range(900)
        )
    ]
    return pd.DataFrame(rows, columns=["customer", "date", "order", "amount"])


def blocks(readme: str, language: str) -> str:
    """The code of the README in that language, in its order."""
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", (ROOT / readme).read_text(), re.DOTALL))


@pytest.mark.parametrize(("readme", "known"), TONGUES)
def test_every_command_of_the_readme_works(readme: str, known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [shlex.split(line, comments=True) for line in blocks(readme, "sh").splitlines()]
    (exported,) = (words[1] for words in lines if words[:1] == ["export"])
    monkeypatch.setenv(*exported.split("=", 1))
    commands = [words[1:] for words in lines if words[:1] == ["habitue"] and words[1] != "serve"]
    assert len(commands) >= 8
    (file,) = (words[1] for words in commands if words[0] == "import")
    orders(known).to_csv(file, index=False)
    assert {" ".join(words): status for words in commands if (status := run(words)) != 0} == {}


@pytest.mark.parametrize(("readme", "known"), TONGUES)
def test_the_python_of_the_readme_works(readme: str, known: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"orders": orders(known)}
    exec(compile(blocks(readme, "python"), readme, "exec"), names)
    assert names["habitue"] is habitue
    assert "active" in capsys.readouterr().out


@pytest.mark.parametrize("readme", [readme for readme, _ in TONGUES])
def test_the_draft_of_the_readme_is_sound(readme: str) -> None:
    assert from_text(blocks(readme, "toml")).settings == {"dormant": "120d", "lost": "400d"}


def test_every_rule_of_the_readme_is_true_of_someone_in_the_demo_shop(tmp_path: Path) -> None:
    found = [re.findall(r"```\n((?:.+\n)+?)```", (ROOT / readme).read_text())[0] for readme, _ in TONGUES]
    assert found[0] == found[1]
    now = instant("2026-11-22")
    with Shop.create(tmp_path / "shop") as shop:
        shop.put(parcels(1, 500, until=now), now)
        shop.refresh(now)
        asked = {rule: shop.segment(rule) for rule in found[0].splitlines()}
        assert [one for one in asked if "props.products." in one]
        told = {rule: (one.count(now) > 0, one.warnings) for rule, one in asked.items()}
    assert told == dict.fromkeys(asked, (True, []))


@pytest.mark.parametrize("readme", [readme for readme, _ in TONGUES])
def test_every_file_that_the_readme_points_to_exists(readme: str) -> None:
    targets = re.findall(r"\]\(([^):#]+)\)", (ROOT / readme).read_text())
    assert [target for target in targets if not (ROOT / target).exists()] == []
