"""Mails written in another process are the same mails, and nobody misses it when it dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final

import pytest

from habitue.kernel import machine
from habitue.kernel.clock import SECOND
from habitue.kernel.errors import UserError
from habitue.messaging import outbox, scribe
from habitue.messaging.batch import Batch
from habitue.messaging.channel import Composed
from habitue.messaging.scribe import Known, Scribes
from habitue.messaging.words import House, written
from habitue.store import messages
from habitue.store.messages import Sending
from habitue.store.seal import Marks
from habitue.templates.passes import Passes
from habitue.templates.press import pressed
from habitue.templates.shape import Template, Text
from tests.messaging.postoffice import Office, customers, office, relay
from tests.messaging.sink import Sink, sink
from tests.messaging.wanted import NOW, wanted

BODY: Final = '<p>{{ customer.name }}: <a href="https://b.fr/new">look</a></p>{{ links.unsubscribe }}'
TEMPLATE: Final = Template("hello", {"en": Text(BODY, subject="For {{ customer.name }}", form="html")})
PRESS: Final = pressed(TEMPLATE)
HOUSE: Final = House({}, Passes(Marks((b"k" * 32,)), "https://b.fr"), "en", clicks=True, opens=True)


def here(row: Sending, traits: Mapping[str, Any]) -> Composed:
    return written(row, traits, {}, PRESS, HOUSE, NOW // SECOND)


def nobody(_row: Sending, _traits: Mapping[str, Any]) -> Composed:
    raise UserError("This was not to be written here.")


def know(rows: Sequence[Sending]) -> Known:
    return Known(HOUSE, [{} for _ in rows], lambda _: TEMPLATE)


@pytest.fixture
def server() -> Iterator[Sink]:
    with sink() as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


@pytest.fixture
def scribes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scribes]:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(machine, "memory", lambda: scribe.ROOMY)
    made = Scribes(know, much=1)
    yield made
    made.close()


def want(shop: Office, persons: Sequence[int], step: str) -> None:
    with shop.ops.begin() as tx:
        outbox.put(tx, [wanted(one, step=step) for one in persons], NOW)


def ends(shop: Office) -> list[str]:
    with shop.ops.read() as tx:
        return [row.state for row in messages.of(tx, range(1000), 1000)]


def test_what_another_process_writes_is_to_the_byte_what_is_written_here(
    shop: Office, server: Sink, tmp_path: Path, scribes: Scribes
) -> None:
    """Ada's mail and Bo's are compared with those of the same messages made here, links and all."""
    people = customers(shop.stores, ["ada@b.fr", "bo@b.fr"])
    way = relay(server.port)
    made: dict[int, bytes] = {}

    class Seen(Scribes):
        def mails(self, *given: Any) -> dict[int, bytes]:
            found = scribes.mails(*given)
            made.update(found)
            return found

    want(shop, [*people.values()], "one")
    sender = shop.sender({"email": way}, tmp_path / "out", compose=nobody, scribes=Seen(know))
    sender.round()
    assert ends(shop) == ["sent", "sent"]
    with shop.ops.begin() as tx:
        rows = {row.id: row for row in messages.of(tx, range(1000), 10)}
    for number, mail in made.items():
        told = message_from_bytes(mail)
        row, name = rows[number], told["Subject"].removeprefix("For ")
        first = Sending(*(getattr(row, field) for field in Sending._fields))
        batch = Batch(1, [first], 1, _People(name, told["To"]), [])  # type: ignore[arg-type]  # all it is asked
        sender._compose = here
        letter = sender._letter(batch, first)._replace(made=NOW)
        assert way.maker.made(letter) == mail
    assert len(made) == len(server.taken) == 2


class _People:
    def __init__(self, name: str, to: str) -> None:
        self._name, self._to = name, to

    def of(self, _number: int) -> dict[str, Any]:
        return {"name": self._name, "email": self._to}

    @property
    def addresses(self) -> dict[int, str]:
        return dict.fromkeys(range(100), self._to)


def test_a_process_that_is_killed_is_missed_by_nobody(
    shop: Office, server: Sink, tmp_path: Path, scribes: Scribes, caplog: pytest.LogCaptureFixture
) -> None:
    people = customers(shop.stores, [f"c{n}@b.fr" for n in range(30)])
    sender = shop.sender({"email": relay(server.port)}, tmp_path / "out", compose=here, scribes=scribes)
    want(shop, [*people.values()][:3], "one")
    sender.round()
    process = scribes._all[0]._child.process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    want(shop, [*people.values()], "two")
    sender.round()
    assert ends(shop) == ["sent"] * 33
    assert "is gone" in caplog.text
    assert len({told for _, told, _ in server.taken}) == 30
