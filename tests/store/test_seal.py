from __future__ import annotations

from pathlib import Path

import pytest

from habitue.kernel.errors import UserError
from habitue.store.place import strangers
from habitue.store.seal import NAME, Seal


def test_what_is_sealed_can_be_read_again_and_nowhere_else(tmp_path: Path) -> None:
    sealed = Seal(tmp_path).close("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert Seal(tmp_path).open(sealed) == "JBSWY3DPEHPK3PXP"
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0
    (tmp_path / NAME).unlink()
    with pytest.raises(UserError, match="is not the key"):
        Seal(tmp_path).open(sealed)


def test_a_new_key_seals_and_the_old_ones_still_open(tmp_path: Path) -> None:
    seal = Seal(tmp_path)
    old = seal.close("secret")
    seal.turn()
    assert seal.open(old) == "secret"
    anew = seal.anew(old)
    keys = (tmp_path / NAME).read_text().split()
    (tmp_path / NAME).write_text(keys[0])
    assert seal.open(anew) == "secret"
    with pytest.raises(UserError):
        seal.open(old)


def test_the_key_file_is_no_stranger_in_a_workspace(tmp_path: Path) -> None:
    Seal(tmp_path).close("a secret")
    assert strangers(tmp_path) == []
