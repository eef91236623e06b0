"""A working copy of any size, made by SQL: the same events for the same numbers, clustered by customer.

One event in five is an order of 5 to 100, three in ten are opened e-mails, the rest are visits; each
customer's events are spread over three years.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from habitue.engine.plan import Definition
from habitue.kernel.clock import DAY, instant
from habitue.rules.text import parse
from habitue.store.warehouse import Warehouse

START: Final = instant("2020-01-01")
DAYS: Final = 1095
NOW: Final = START + DAYS * DAY

NAMES: Final = ("Order Completed", "Email Opened", "Page Viewed", "Product Viewed", "Product Added")
ORDER, OPENED = 1, 2

SEGMENT: Final = Definition(
    version=2,
    kind="segment",
    id="worth",
    subject="person",
    values=("in",),
    rules=(
        parse(
            'count("Order Completed", within="90d") >= 3 and '
            'sum("Order Completed", props.revenue, within="365d") >= 500 and '
            'count("Email Opened", within="30d") == 0'
        ),
    ),
)

MODEL: Final = Definition(
    version=1,
    kind="model",
    id="transactional",
    subject="person",
    values=("new", "active", "dormant", "lost"),
    rules=(
        parse('count("Order Completed") == 1 and days_since_first("Order Completed") <= 30'),
        parse('days_since_last("Order Completed") <= 90'),
        parse('days_since_last("Order Completed") <= 365'),
        None,
    ),
    population=parse('ever("Order Completed")'),
    terminal=frozenset({3}),
)


def make(path: Path, customers: int, each: int, from_customer: int = 0, told: str = "'{}'") -> None:
    """Append `customers` with `each` events to the working copy at `path`, created if need be.

    `told` is what an event says more, in SQL.
    """
    warehouse = Warehouse.open(path)
    step = DAYS * DAY // each
    with warehouse.write() as writer:
        if from_customer == 0:
            for code, name in enumerate(NAMES, start=1):
                writer.run("INSERT INTO event_name VALUES (?, ?)", (code, name))
        writer.run(
            f"""
            INSERT INTO event_base
            SELECT ({from_customer} + i // {each})::INTEGER, NULL,
                   make_timestamp({START} + (i % {each}) * {step} + (hash(i) % {step})::BIGINT),
                   CASE WHEN dice < 2 THEN 1 WHEN dice < 5 THEN 2 ELSE 3 + dice % 3 END,
                   CASE WHEN dice < 2 THEN 500 + (hash(i + 3) % 9500)::BIGINT END,
                   {told}, i, NULL, ({from_customer} + i // {each})::INTEGER
            FROM (SELECT i, (hash(i + 7) % 10)::INTEGER AS dice FROM range({customers * each}) t(i))
            """
        )
        writer.run(
            f"""
            INSERT INTO person
            SELECT {from_customer} + i, 'user:' || ({from_customer} + i), make_timestamp({START})
            FROM range({customers}) t(i)
            """
        )
    warehouse.checkpoint()
    warehouse.close()
