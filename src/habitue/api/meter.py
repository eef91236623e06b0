"""Figures for Prometheus: what came in, what waits, and how far behind the stages are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import SECOND


class Meter:
    """Counts since the server began: answers of the door by status, events taken and refused."""

    def __init__(self) -> None:
        self.answers: Counter[int] = Counter()
        self.taken = 0
        self.refused = 0


@get("/metrics", sync_to_thread=True, include_in_schema=False)
def show(shop: NamedDependency[Shop], meter: NamedDependency[Meter]) -> Response[str]:
    """The text format of Prometheus, version 0.0.4."""
    text = "".join(f"{line}\n" for line in _lines(shop, meter))
    return Response(text, media_type="text/plain; version=0.0.4")


def _lines(shop: Shop, meter: Meter) -> Iterator[str]:
    behind = shop.behind()
    yield from _one(
        "habitue_lag_seconds", "gauge", "Since when the oldest event waits.", behind.since / SECOND
    )
    yield from _one("habitue_inbox_events", "gauge", "Events that wait.", behind.events)
    yield from _many(
        "habitue_refused_events", "gauge", "Refused events to be looked at.", "reason", behind.refused
    )
    yield from _one("habitue_generation", "counter", "Refreshes since the start.", shop.generation)
    yield from _one("habitue_taken_total", "counter", "Events acknowledged.", meter.taken)
    yield from _one("habitue_refused_total", "counter", "Events refused.", meter.refused)
    yield from _many(
        "habitue_reports_total", "counter", "What providers told of messages.", "outcome", shop.reported
    )
    yield from _one("habitue_time_seconds", "gauge", "The server's clock.", clock.now() / SECOND)
    yield from _many(
        "habitue_answers_total",
        "counter",
        "Requests with events, by the status of their answer.",
        "status",
        meter.answers,
    )


def _one(name: str, kind: str, about: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value:.10g}"


def _many(name: str, kind: str, about: str, label: str, values: Mapping[Any, int]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for value, n in sorted(values.items()):
        yield f'{name}{{{label}="{value}"}} {n}'
