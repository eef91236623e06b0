"""Which customers are alike in what is known of them: one of each kind stands for the others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from habitue.store.warehouse import Warehouse

_KINDS: Final = r"""
    WITH told AS (
        SELECT person, name, arg_max(value, (rank, ts, seq)) AS value FROM said
        WHERE person IN (SELECT person FROM wanted) AND name IN (SELECT unnest(?::VARCHAR[])) GROUP BY ALL),
    marked AS (
        SELECT person, name || '=' || CASE
            WHEN name IN (SELECT unnest(?::VARCHAR[])) OR value IN ('[]', '{}', 'false')
                OR regexp_full_match(value, '"\s*"') THEN value ELSE '*' END AS mark
        FROM told WHERE value IS NOT NULL AND value <> 'null'),
    kinds AS (SELECT person, string_agg(mark, chr(10) ORDER BY mark) AS kind FROM marked GROUP BY person)
    SELECT coalesce(kind, '') AS kind FROM wanted LEFT JOIN kinds USING (person) ORDER BY n"""


def patterns(
    warehouse: Warehouse, persons: NDArray[np.int64], names: Collection[str], compared: Collection[str]
) -> NDArray[np.int64]:
    """Of each person a number: the same for those of whom the same of these names (`trait.city`) is known,
    and where it is `compared`, or empty, the same is said.
    """
    if not names or not len(persons):
        return np.zeros(len(persons), np.int64)
    wanted = pa.table({"person": pa.array(persons, pa.int32()), "n": pa.array(np.arange(len(persons)))})
    found = warehouse.read(_KINDS, (sorted(names), sorted(compared)), wanted=wanted)["kind"]
    codes = found.combine_chunks().dictionary_encode().indices
    return np.asarray(codes.to_numpy(zero_copy_only=False), np.int64)
