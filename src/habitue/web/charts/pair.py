"""The same figure twice: as it is, and as it would be."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Final

from habitue.web.charts.area import pointer
from habitue.web.charts.spec import SCHEMA, Spec, quoted

_HEIGHT: Final = 132


def pair(
    old: Sequence[float],
    new: Sequence[float],
    colour: str,
    ticks: Sequence[str],
    tips: Sequence[str],
    share: bool = False,
) -> Spec:
    """Two lines over the same months, shaded between: `old` thin and dashed, `new` in its `colour`.

    `ticks[x]` says a month on the axis, `tips[x]` tells both under the pointer; a `share` is read in percent.
    What is NaN is left out.
    """
    last = len(ticks) - 1
    rows = [
        {"x": x, "o": a, "n": b} for x, (a, b) in enumerate(zip(old, new, strict=True)) if not isnan(a + b)
    ]
    x = {
        "field": "x",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, last], "nice": False},
        "axis": {
            "grid": False,
            "values": [0, last],
            "labelExpr": f"{quoted(ticks)}[datum.value]",
            "labelFlush": True,
        },
    }
    least = min((min(row["o"], row["n"]) for row in rows), default=0)
    most = max((max(row["o"], row["n"]) for row in rows), default=1)
    scale = {"zero": least < 0.6 * most, "nice": True}
    axis = {"tickCount": 3, "format": "~%" if share else "~s" if most >= 10_000 else ",~r"}
    y = {"type": "quantitative", "title": None, "axis": axis, "scale": scale}
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": _HEIGHT,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "encoding": {"x": x},
        "layer": [
            {
                "data": {"values": rows},
                "encoding": {"y": {"field": "o", **y}},
                "layer": [
                    {
                        "mark": {"type": "area", "color": colour, "opacity": 0.16},
                        "encoding": {"y2": {"field": "n"}},
                    },
                    {"mark": {"type": "line", "strokeWidth": 1.5, "strokeDash": [4, 3], "color": "#94a3b8"}},
                    {
                        "mark": {"type": "line", "strokeWidth": 2.25, "color": colour},
                        "encoding": {"y": {"field": "n", **y}},
                    },
                ],
            },
            pointer(tips),
        ],
    }
