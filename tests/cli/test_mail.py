"""How e-mails leave, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Habitue
from tests.messaging.sink import sink


def test_a_server_is_set_tried_shown_without_its_secrets_and_ended(habitue: Habitue, tmp_path: Path) -> None:
    place = tmp_path / "shop"
    assert habitue("init", place).returncode == 0
    none = habitue("mail", "--data", place)
    assert (none.returncode, "habitue mail set" in none.stdout) == (0, True)
    assert habitue("mail", "test", "a@b.fr", "--data", place).returncode == 2
    with sink() as server:
        where = ("--host", "127.0.0.1", "--port", str(server.port), "--security", "none")
        done = habitue("mail", "set", *where, "--from", "Shop <a@b.fr>", "--data", place, "--json")
        assert json.loads(done.stdout)["password"] is False
        assert habitue("mail", "test", "ada@b.fr", "--data", place).returncode == 0
        assert habitue("mail", "test", "gone@b.fr", "--data", place).returncode == 2
        assert [to for _, to, _ in server.taken] == ["ada@b.fr"]
    assert habitue("mail", "off", "--data", place).returncode == 0
