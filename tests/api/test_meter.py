"""The figures for Prometheus."""

from __future__ import annotations

import re

import httpx

from tests.api.door import NOW, Served, served, track

__all__ = ["served"]


def figures(served: Served) -> dict[str, float]:
    answer = httpx.get(f"{served.url}/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r'habitue_[a-z_]+(\{[a-z]+="[\w-]+"\})? -?[\d.e+-]+', line) for line in lines)
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_what_waits_and_for_how_long_is_told_until_it_is_taken_in(served: Served) -> None:
    assert figures(served)["habitue_lag_seconds"] == 0
    served.post("batch", {"batch": [track(), track(userId="undefined")]})
    served.post("track", track(), auth=("nobody", ""))
    found = figures(served)
    assert found["habitue_inbox_events"] == 1
    assert found["habitue_lag_seconds"] > 0
    assert found['habitue_refused_events{reason="nobody"}'] == 1
    assert (found["habitue_taken_total"], found["habitue_refused_total"]) == (1, 1)
    assert found['habitue_answers_total{status="200"}'] == 1
    assert found['habitue_answers_total{status="401"}'] == 1
    served.shop.refresh(NOW)
    found = figures(served)
    assert (found["habitue_inbox_events"], found["habitue_lag_seconds"]) == (0, 0)
    assert found["habitue_generation"] > 0
