"""Whole columns at a time: event batches as Arrow tables, and JSON written without a loop over rows."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Texts: TypeAlias = pa.StringArray

_CENTS = pa.array([f".{cents:02}" for cents in range(100)])
_SIGNS = pa.array(["", "-"])


def events(name: str, who: Ints, ts: Ints, props: Texts, revenue: Ints | None = None) -> pa.Table:
    """A batch of events of one name: who (row in the people), ts (µs), revenue (cents), props (JSON)."""
    money = pa.nulls(len(who), pa.int64()) if revenue is None else pa.array(revenue, pa.int64())
    label = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(who), np.int8)), pa.array([name]))
    return pa.table(
        {
            "who": pa.array(who, pa.int64()),
            "ts": ts,
            "name": label,
            "revenue": money,
            "props": props.cast(pa.string()),
        }
    )


def pick(words: pa.Array, index: npt.NDArray[np.integer]) -> Texts:
    """The words at these positions."""
    return words.take(pa.array(index))


def fill(template: str, *columns: Texts | str) -> Texts:
    """The template once per row, each `@` replaced by the next column's text; null where a text is null."""
    parts = template.split("@")
    pieces: list[object] = [parts[0]]
    for column, part in zip(columns, parts[1:], strict=True):
        pieces += [column, part]
    return pc.binary_join_element_wise(*pieces, "")


def optional(texts: Texts, keep: Bools) -> Texts:
    """The text where `keep`, else nothing at all (the empty text)."""
    return pc.if_else(pa.array(keep), texts, "")


def digits(numbers: npt.NDArray[np.integer], width: int = 1) -> Texts:
    """Whole numbers as text, with leading zeros up to `width`."""
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")


def major(cents: Ints) -> Texts:
    """Cents as an amount with two decimals: -1290 is -12.90."""
    whole, rest = np.divmod(np.abs(cents), 100)
    return fill("@@@", pick(_SIGNS, (cents < 0).astype(np.int8)), digits(whole), pick(_CENTS, rest))


def choose(rng: np.random.Generator, weights: npt.ArrayLike, size: int) -> Ints:
    """`size` positions drawn in proportion to the weights."""
    edges = np.cumsum(np.asarray(weights, float))
    drawn: Ints = np.searchsorted(edges, rng.random(size) * edges[-1], side="right").astype(np.int64)
    return drawn


def one_of(rng: np.random.Generator, group: Ints, groups: list[list[str]]) -> Texts:
    """For each row any one word out of its group's list."""
    sizes = np.array([len(words) for words in groups])
    index = (np.cumsum(sizes) - sizes)[group] + (rng.random(len(group)) * sizes[group]).astype(np.int64)
    return pick(pa.array([word for words in groups for word in words]), index)
