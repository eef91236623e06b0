"""While a server has the workspace open, the same verbs go to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Final, NamedTuple

import pytest

from habitue.store.lock import Lock
from tests.cli.conftest import UNTIL, Habitue
from tests.cradle import Cradle

QUESTIONS: Final = [
    ("stages", "--at", UNTIL),
    ("stages", "--by", "month", "--months", "25", "--at", UNTIL),
    ("stages", "list"),
    ("who", "--stage", "dormant", "--at", UNTIL),
    ("segment", 'ever("Order Refunded")', "--history"),
    ("segment", 'ever("Order Refunded")', "--count", "--at", UNTIL),
    ("explain", "c-000001", "--at", UNTIL),
]


class Served(NamedTuple):
    """A workspace with a server over it, and what its files had answered before."""

    place: Path
    answers: list[str]


@pytest.fixture(scope="module")
def served(habitue: Habitue, cradle: Cradle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("served") / "shop"
    made = habitue("demo", "--data", place, "--customers", "200", "--until", UNTIL, "--no-serve")
    assert made.returncode == 0
    answers = [habitue(*words, "--data", place, "--json").stdout for words in QUESTIONS]
    with cradle.start("serve", "--data", place, "--port", "18400", stderr=None) as server:
        assert server.stdout
        assert "http://" in server.stdout.readline()
        yield Served(place, answers)
        server.terminate()


def posted(served: Served, name: str, body: bytes, token: str | None = None) -> int:
    """The status of a command posted by hand, under the true token if no other is given."""
    owner = json.loads((served.place / "lock").read_text())
    with closing(HTTPConnection(owner["url"].split("/")[2])) as connection:
        said = {"Authorization": f"Bearer {owner['token']}" if token is None else token}
        connection.request("POST", f"/api/v1/commands/{name}", body, said)
        return connection.getresponse().status


@pytest.mark.parametrize("question", range(len(QUESTIONS)), ids=lambda n: " ".join(QUESTIONS[n][:2]))
def test_a_server_answers_what_the_files_answered(habitue: Habitue, served: Served, question: int) -> None:
    asked = habitue(*QUESTIONS[question], "--data", served.place, "--json")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout == served.answers[question]


def test_a_server_speaks_the_language_of_who_asks(habitue: Habitue, served: Served) -> None:
    assert "Étape" in habitue("stages", "--data", served.place, "--language", "fr").stdout


def test_a_mistake_is_told_as_if_no_server_were_there(habitue: Habitue, served: Served) -> None:
    refused = habitue("segment", "ever(", "--data", served.place)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Column 5" in refused.stderr


def test_a_file_is_imported_through_the_server(habitue: Habitue, served: Served, tmp_path: Path) -> None:
    # Later than what the other tests ask about, whichever of them comes first.
    (tmp_path / "more.csv").write_text("customer,date,amount\nnew-one,2026-11-23,9.90\n", "utf-8")
    done = habitue("import", "more.csv", "--data", served.place, "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["events"]) == (0, {"Order Completed": 1})
    why = habitue("explain", "new-one", "--at", "2026-11-23T12:00:00Z", "--data", served.place, "--json")
    assert json.loads(why.stdout)["value"] == "new"


def test_only_one_server_at_a_time(habitue: Habitue, served: Served) -> None:
    refused = habitue("serve", "--data", served.place)
    assert refused.returncode == 2
    assert "http://127.0.0.1:" in refused.stderr


def test_the_demo_shop_says_where_it_is_open(habitue: Habitue, served: Served) -> None:
    found = habitue("demo", "--data", served.place)
    assert found.returncode == 0
    assert "http://127.0.0.1:" in found.stdout


@pytest.mark.parametrize("token", ["", "Bearer guessed", "Bearer \xe9"])
def test_the_door_opens_only_for_the_token_in_the_lock(served: Served, token: str) -> None:
    assert posted(served, "models", b"{}", token) == 401


@pytest.mark.parametrize("body", [b"", b"[]", b'{"model": 3}', b'{"model": "x", "more": 1}', b"\xff"])
def test_a_command_that_is_none_is_refused(served: Served, body: bytes) -> None:
    assert posted(served, "stages", body) == 400


def test_a_command_that_nobody_knows_is_not_found(served: Served) -> None:
    assert posted(served, "launch", b"{}") == 404


def test_a_server_that_stops_in_the_middle_is_told_as_such(habitue: Habitue, empty: Path) -> None:
    def answer_half() -> None:
        connection, _ = door.accept()
        connection.recv(1 << 16)
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"type":"house","language":"en"')
        connection.close()

    with create_server(("127.0.0.1", 0)) as door, Lock.take(empty) as lock:
        lock.tell(f"http://127.0.0.1:{door.getsockname()[1]}/", "token")
        half = Thread(target=answer_half)
        half.start()
        done = habitue("stages", "--data", empty)
        half.join()
    assert (done.returncode, done.stdout) == (2, "")
    assert "stopped before it had answered" in done.stderr


def test_a_workspace_in_use_without_a_server_is_told_as_such(habitue: Habitue, empty: Path) -> None:
    with Lock.take(empty):
        done = habitue("stages", "--data", empty)
    assert done.returncode == 2
    assert "in use" in done.stderr
