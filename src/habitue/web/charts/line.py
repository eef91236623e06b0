"""Lines: how long stays last."""

from __future__ import annotations

from collections.abc import Sequence

from habitue.web.charts.spec import SCHEMA, Series, Spec


def survival(series: Sequence[Series], unit: str, share: str) -> Spec:
    """Falling steps: x in days, y the share of stays that still last."""
    rows = [
        {
            "n": one.name,
            "c": one.colour,
            "x": [x for x, _ in one.points],
            "y": [round(y, 4) for _, y in one.points],
        }
        for one in series
    ]
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": 280,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": rows},
        "transform": [{"flatten": ["x", "y"]}],
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2.25, "clip": True},
        "encoding": {
            "x": {
                "field": "x",
                "type": "quantitative",
                "title": unit,
                "axis": {"grid": False, "tickCount": 6, "format": ",d"},
                "scale": {"nice": False},
            },
            "y": {
                "field": "y",
                "type": "quantitative",
                "title": share,
                "axis": {"format": "~%", "tickCount": 5},
                "scale": {"domain": [0, 1]},
            },
            "color": {"field": "c", "type": "nominal", "scale": None},
            "detail": {"field": "n"},
            "tooltip": {"field": "n"},
        },
    }


def thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most about so many of the points, spread evenly over them; the first and the last stay."""
    step = max(1, len(points) // most)
    return [*points[:-1:step], points[-1]]


def spark(counts: Sequence[int]) -> str:
    """The points of a small line 100 wide and 30 high, for an SVG `polyline`."""
    top, low = max(counts, default=0), min(counts, default=0)
    step = 100 / max(len(counts) - 1, 1)
    height = max(top - low, top * 0.15, 1)
    return " ".join(f"{i * step:.1f},{26 - 22 * (n - low) / height:.1f}" for i, n in enumerate(counts))
