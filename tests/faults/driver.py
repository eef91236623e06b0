"""A workspace driven act by act in a process that may be killed; and in plain Python what its files say.

A step is what a kill must not tear: a transaction of a database, just before and just after its commit, and
an append to the log.
"""

from __future__ import annotations

import csv
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from habitue.app import Settings, Shop
from habitue.engine.compile import program
from habitue.engine.plan import Book, Definition
from habitue.engine.source import Known
from habitue.ingest import loader
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from habitue.rules.text import parse
from habitue.store.log import EventLog
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse
from tests.ingest.stores import parcel

SEED: Final = 20261122
START: Final = clock.instant("2025-03-01")
PEOPLE: Final = 30
SMALL: Final = ((import_module("habitue.ingest.files.parcels"), "CHUNK", 40), (loader, "BATCH", 70))
"""So that these files are held in several chunks, and loaded by several appends to the log."""

RULE: Final = 'count("Order Completed", within="90d") >= 2 and never("Order Refunded")'
REGULARS: Final = Definition(1, "segment", "regulars", "person", ("in",), (parse(RULE),))
program(REGULARS, Known({}, Book.of([REGULARS]), 2))  # Once, so that no process forked from here loads Numba.


class Event(NamedTuple):
    """An order or a refund as a row tells it; `cents` is negative for a refund."""

    customer: str
    name: str
    order: str
    ts: int
    cents: int


@dataclass(frozen=True)
class Act:
    """Something done to a workspace at an instant: a file imported, live orders put, or only a refresh."""

    word: str
    now: int
    file: str = ""
    events: tuple[Event, ...] = ()

    def do(self, shop: Shop, folder: Path) -> None:
        """Do it; files are in `folder`."""
        if self.word == "import":
            shop.import_file(folder / self.file, now=self.now)
        elif self.word == "put":
            shop.put([parcel("live", *map(_live, self.events), history=False)], self.now)
        else:
            shop.refresh(self.now)


def script() -> list[Act]:
    """Orders, live orders, time passing, refunds and late orders, the first file again, time passing."""
    random = Random(SEED)
    orders = [_order(random, f"A{n}", START - 400 * DAY, START) for n in range(110)]
    live = [_order(random, f"L{n}", START, START + 10 * DAY) for n in range(15)]
    late = [_order(random, f"B{n}", START - 200 * DAY, START + 60 * DAY) for n in range(60)]
    refunds = [
        e._replace(name="Order Refunded", ts=e.ts + DAY, cents=-e.cents) for e in random.sample(orders, 20)
    ]
    again = random.sample(orders, 15)
    later = random.sample(late + refunds + again, 95)
    return [
        Act("import", START, "orders.csv", tuple(orders)),
        Act("put", START + 10 * DAY, events=tuple(live)),
        Act("refresh", START + 40 * DAY),
        Act("import", START + 61 * DAY, "later.csv", tuple(later)),
        Act("import", START + 100 * DAY, "orders.csv", tuple(orders)),
        Act("refresh", START + 200 * DAY),
    ]


def write(acts: Iterable[Act], folder: Path) -> None:
    """The files that the acts import."""
    for act in acts:
        if act.file:
            with (folder / act.file).open("w", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(["order id", "customer", "date", "total", "type"])
                rows.writerows(map(_row, act.events))


def told(acts: Iterable[Act]) -> Counter[Event]:
    """What must be in a workspace after these acts: each order and each refund once, as told first."""
    first: dict[tuple[str, str], Event] = {}
    for act in acts:
        for event in act.events:
            first.setdefault((event.name, event.order), event)
    return Counter(first.values())


def make(place: Path) -> None:
    """An empty workspace with a stage model and a segment."""
    with Shop.create(place, Settings(timezone="UTC"), now=START) as shop:
        shop.save_segment("regulars", RULE, START)


@contextmanager
def opened(place: Path, now: int) -> Iterator[Shop]:
    """The workspace, opened at that instant by the clock."""
    with ExitStack() as stack:
        for owner, name, value in (*SMALL, (clock, "now", lambda: now)):
            stack.enter_context(patch.object(owner, name, value))
        yield stack.enter_context(Shop.open(place))


def work(place: Path, folder: Path, first: int, last: int, die_at: int, tell: Connection) -> None:
    """Do the acts from `first` to before `last`, telling each one's number when it is done, then the steps.

    At step `die_at` the process kills itself.
    """
    acts = script()
    with counted(die_at) as steps:
        with opened(place, acts[first].now) as shop:
            for number in range(first, last):
                acts[number].do(shop, folder)
                tell.send(("done", number))
        tell.send(("steps", steps()))


@contextmanager
def counted(die_at: int) -> Iterator[Callable[[], int]]:
    """Count steps; only for a process of its own, whose end undoes the wrapping."""
    passed = 0

    def step() -> None:
        nonlocal passed
        passed += 1
        if passed == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(whole: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **named: Any) -> Any:
            step()
            done = whole(*args, **named)
            step()
            return done

        return stepped

    def within(whole: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def stepped(*args: Any, **named: Any) -> Iterator[Any]:
            with whole(*args, **named) as tx:
                yield tx
                step()
            step()

        return stepped

    with (
        patch.object(Ops, "begin", within(Ops.begin)),
        patch.object(Warehouse, "write", within(Warehouse.write)),
        patch.object(EventLog, "append", around(EventLog.append)),
    ):
        yield lambda: passed


def _order(random: Random, order: str, start: int, stop: int) -> Event:
    ts = random.randrange(start, stop) // clock.SECOND * clock.SECOND
    return Event(f"c-{random.randrange(PEOPLE)}", "Order Completed", order, ts, random.randrange(10_000))


def _row(event: Event) -> tuple[str, str, str, str, str]:
    """As a file tells it; every third order in another spelling of the customer."""
    customer = event.customer.upper() if int(event.order[1:]) % 3 == 0 else event.customer
    moment = datetime.fromtimestamp(event.ts / clock.SECOND, UTC).replace(tzinfo=None).isoformat()
    amount = f"{abs(event.cents) // 100}.{abs(event.cents) % 100:02d}"
    return event.order, customer, moment, amount, "refund" if event.cents < 0 else "sale"


def _live(event: Event) -> dict[str, object]:
    props = f'{{"order_id": "{event.order}"}}'
    return {
        "id": event.order,
        "key": f"user:{event.customer}",
        "ts": event.ts,
        "revenue": event.cents,
        "props": props,
    }
