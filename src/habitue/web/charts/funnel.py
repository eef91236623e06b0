"""How many came how far: a bar for each step, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from habitue.web.charts.spec import SCHEMA, Spec

_ROW = 34


class Bar(Struct, frozen=True):
    """A step: its name, how many came, how many of them are still there, and each in words."""

    name: str
    n: int
    there: int
    said: str
    tip: str


def funnel(bars: Sequence[Bar], colour: str) -> Spec:
    """A bar for each, in their order; the part of those who are still there is lighter."""
    rows = [
        {"n": f"{at}\0{one.name}", "v": one.n - one.there, "w": one.n, "said": one.said, "tip": one.tip}
        for at, one in enumerate(bars)
    ]
    y = {
        "field": "n",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {
            "domain": False,
            "ticks": False,
            "labelLimit": {"expr": "width < 420 ? 110 : 260"},
            "labelPadding": 8,
            "labelExpr": "split(datum.label, '\\u0000')[1]",
        },
    }
    x = {"type": "quantitative", "title": None, "axis": None, "scale": {"nice": False}}
    tip = {"tooltip": {"field": "tip"}}
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": _ROW * max(len(bars), 1),
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"right": 56},
        "data": {"values": rows},
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 4, "height": 20, "color": colour, "opacity": 0.35},
                "encoding": {"x": {"field": "w", **x}, **tip},
            },
            {
                "mark": {"type": "bar", "height": 20, "color": colour},
                "encoding": {"x": {"field": "v", **x}, **tip},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "baseline": "middle"},
                "encoding": {"x": {"field": "w", **x}, "text": {"field": "said"}},
            },
        ],
    }
