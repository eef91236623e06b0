"""Where a workspace may be: under a name it keeps to itself, or nothing is written."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

import habitue

ORDERS = {"customer": ["c-1", "c-2"], "date": ["2026-01-31", "2026-02-01"], "amount": [12.5, 20.0]}
USABLE = [
    "a b",
    "100% shop",
    "~",
    "~root",
    "z*",
    "{a,b}",
    "#1",
    "a&b=c",
    "a'b",
    'a"b',
    "a;b:c",
    "$HOME",
    "<`é`>",
    "😀",
    " ",
    "x" * 200,
]
REFUSED = {
    "my%20shop": "%20",
    "a%2Fb": "%2F",
    "qq?x": r"\?",
    "z*[a]": r"\[",
    "a]": "]",
    "a^b": r"\^",
    "a|b": r"\|",
    "a\\b": r"\\",
    "a\nb": r"\\n",
    "\x7f": r"\\x7f",
    os.fsdecode(b"caf\xe9"): r"\\udce9",
}


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("name", USABLE)
def test_a_workspace_keeps_to_its_directory(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with habitue.create(name) as shop:
        shop.import_orders(pa.table(ORDERS))
    with habitue.open(name) as shop:
        assert shop.segment('count("Order Completed") == 1').members() == ["user:c-1", "user:c-2"]
        assert shop.stages().at("2026-03-01").arrow().num_rows
        assert shop.rebuild().differing == ()
        assert [finding.what for finding in shop.doctor() if finding.state == "bad"] == []
    assert {path.split("/")[0] for path in tree(tmp_path)} == {name}
    assert {"ops.sqlite", "work.duckdb", "log", "lock", "habitue.toml"} <= tree(tmp_path / name)


@pytest.mark.parametrize(("name", "letter"), REFUSED.items())
def test_a_name_that_a_library_misreads_is_refused_before_anything_is_written(
    name: str, letter: str, tmp_path: Path
) -> None:
    with pytest.raises(habitue.UserError, match=f"can't use “{letter}” in a path") as refused:
        habitue.create(tmp_path / name)
    str(refused.value).encode("utf-8")
    with pytest.raises(habitue.UserError, match="Choose another name"):
        habitue.open(tmp_path / name)
    assert tree(tmp_path) == set()


def test_a_link_counts_by_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "a?b").symlink_to(tmp_path / "shop")
    with habitue.create(tmp_path / "a?b"):
        assert "ops.sqlite" in tree(tmp_path / "shop")
    assert {path.split("/")[0] for path in tree(tmp_path)} == {"shop", "a?b"}
