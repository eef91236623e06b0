"""From an order to the mail that thanks for it: `python -m benchmarks.thanks [SHOP] [SECONDS] [PER SECOND]`.

The real server with its keeper and its postmen, a journey that thanks for each order by a marketing mail (all
guards), and another process that takes the mails and notes when. Orders come in by HTTP, one at a time and
evenly, each of another customer of a million. The shop is that of `benchmarks.stocked`, made first where it
is not there; a copy is served and thrown away.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import shutil
import sys
import time
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.request import Request, urlopen

import numpy as np

from benchmarks.mail import PARAGRAPH, Sink
from benchmarks.stocked import MILLION, mailing, placed, since
from habitue.app import Shop
from habitue.app.keeper import Keeper
from habitue.app.postman import Postman
from habitue.engine.sweep import ready as compiled
from habitue.journeys.reading import from_text
from habitue.kernel import clock
from habitue.messaging.rules import Rules
from habitue.server import serve
from habitue.templates.shape import Template, Text

SECONDS: Final = 60.0
RATE: Final = 5.0
WANTED: Final = 3.0
WARM: Final = 50
"""Orders that are not counted: what is compiled and read once is, then."""
PATIENCE: Final = 30.0
"""Seconds that the last mails are waited for."""

JOURNEY: Final = """
id = "thanks"
again = "always"
entry = { is = "event", event = "Order Completed", key = "order_id" }
[[steps]]
id = "thanks"
is = "send"
template = "order"
"""
MAIL: Final = Text(
    "<!doctype html><html><body><h1>Thank you, {{ customer.first_name }}</h1><p>{{ event.order_id }}</p>"
    + "".join(PARAGRAPH % n for n in range(8)).replace("{{ customer.city }}", "Assam")
    + '<p><a href="{{ links.unsubscribe }}">No more of these</a></p></body></html>',
    subject="Your order {{ event.order_id }}",
    form="html",
)


def mails(port: Any, came: Any) -> None:
    """A mail server that notes when whose mail was taken."""

    class Noting(Sink):
        def data_received(self, data: bytes) -> None:
            to = re.search(rb"RCPT TO:<c(\d+)@", data)
            self.to = int(to[1]) if to else getattr(self, "to", -1)
            inside = self._text
            super().data_received(data)
            if inside and not self._text:
                came.put((self.to, time.time()))

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Noting, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def shop(place: Path, began: int, ready: Any) -> None:
    """The server as `habitue serve` runs it."""
    since(began)
    compiled()
    with Shop.open(place) as opened:
        postmen = [Postman(opened, lane) for lane in (0, 1)]
        keeper = Keeper(opened, told=[postman.wake for postman in postmen])
        for thread in (keeper, *postmen):
            thread.start()
        serve(opened, port=9140, ready=ready.put, arrived=keeper.wake)


def order(url: str, key: str, customer: int) -> None:
    told = {
        "userId": str(customer),
        "messageId": f"order-{customer}",
        "event": "Order Completed",
        "properties": {"order_id": f"N{customer}", "revenue": 49.9, "currency": "EUR"},
    }
    head = {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}
    head["Content-Type"] = "application/json"
    with urlopen(Request(f"{url}v1/track", json.dumps(told).encode(), head)) as answer:
        answer.read()


def cores(pid: int) -> float:
    """Seconds of the processor's time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main() -> None:
    words = [float(word) for word in sys.argv[2:]]
    seconds, rate = (*words, *(SECONDS, RATE)[len(words) :])
    fresh = multiprocessing.get_context("spawn")
    port, ready, came = fresh.Queue(), fresh.Queue(), fresh.Queue()
    sink = fresh.Process(target=mails, args=(port, came), daemon=True)
    sink.start()
    with placed() as made, TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place, began = Path(folder) / "shop", clock.now()
        shutil.copytree(made, place)
        since(began)
        with Shop.open(place) as opened:
            mailing(opened, port.get())
            opened.set_sending_rules(Rules(), "bench")
            opened.publish_template(Template("order", {"en": MAIL}))
            opened.publish_journey(from_text(JOURNEY)[0], "bench")
            key = opened.add_source("bench").write_key
        server = fresh.Process(target=shop, args=(place, began, ready))
        server.start()
        url = ready.get()
        sent = stream(url, key, seconds, rate, server.pid or 0)
        found = taken(came, set(sent))
        server.terminate()
        server.join()
    sink.terminate()
    told([found.get(one, float("inf")) - at for one, at in sent.items()], rate)


def stream(url: str, key: str, seconds: float, rate: float, pid: int) -> dict[int, float]:
    """Send evenly, each order of a customer who agrees; when each was sent, but the first."""
    sent: dict[int, float] = {}
    dice, many = np.random.default_rng(5), WARM + int(seconds * rate)
    whose = dice.permutation(MILLION // 10)[:many] * 10
    began = time.perf_counter()
    for n, customer in enumerate(whose.tolist()):
        time.sleep(max(0.0, began + n / rate - time.perf_counter()))
        if n == WARM:
            cpu = cores(pid)
        sent[customer] = time.time()
        order(url, key, customer)
    print(f"     the server took {(cores(pid) - cpu) / seconds:.2f} of a core meanwhile")
    return dict([*sent.items()][WARM:])


def taken(came: Any, wanted: set[int]) -> dict[int, float]:
    """When whose mail was taken; those that are missing after a while never were."""
    found: dict[int, float] = {}
    until = time.monotonic() + PATIENCE
    while wanted - found.keys() and time.monotonic() < until:
        while not came.empty():
            customer, at = came.get()
            found.setdefault(customer, at)
        time.sleep(0.1)
    return found


def told(took: list[float], rate: float) -> None:
    lost = sum(one == float("inf") for one in took)
    p50, p95, most = np.quantile(took, (0.5, 0.95, 1.0))
    mark = "ok  " if p95 <= WANTED and not lost else "MISS"
    print(
        f"{mark} order to thanks, {len(took)} orders at {rate:g}/s among {MILLION:,} customers: "
        f"p50 {p50:.2f} s, p95 {p95:.2f} s, most {most:.2f} s, {lost} lost (target: p95 ≤ {WANTED:.0f} s; "
        f"ratio {p95 / WANTED:.2f})"
    )


if __name__ == "__main__":
    main()
