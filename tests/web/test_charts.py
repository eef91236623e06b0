"""The flow picture keeps every person: what leaves on the left arrives on the right, nothing overlaps."""

from __future__ import annotations

import json
from itertools import pairwise

import vl_convert
from hypothesis import given
from hypothesis import strategies as st

from habitue.web.charts import Link, Node, Series, Spec, flow, spark, stacked, survival, thinned

STAGES = [Node(key, f"stage {key} with a name", "1,234", "#22c55e") for key in range(6)]
LINKS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(1, 10**7), min_size=1, max_size=36
)


def drawn(moves: dict[tuple[int, int], int]) -> Spec:
    return flow(STAGES, STAGES, [Link(a, b, n, f"{a}-{b}", "/") for (a, b), n in moves.items()])


@given(LINKS)
def test_every_ribbon_is_as_thick_as_its_number_and_inside_the_picture(
    moves: dict[tuple[int, int], int],
) -> None:
    spec = drawn(moves)
    ribbons = spec["layer"][0]["data"]["values"]
    total = sum(moves.values())
    column = 400 - 16 * (max(len({a for a, _ in moves}), len({b for _, b in moves})) - 1)
    for ribbon in ribbons:
        a, b = map(int, ribbon["tip"].split("-"))
        for top, bottom in zip(ribbon["y"], ribbon["z"], strict=True):
            assert -0.01 <= top < bottom <= 401
            assert abs(bottom - top - max(moves[a, b] / total * column, 0.75)) < 0.05


@given(LINKS)
def test_nodes_of_a_column_never_touch(moves: dict[tuple[int, int], int]) -> None:
    for layer in drawn(moves)["layer"][1:]:
        bars = sorted(
            (bar["y"], bar["y"] if layer["mark"]["type"] == "text" else bar["z"])
            for bar in layer["data"]["values"]
        )
        assert all(lower - upper > 14 for (_, upper), (lower, _) in pairwise(bars))


def test_any_renderer_draws_the_pictures() -> None:
    series = [Series(f"s{i}", "#22c55e", [(x, float(x + i)) for x in range(24)]) for i in range(3)]
    pictures = [
        drawn({(0, 0): 5, (0, 1): 2}),
        stacked(series, [f"month {i}" for i in range(24)], ["tip"] * 24),
        survival(series, "days", "share"),
    ]
    for spec in pictures:
        svg = vl_convert.vegalite_to_svg(json.dumps(spec | {"width": 600}))
        assert "<path" in svg


def test_a_thinned_line_keeps_its_ends() -> None:
    points = [(float(i), 1.0) for i in range(1001)]
    kept = thinned(points, 100)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert len(kept) <= 102
    assert thinned(points[:2], 100) == points[:2]


def test_a_spark_stays_inside_its_box() -> None:
    for counts in ([], [0], [5, 5, 5], [0, 10**9, 3]):
        places = [tuple(map(float, point.split(","))) for point in spark(counts).split()]
        assert all(0 <= x <= 100 and 0 <= y <= 30 for x, y in places)
