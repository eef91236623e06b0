"""Who may come in, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Habitue


@pytest.fixture
def place(habitue: Habitue, tmp_path: Path) -> Path:
    assert habitue("init", tmp_path / "shop").returncode == 0
    return tmp_path / "shop"


def told(habitue: Habitue, place: Path, *words: str) -> Any:
    done = habitue(*words, "--json", "--data", place)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_owner_comes_by_a_link_and_invites_others(habitue: Habitue, place: Path) -> None:
    assert told(habitue, place, "link")["link"].startswith("/sign-in/")
    assert [one["role"] for one in told(habitue, place, "team")] == ["owner"]
    invited = told(habitue, place, "team", "invite", "ann@shop.fr", "--role", "analyst")
    assert invited["link"].startswith("/join/")
    assert habitue("team", "invite", "bob@shop.fr", "--role", "boss", "--data", place).returncode == 2
    assert habitue("team", "remove", "owner@localhost.local", "--data", place).returncode == 2
    lost = habitue("link", "nobody@shop.fr", "--data", place)
    assert (lost.returncode, "owner@localhost.local" in lost.stderr) == (2, True)


def test_a_link_names_the_address_that_the_settings_say(habitue: Habitue, place: Path) -> None:
    with (place / "habitue.toml").open("a") as settings:
        settings.write('url = "https://crm.shop.fr/"\n')
    assert told(habitue, place, "link")["link"].startswith("https://crm.shop.fr/sign-in/")


def test_settings_of_a_sign_in_that_can_not_be_meant_stop_the_server(habitue: Habitue, place: Path) -> None:
    with (place / "habitue.toml").open("a") as settings:
        settings.write('[sign_in]\nissuer = "http://idp.example"\nclient_id = "x"\n')
    refused = habitue("serve", "--port", "18450", "--data", place)
    assert (refused.returncode, "https://" in refused.stderr) == (2, True)


def test_a_key_is_made_shown_once_and_ended(habitue: Habitue, place: Path) -> None:
    made = told(
        habitue, place, "keys", "add", "warehouse", "--scope", "read", "--scope", "write", "--days", "30"
    )
    assert made["key"].startswith("hbt_")
    (kept,) = told(habitue, place, "keys")
    assert (kept["name"], kept["scopes"], kept["by"]) == ("warehouse", "read, write", "command line")
    assert made["key"] not in json.dumps(kept)
    assert told(habitue, place, "keys", "end", str(kept["number"]))
    assert told(habitue, place, "keys") == []
