"""The pictures, as Vega-Lite specs in plain dicts.

Numbers come laid out and words come said, so that any renderer draws them alike. Text and grid take their
colours from the renderer's configuration (the page's tokens, light or dark).
"""

from habitue.web.charts.area import stacked
from habitue.web.charts.funnel import Bar, funnel
from habitue.web.charts.interval import Estimate, intervals
from habitue.web.charts.limits import limited
from habitue.web.charts.line import spark, survival, thinned
from habitue.web.charts.pair import pair
from habitue.web.charts.sankey import Link, Node, flow
from habitue.web.charts.spec import ACCENT, Series, Spec

__all__ = [
    "ACCENT",
    "Bar",
    "Estimate",
    "Link",
    "Node",
    "Series",
    "Spec",
    "flow",
    "funnel",
    "intervals",
    "limited",
    "pair",
    "spark",
    "stacked",
    "survival",
    "thinned",
]
