"""How likely two records are one human's: Fellegi and Sunter's model of record linkage, by splink.

(I. Fellegi, A. Sunter: A Theory for Record Linkage, JASA 64, 1969.) Each field's agreement is a level; `m` is
how often the records of one human reach it, `u` how often those of two do. What the levels start from are
plain figures; the shop's own records then teach them: `u` from pairs drawn at random, `m` by expectation
maximisation, wherever there are enough of them and what is learned can be true.

Needs the extra `identity`: import this module only where splink is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import pyarrow as pa
from splink import DuckDBAPI, Linker, block_on

from habitue.store.scratch import Scratch

SEED: Final = 1969
DRAWN: Final = 2e6
"""So many pairs are drawn at random to learn how often strangers agree."""

TAUGHT: Final = 5e5
"""So many pairs are looked at, at most, to learn how often one human's records agree."""

ENOUGH: Final = 300
"""With fewer pairs that agree in a field nothing is learned from them."""

OWN: Final = 0.75
"""How much what the shop's records teach counts beside the figures below."""

TWICE: Final = 0.02
"""The share of customers of whom there is a second record, before anything is known of them."""


class Level(NamedTuple):
    """How far two records agree in a field, as SQL, and how often those of one human and of two do."""

    name: str
    sql: str
    m: float
    u: float


def _near(field: str, other: str | None = None) -> str:
    """The same but for one letter, in words that are long enough for that to be a slip."""
    a, b = f"{field}_l", f"{other or field}_r"
    return f"({a} = {b} OR (least(length({a}), length({b})) >= 4 AND damerau_levenshtein({a}, {b}) <= 1))"


def _short(one: str, two: str) -> str:
    """One given name is missing or the first letter of the other."""
    return (
        f"({one} IS NULL OR {two} IS NULL OR (least(length({one}), length({two})) = 1 "
        f"AND left({one}, 1) = left({two}, 1)))"
    )


SAME: Final = "name_l = name_r"

FIELDS: Final[dict[str, tuple[str, tuple[Level, ...]]]] = {
    "name": (
        "coalesce(given_l, family_l) IS NULL OR coalesce(given_r, family_r) IS NULL",
        (
            Level("same", SAME, 0.72, 5e-5),
            Level("swapped", "given_l = family_r AND family_l = given_r", 0.04, 1e-5),
            Level(
                "spelling",
                f"({_near('given')} AND {_near('family')}) "
                f"OR ({_near('given', 'family')} AND {_near('family', 'given')})",
                0.12,
                1e-4,
            ),
            Level(
                "initial",
                f"(family_l = family_r AND {_short('given_l', 'given_r')}) "
                "OR (length(family_l) = 1 AND given_l = family_r AND left(given_r, 1) = family_l) "
                "OR (length(family_r) = 1 AND given_r = family_l AND left(given_l, 1) = family_r)",
                0.06,
                5e-4,
            ),
            Level("given", "given_l = given_r", 0.05, 1e-2),
            Level("other", "ELSE", 0.01, 0.989),
        ),
    ),
    "email": (
        "email_l IS NULL OR email_r IS NULL",
        (
            Level("same", "email_l = email_r", 0.35, 1e-6),
            Level(
                "spelling",
                "digits_l = digits_r AND damerau_levenshtein(email_l, email_r) <= 1 "
                "AND least(length(local_l), length(local_r)) >= 4 "
                "AND NOT (own_l AND own_r AND coalesce(name_l <> name_r, false))",
                0.15,
                1e-6,
            ),
            Level(
                "local",
                "local_l = local_r AND length(local_l) >= 7 AND NOT (own_l AND own_r AND digits_l = '')",
                0.15,
                2e-6,
            ),
            Level("other", "ELSE", 0.35, 0.999_996),
        ),
    ),
    "phone": (
        "phone_l IS NULL OR phone_r IS NULL",
        (
            Level("same", "phone_l = phone_r", 0.65, 2e-6),
            Level("spelling", "damerau_levenshtein(phone_l, phone_r) <= 1", 0.05, 1e-5),
            Level("other", "ELSE", 0.30, 0.999_988),
        ),
    ),
    "address": (
        "NOT coalesce(postcode_l IS NOT NULL AND postcode_r IS NOT NULL, false) "
        "AND NOT coalesce(city_l IS NOT NULL AND city_r IS NOT NULL, false)",
        (
            Level("same", f"postcode_l = postcode_r AND {_near('street')}", 0.50, 1e-5),
            Level("postcode", "postcode_l = postcode_r", 0.12, 1e-3),
            Level("city", "city_l = city_r", 0.18, 3e-2),
            Level("other", "ELSE", 0.20, 0.968_99),
        ),
    ),
    "birthday": (
        "birthday_l IS NULL OR birthday_r IS NULL",
        (
            Level("same", "birthday_l = birthday_r", 0.90, 5e-5),
            Level("spelling", "damerau_levenshtein(birthday_l, birthday_r) <= 1", 0.06, 2e-3),
            Level("other", "ELSE", 0.04, 0.997_95),
        ),
    ),
}
"""What is compared: when nothing can be said, and the levels from the strongest on."""

TEACHERS: Final = ("phone", "name", "birthday")
"""Among records that agree in one of these, the others' figures are learned."""

_SCORED: Final = """
    SELECT least(person_l, person_r) AS one, greatest(person_l, person_r) AS other,
           least(round(match_probability, 4), 0.999) AS likely, {}
    FROM scored WHERE likely >= ? AND gamma_name <> 0 ORDER BY likely DESC, one, other
"""


def score(base: Scratch, least: float) -> pa.Table:
    """Those of `pairs` (match_key, join_key_l, join_key_r) of `records` that are one human's, and how likely.

    Columns `one`, `other`, `likely` (at least `least`; no calculation is surer than 0.999) and, for each
    field, the name of the level reached; null where nothing can be said. Two different first names are two
    people, however much of a household's phone and address they share.
    """
    with _quiet():
        api = DuckDBAPI(base)
        records = api.register("records")
        model = _taught(base, records)
        linker = Linker(records, model, log_level=None)
        linker.table_management.register_blocked_pairs_for_predict(api.register("pairs"))
        scored = linker.inference.predict(min(least, 0.999), warning_mode="never")
    base.execute(f"CREATE OR REPLACE TEMP VIEW scored AS FROM {scored.physical_name}")
    reached = ", ".join(_reached(field, levels) for field, (_, levels) in FIELDS.items())
    return base.sql(_SCORED.format(reached), params=[least]).to_arrow_table()


def _reached(field: str, levels: tuple[Level, ...]) -> str:
    """splink counts levels from the weakest, 0, on."""
    cases = (f"WHEN {len(levels) - 1 - n} THEN '{level.name}'" for n, level in enumerate(levels))
    return f"CASE gamma_{field} {' '.join(cases)} END AS {field}"


# --- what the levels are worth --------------------------------------------------------------------


def _taught(base: Scratch, records: Any) -> dict[str, Any]:
    """The model, with what this shop's records teach."""
    size = base.execute("SELECT count(*) FROM records").fetchall()[0][0]
    model = _model(size)
    if size * size / 2 >= DRAWN:
        linker = Linker(records, model, log_level=None)
        linker.training.estimate_u_using_random_sampling(max_pairs=DRAWN, seed=SEED)
        _learn(model, [linker.misc.save_model_to_json()], "u_probability")
    lessons = [_lesson(records, model, field) for field in TEACHERS if _agreeing(base, field) >= ENOUGH]
    _learn(model, [one for one in lessons if one], "m_probability")
    return model


def _lesson(records: Any, model: dict[str, Any], field: str) -> dict[str, Any] | None:
    """The model as the pairs that agree in a field would have it; None where hardly one is of one human.

    Figures sink below what a float can hold then, which splink refuses.
    """
    linker = Linker(records, model, log_level=None)
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(field), max_pairs=TAUGHT)
    except ValueError:
        return None
    return linker.misc.save_model_to_json()


def _agreeing(base: Scratch, field: str) -> int:
    """How many pairs agree in a field."""
    groups = f"SELECT count(*) AS n FROM records WHERE {field} IS NOT NULL GROUP BY {field}"
    return int(base.execute(f"SELECT sum(n * (n - 1) // 2) FROM ({groups})").fetchall()[0][0] or 0)


def _learn(model: dict[str, Any], lessons: list[dict[str, Any]], name: str) -> None:
    """Move the figures towards what the lessons say on average, where that can be true.

    Where records of one human are said to differ in most cases, chance was learned and not likeness.
    """
    for place, comparison in enumerate(model["comparisons"]):
        levels = comparison["comparison_levels"][1:]
        before, said = [level[name] for level in levels], []
        for lesson in lessons:
            found = [one.get(name) or 0.0 for one in lesson["comparisons"][place]["comparison_levels"][1:]]
            likely = name == "u_probability" or found[-1] <= 0.6 * sum(found)
            if sum(found) and found != before and likely:
                said.append([one / sum(found) for one in found])
        for level, *means in zip(levels, *said, strict=True) if said else ():
            level[name] = (1 - OWN) * level[name] + OWN * sum(means) / len(means)


def _model(size: int) -> dict[str, Any]:
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "person",
        "probability_two_random_records_match": min(0.001, TWICE / max(size, 1)),
        "blocking_rules_to_generate_predictions": [],
        "comparisons": [
            {
                "output_column_name": field,
                "comparison_levels": [
                    {"sql_condition": unsaid, "label_for_charts": "unsaid", "is_null_level": True},
                    *map(_level, levels),
                ],
            }
            for field, (unsaid, levels) in FIELDS.items()
        ],
    }


def _level(level: Level) -> dict[str, Any]:
    """A name that many bear tells less than one that few do."""
    rare = {"tf_adjustment_column": "name", "tf_minimum_u_value": 1e-6} if level.sql == SAME else {}
    return {
        "sql_condition": level.sql,
        "label_for_charts": level.name,
        "m_probability": level.m,
        "u_probability": level.u,
        **rare,
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """splink tells its analyst what it does; here nobody asked."""
    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
