"""A copy of a workspace is told from the workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

from habitue.store import home
from habitue.store.ops import Ops


def test_a_copy_is_not_at_home_until_it_is_said_to_be(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    (one / "lock").touch()
    ops = Ops.open(one / "ops.sqlite")
    assert home.left(ops, one) is None
    home.settle(ops, one)
    assert home.left(ops, one) is None
    ops.close()
    shutil.copytree(one, other)
    one.rename(tmp_path / "renamed")
    renamed, copied = Ops.open(tmp_path / "renamed/ops.sqlite"), Ops.open(other / "ops.sqlite")
    assert home.left(renamed, tmp_path / "renamed") is None
    assert home.left(copied, other) == str(one)
    home.settle(copied, other)
    assert home.left(copied, other) is None
    renamed.close()
    copied.close()


def test_a_database_on_a_server_is_at_home_wherever_it_is_served(tmp_path: Path) -> None:
    ops = Ops.open(tmp_path / "elsewhere.sqlite")
    home.settle(ops, tmp_path)
    assert home.left(ops, tmp_path) is None
    ops.close()
