"""A share day by day, beside the limits that it should stay under."""

from __future__ import annotations

from collections.abc import Sequence

from habitue.web.charts.area import pointer
from habitue.web.charts.spec import SCHEMA, Spec, quoted


def limited(
    shares: Sequence[float | None],
    ticks: Sequence[str],
    tips: Sequence[str],
    limits: Sequence[tuple[float, str, str]],
    colour: str,
) -> Spec:
    """Points and a line of the days that have any; each limit is a share, its words and its colour.

    What is far beyond the limits stands at the upper edge: they must not lie on each other.
    """
    last = max(len(ticks) - 1, 1)
    most = max(limit for limit, *_ in limits)
    top = min(max([most, *filter(None, shares)]) * 1.2, 3 * most)
    rows = [{"x": x, "v": min(share, top)} for x, share in enumerate(shares) if share is not None]
    x = {
        "field": "x",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, last], "nice": False},
        "axis": {
            "grid": False,
            "values": [0, last // 2, last],
            "labelExpr": f"{quoted(ticks)}[datum.value]",
            "labelFlush": True,
        },
    }
    scale = {"domain": [0, top], "nice": False}
    y = {"type": "quantitative", "title": None, "axis": {"tickCount": 4, "format": ".1%"}, "scale": scale}
    drawn = {"data": {"values": rows}, "encoding": {"y": {"field": "v", **y}}}
    lines = [
        {"data": {"values": [{"y": limit, "said": said, "c": tone}]}, "limit": limit}
        for limit, said, tone in limits
    ]
    layer: list[Spec] = []
    for one in lines:
        at = {"y": {"field": "y", **y}, "color": {"field": "c", "type": "nominal", "scale": None}}
        layer.append(
            {
                "data": one["data"],
                "encoding": at,
                "layer": [
                    {"mark": {"type": "rule", "strokeDash": [5, 4]}, "encoding": {"x": None}},
                    {
                        "mark": {
                            "type": "text",
                            "align": "right",
                            "baseline": "bottom",
                            "dy": -3,
                            "dx": -2,
                            "fontSize": 11,
                        },
                        "encoding": {"text": {"field": "said"}, "x": {"value": {"expr": "width"}}},
                    },
                ],
            }
        )
    layer.append(
        {**drawn, "mark": {"type": "line", "color": colour, "strokeWidth": 2, "point": {"color": colour}}}
    )
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": 200,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "encoding": {"x": x},
        "layer": [*layer, pointer(tips)],
    }
