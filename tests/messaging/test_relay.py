"""A real relay, Postfix: what it puts off or refuses is known as that, and its log says what it took."""

from __future__ import annotations

import re
import select
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path
from threading import Thread

import pytest

from habitue.kernel.clock import MINUTE
from habitue.messaging import maillog, outbox
from habitue.messaging.kinds import email_smtp
from habitue.store import messages
from tests.conftest import absent
from tests.messaging import postfix as package
from tests.messaging.postfix import Postfix
from tests.messaging.postoffice import Office, customers, mark, office, relay
from tests.messaging.wanted import NOW, wanted

END = b"\r\n.\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    why = package.missing()
    if why == "root":
        pytest.skip("Postfix is started by root only.")
    if why:
        absent(why, "apt install postfix")
    with package.postfix() as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


def states(shop: Office, people: dict[str, int]) -> dict[str, tuple[str, str | None]]:
    with shop.ops.read() as tx:
        found = {row.person: (row.state, row.reason) for row in messages.of(tx, people.values(), 1000)}
    return {email.partition("@")[0]: found[person] for email, person in people.items()}


def test_each_mail_ends_as_the_relay_has_it(shop: Office, server: Postfix, tmp_path: Path) -> None:
    people = customers(shop.stores, [f"{one}@b.fr" for one in ("ok", "grey", "gone", "full", "spam", "fine")])
    with shop.ops.begin() as tx:
        outbox.put(tx, [wanted(one) for one in people.values()], NOW)
    way = relay(server.port, relay_log=str(server.log))
    sender = shop.sender({"email": way}, tmp_path / "out", latency=0.2)
    sender.round()
    assert states(shop, people) == {
        "ok": ("sent", None),
        "grey": ("held", "busy"),
        "gone": ("bounced", "refused"),
        "full": ("held", "busy"),
        "spam": ("failed", "refused"),
        "fine": ("sent", None),
    }
    assert shop.blocked == ["gone@b.fr"]
    shop.now += 6 * MINUTE
    sender.round()
    after = states(shop, people)
    assert (after["grey"], after["full"]) == (("sent", None), ("held", "busy"))


def test_whatever_breaks_at_the_end_of_a_mail_its_log_decides(
    shop: Office, server: Postfix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No mail is missing and none is there twice, though most connections break when they hurt most."""
    monkeypatch.setattr(email_smtp, "ENDING", 0.5)
    before = delivered(server)
    people = customers(shop.stores, [f"c{n}@b.fr" for n in range(12)])
    with shop.ops.begin() as tx:
        outbox.put(tx, [wanted(one) for one in people.values()], NOW)
    with broken(server.port, cycle(("pass", "cut", "short", "hang"))) as (port, seen):
        way = relay(port, relay_log=str(server.log), connections=1)
        sender = shop.sender({"email": way}, tmp_path / "out", latency=0.2)
        for _ in range(8):
            sender.round()
            shop.now += 6 * MINUTE
    assert {*states(shop, people).values()} == {("sent", None)}
    with shop.ops.read() as tx:
        marks = [mark(row.id) for row in messages.of(tx, people.values(), 1000)]
    assert delivered(server) - before == Counter(f"{one}@b.fr" for one in marks)
    assert set(seen) == {"pass", "cut", "short", "hang"}


def delivered(server: Postfix) -> Counter[str]:
    """How often each mail was delivered, by its Message-ID, as a reader of the log counts."""
    names: dict[str, str] = {}
    found: Counter[str] = Counter()
    for line in server.log.read_text().splitlines():
        if told := re.search(r"/cleanup\[\d+\]: (\w+): message-id=<(.*)>", line):
            names[told[1]] = told[2]
        if told := re.search(r"/discard\[\d+\]: (\w+): to=.*status=sent", line):
            found[names[told[1]]] += 1
    return found


@contextmanager
def broken(port: int, modes: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """A way to the relay that breaks as each mail ends: `short` before its last dot comes through, `cut`
    before the answer does, `hang` with the answer kept back; and what it did.
    """
    seen: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    Thread(
                        target=_bridged, args=(client, port, lambda: next(modes), seen), daemon=True
                    ).start()

        Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], seen


def _bridged(client: socket.socket, port: int, mode: Callable[[], str], seen: list[str]) -> None:
    """One connection: commands and answers go through as they come, a mail when it is whole."""
    with client, socket.create_connection(("127.0.0.1", port)) as relay, suppress(OSError):
        mail, inside = b"", False
        while True:
            for one in select.select([client, relay], [], [])[0]:
                told = one.recv(65536)
                if not told:
                    return
                if one is relay:
                    inside = inside or b"354 " in told
                    client.sendall(told)
                elif not inside:
                    relay.sendall(told)
                elif (mail := mail + told).endswith(END):
                    how = mode()
                    seen.append(how)
                    relay.sendall(mail.removesuffix(END) if how == "short" else mail)
                    if how == "short":
                        return
                    if how != "pass":
                        relay.recv(65536)  # it has it
                        if how == "hang":
                            client.recv(65536)  # until the other side has waited long enough
                        return
                    mail, inside = b"", False


LOG = b"""
Nov 23 10:00:00 relay postfix/smtpd[10]: AA11: client=unknown[127.0.0.1]
Nov 23 10:00:00 relay postfix/cleanup[11]: AA11: message-id=<1.a@b.fr>
Nov 23 10:00:00 relay postfix/qmgr[12]: AA11: from=<x@b.fr>, size=1, nrcpt=1 (queue active)
Nov 23 10:00:01 relay postfix/smtpd[10]: BB22: client=unknown[127.0.0.1]
Nov 23 10:00:01 relay postfix/smtpd[10]: BB22: reject: END-OF-MESSAGE from unknown: 554 5.7.1 no
Nov 23 10:00:01 relay postfix/cleanup[11]: BB22: message-id=<2.a@b.fr>
Nov 23 10:00:02 relay postfix/smtpd[10]: CC33: client=unknown[127.0.0.1]
Nov 23 10:00:02 relay postfix/cleanup[11]: CC33: message-id=<3.a@b.fr>
Nov 23 10:00:02 relay postfix/smtpd[10]: lost connection after DATA (99 bytes) from unknown[127.0.0.1]
Nov 23 10:00:02 relay postfix/smtpd[10]: AA11: client=unknown[127.0.0.1]
Nov 23 10:00:02 relay postfix/cleanup[11]: AA11: message-id=<4.a@b.fr>
Nov 23 10:00:03 relay postfix/smtpd[13]: DD44: client=unknown[127.0.0.1]
Nov 23 10:00:03 relay postfix/cleanup[11]: DD44: message-id=<3.a@b.fr>
Nov 23 10:00:03 relay postfix/qmgr[12]: DD44: from=<x@b.fr>, size=1, nrcpt=1 (queue active)
<6.a@b.fr>
"""


def test_a_log_says_what_was_taken_what_was_not_and_what_nobody_can_tell_yet() -> None:
    names = [f"<{n}.a@b.fr>" for n in range(1, 7)]
    told = maillog.taken(LOG, names)
    # 3 broke off and came whole the next time; 4 has the number of 1, and is not in the queue yet.
    assert told == {names[0]: True, names[1]: False, names[2]: True, names[4]: False, names[5]: True}
