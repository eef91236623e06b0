"""Mails a second to a local server, and beside smtplib that sends the same bytes without us, in one run.

`python -m benchmarks.mail [MAILS] [--dkim] [--aiosmtpd]`: a shop of as many customers who agreed, one
template of a page with its links, everything on: guards, links of each customer's own, what is
written down. The server takes a mail and forgets it; it does the least that one can do, or is aiosmtpd.
With `--dkim` each mail is signed by RSA-2048; what smtplib sends was signed before, and costs it nothing.
What the server costs is in both speeds and in neither's share of a core.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import smtplib
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from aiosmtpd.smtp import SMTP
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from habitue.app import Shop
from habitue.kernel import clock
from habitue.messaging import outbox
from habitue.messaging.kinds import email_smtp
from habitue.messaging.kinds.email_smtp import Settings
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import Rules
from habitue.store import messages
from habitue.templates.shape import Template, Text

MAILS: Final = 20_000
CONNECTIONS: Final = 4
PARAGRAPH: Final = (
    '<p style="font:16px/1.5 sans-serif;color:#334155">The new harvest of {{ customer.city }} is in, and '
    'the first sacks are open. <a href="https://shop.fr/harvest?n=%d">Look at it</a>, or come by.</p>'
)
PAGE: Final = Text(
    "<!doctype html><html><body><h1>Hello {{ customer.first_name }}</h1>"
    + "".join(PARAGRAPH % n for n in range(8))
    + '<p><a href="{{ links.unsubscribe }}">No more of these</a></p></body></html>',
    subject="{{ customer.first_name }}, the harvest is in",
    form="html",
)


ANSWERS: Final = {
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
    b"EHLO": b"250-sink\r\n250 PIPELINING\r\n",
}


class Sink(asyncio.Protocol):
    """The least that a mail server can do."""

    def __init__(self) -> None:
        self._left, self._text = b"", False

    def connection_made(self, transport: Any) -> None:
        self._out = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        told = self._left + data
        self._left = b""
        if self._text:
            if not told.endswith(b"\r\n.\r\n") and told != b".\r\n":
                self._left = told[-4:]
                return
            self._text = False
            self._out.write(b"250 taken\r\n")
            return
        *lines, self._left = told.split(b"\r\n")
        for line in lines:
            verb = line[:4].upper()
            self._text = verb == b"DATA"
            self._out.write(ANSWERS.get(verb, b"250 fine\r\n"))


class Taking:
    """What aiosmtpd asks."""

    async def handle_DATA(self, *_: Any) -> str:
        return "250 taken"


def sink(told: Any, real: bool = False) -> None:
    """The least that a mail server can do, or aiosmtpd, which does all of it."""

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        make = partial(SMTP, Taking(), loop=loop, hostname="sink") if real else Sink
        server = await loop.create_server(make, "127.0.0.1", 0)
        told.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def filled(folder: Path, n: int, port: int, signed: bool) -> Shop:
    """A shop in which as many are about to get the mail."""
    shop = Shop.create(folder / "shop")
    file = folder / "people.csv"
    rows = (f"c{k},c{k}@b.fr,Name{k},Paris,yes\n" for k in range(n))
    file.write_text("customer,email,first_name,city,email opt-in\n" + "".join(rows))
    shop.import_file(file)
    with (shop.directory / "habitue.toml").open("a") as settings:
        settings.write('url = "https://crm.shop.fr"\n')
    key: dict[str, Any] = {"dkim_selector": "s1", "dkim_key": _key()} if signed else {}
    shop.set_mail(
        Settings("127.0.0.1", "Shop <a@shop.fr>", port, "none", connections=CONNECTIONS, **key), "bench"
    )
    shop.set_sending_rules(Rules(), "bench")
    version = shop.publish_template(Template("harvest", {"en": PAGE})).kept.version
    people = shop.warehouse.read("SELECT person FROM person ORDER BY 1")["person"].to_pylist()
    now = clock.now()
    like = Wanted(origin="broadcast:1", run="-", person=0, channel="email", template=version, due=now)
    with shop.ops.begin() as tx:
        outbox.put_many(tx, like, people, [str(one) for one in people], now)
    return shop


def _key() -> str:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return rsa.generate_private_key(65537, 2048).private_bytes(*form).decode()


def ours(shop: Shop) -> tuple[int, float]:
    """How many left, and in how many seconds."""
    sender, began = shop.outgoing(1), time.perf_counter()
    while sender.round():
        pass
    seconds = time.perf_counter() - began
    sender.close()
    with shop.ops.read() as tx:
        told = outbox.tally(tx, "broadcast:1")
    return sum(n for (_, state, _), n in told.items() if state == "sent"), seconds


def theirs(mails: Sequence[bytes], port: int, n: int) -> float:
    """The seconds that smtplib takes for as many of these, with as many connections."""

    def work(share: int) -> None:
        smtp = smtplib.SMTP("127.0.0.1", port)
        for k in range(share):
            smtp.sendmail("a@shop.fr", [f"c{k}@b.fr"], mails[k % len(mails)])
        smtp.quit()

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(work, [n // CONNECTIONS] * CONNECTIONS))
    return time.perf_counter() - began


def cores() -> float:
    """Seconds of the processor's time of this process and of those it began that are over."""
    return sum(
        sum(resource.getrusage(whose)[:2]) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def bytes_of(shop: Shop, n: int = 200) -> list[bytes]:
    """Some of the mails as they leave."""
    way = shop.ways()["email"]
    assert isinstance(way, email_smtp.Relay)
    door = shop.outgoing(1)
    batch = door._door.take(1, "bench", ("email",), clock.now(), n, clock.MINUTE)
    assert batch is not None
    session = email_smtp.Connection(way)
    taken = [session._made(door._letter(batch, row))[0] for row in batch.rows]
    with shop.ops.begin() as tx:
        messages.release(tx, batch.token, [row.id for row in batch.rows], clock.now())
    door.close()
    return taken


def main(n: int, signed: bool, real: bool) -> None:
    told: Any = multiprocessing.Queue()
    server = multiprocessing.Process(target=sink, args=(told, real), daemon=True)
    server.start()
    port = told.get()
    with TemporaryDirectory() as name, filled(Path(name), n, port, signed) as shop:
        mails = bytes_of(shop)
        start = cores()
        before = theirs(mails, port, n // 2)
        began = cores()
        sent, seconds = ours(shop)
        cpu, alone = cores() - began, began - start
        after = theirs(mails, port, n // 2)
    server.terminate()
    speed, plain = sent / seconds, n / (before + after)
    size = sum(map(len, mails)) // len(mails)
    what = f"{sent} of {n} mails of {size} bytes{', signed' if signed else ''}"
    print(f"{what}: {speed:,.0f} a second (target: 1,500), {cpu / sent * 1e6:,.0f} µs of a core each")
    each = f"{alone / (n // 2) * 1e6:,.0f} µs of a core each"
    print(f"smtplib alone, the same bytes: {plain:,.0f} a second, {each}")
    print(f"ratio {speed / plain:.2f} (target: 0.5)")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    main(numbers[0] if numbers else MAILS, "--dkim" in sys.argv, "--aiosmtpd" in sys.argv)
