"""Who went where: two columns of stages, and a ribbon for each pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from habitue.web.charts.spec import SCHEMA, Spec

_HEIGHT: Final = 400
_GAP: Final = 16
_NODE: Final = 12
_NARROW: Final = "width < 520"
"""Where there is no room beside the columns the labels stand between them, on the ribbons."""

_BEND: Final = (0, 0.14, 0.86, 1)
"""Where a ribbon's points lie from left to right: level at both ends, one S between."""


class Node(Struct, frozen=True):
    """A stage on one side of the flow: its name, and how many people as said."""

    key: int
    name: str
    count: str
    colour: str

    @property
    def label(self) -> str:
        return f"{self.name}\N{EN SPACE}{self.count}"


class Link(Struct, frozen=True):
    """`n` people from a node on the left to a node on the right; `tip` on hover, `url` on click."""

    source: int
    target: int
    n: int
    tip: str
    url: str


def flow(left: Sequence[Node], right: Sequence[Node], links: Sequence[Link]) -> Spec:
    """A Sankey diagram of two columns, nodes from top to bottom as given; one without people is left out."""
    order = [{node.key: i for i, node in enumerate(side)} for side in (left, right)]
    links = sorted(links, key=lambda link: (order[0][link.source], order[1][link.target]))
    out, into = Counter[int](), Counter[int]()
    for link in links:
        out[link.source] += link.n
        into[link.target] += link.n
    unit = (_HEIGHT - _GAP * (max(len(out), len(into)) - 1)) / max(out.total(), 1)
    tops, ends = _tops(left, out, unit), _tops(right, into, unit)
    labels = (
        [node.label for node in left if node.key in tops],
        [node.label for node in right if node.key in ends],
    )
    widths = [26 + round(6.7 * max(map(len, side), default=0)) for side in labels]
    near, far = (f"({_NARROW} ? {_NODE} : {width})" for width in widths)
    ends_at = f"(width - {far})"
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": _HEIGHT,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 0, "right": 0, "top": 4, "bottom": 4},
        "layer": [
            _ribbons(
                links, dict(tops), dict(ends), unit, {node.key: node.colour for node in left}, near, ends_at
            ),
            *_column(left, tops, out, unit, near, -1),
            *_column(right, ends, into, unit, ends_at, 1, frozenset(tops), f"width < {_both(labels)}"),
        ],
    }


def _both(labels: Sequence[Sequence[str]]) -> int:
    """How wide the picture must be for the longest labels of both sides to stand between the columns."""
    return 36 + round(6.1 * sum(max(map(len, side), default=0) for side in labels))


def _tops(nodes: Sequence[Node], sizes: Counter[int], unit: float) -> dict[int, float]:
    """The upper edge of each node that has people; the column stands in the middle."""
    kept = [node.key for node in nodes if sizes[node.key]]
    y = (_HEIGHT - sizes.total() * unit - _GAP * (len(kept) - 1)) / 2
    tops = {}
    for key in kept:
        tops[key] = y
        y += sizes[key] * unit + _GAP
    return tops


def _ribbons(
    links: Sequence[Link],
    tops: dict[int, float],
    ends: dict[int, float],
    unit: float,
    colours: dict[int, str],
    near: str,
    far: str,
) -> Spec:
    values = []
    for i, link in enumerate(links):
        thick = link.n * unit
        a, b = tops[link.source], ends[link.target]
        tops[link.source] += thick
        ends[link.target] += thick
        upper = [round(y, 2) for y in (a, a, b, b)]
        lower = [round(y + max(thick, 0.75), 2) for y in (a, a, b, b)]
        values.append(
            {
                "k": i,
                "x": _BEND,
                "y": upper,
                "z": lower,
                "c": colours[link.source],
                "tip": link.tip,
                "url": link.url,
            }
        )
    return {
        "data": {"values": values},
        "transform": [{"flatten": ["x", "y", "z"]}],
        "params": [
            {
                "name": "near",
                "select": {"type": "point", "fields": ["k"], "on": "pointerover", "clear": "pointerout"},
            }
        ],
        "mark": {"type": "area", "interpolate": "monotone", "cursor": "pointer"},
        "encoding": {
            "x": {
                "field": "x",
                "type": "quantitative",
                "axis": None,
                "scale": {"domain": [0, 1], "range": [{"expr": near}, {"expr": far}]},
            },
            "y": _down("y"),
            "y2": {"field": "z"},
            "detail": {"field": "k"},
            "color": {"field": "c", "type": "nominal", "scale": None},
            "fillOpacity": {"condition": {"param": "near", "empty": False, "value": 0.72}, "value": 0.34},
            "tooltip": {"field": "tip"},
            "href": {"field": "url"},
        },
    }


def _column(
    nodes: Sequence[Node],
    tops: dict[int, float],
    sizes: Counter[int],
    unit: float,
    x: str,
    way: int,
    named: frozenset[int] = frozenset(),
    tight: str = "false",
) -> list[Spec]:
    """The nodes' bars outward from `x`, and their labels beyond, or inward where there is no room.

    Where it is too `tight` for both sides, those `named` already need only a number.
    """
    values = [
        {
            "y": round(tops[node.key], 2),
            "z": round(tops[node.key] + max(sizes[node.key] * unit, 1.5), 2),
            "m": round(tops[node.key] + sizes[node.key] * unit / 2, 2),
            "c": node.colour,
            "label": node.label,
            "brief": node.count if node.key in named else node.label,
        }
        for node in nodes
        if node.key in tops
    ]
    bars = {
        "mark": {"type": "rect", "cornerRadius": 2},
        "encoding": {
            "x": {"value": {"expr": x}},
            "x2": {"value": {"expr": f"{x} + {way * _NODE}"}},
            "y": _down("y"),
            "y2": {"field": "z"},
            "color": {"field": "c", "type": "nominal", "scale": None},
        },
    }
    inside, outside = ("left", "right") if way < 0 else ("right", "left")
    words = {
        "mark": {
            "type": "text",
            "align": {"expr": f"{_NARROW} ? '{inside}' : '{outside}'"},
            "baseline": "middle",
            "fontSize": {"expr": f"{_NARROW} ? 11 : 12.5"},
            "fontWeight": 500,
        },
        "encoding": {
            "x": {"value": {"expr": f"{x} + ({_NARROW} ? {-way * 6} : {way * (_NODE + 8)})"}},
            "y": _down("m"),
            "text": {"condition": {"test": tight, "field": "brief"}, "field": "label"},
        },
    }
    return [{"data": {"values": values}, **layer} for layer in (bars, words)]


def _down(field: str) -> Spec:
    """A position in pixels from the top."""
    scale = {"domain": [0, _HEIGHT], "range": [0, _HEIGHT], "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "axis": None, "scale": scale}
