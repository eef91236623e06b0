"""The words of the rule language, read off the nodes so that the two cannot drift apart."""

from __future__ import annotations

from typing import Any, Final

from habitue.rules.nodes import (
    Account,
    AnyMember,
    Cadence,
    Consent,
    Count,
    Distinct,
    Ever,
    Held,
    Last,
    Members,
    Never,
    Prop,
    Score,
    Segment,
    SinceFirst,
    SinceLast,
    Stage,
    Sum,
    Trait,
)

ROOTS: Final[dict[str, Any]] = {"props": Prop, "trait": Trait, "score": Score}
FUNCTIONS: Final[dict[str, Any]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        *(Ever, Never, Count, Sum, Distinct, SinceLast, SinceFirst, Last),
        *(Held, Cadence, Segment, Stage, Consent, AnyMember, Members, Account),
    )
}
KEYWORDS: Final = ("where", "within", "since", "default")
TESTS: Final = ("contains", "startswith", "matches")
RESERVED: Final = tuple(
    f"{which}_{unit}" for which in ("this", "last") for unit in ("week", "month", "quarter", "year")
)
EXAMPLES: Final = {
    "events": '"Order Completed"',
    "prop": "props.revenue",
    "rule": 'stage("transactional") == "dormant"',
    "length": '"14d"',
    "id": '"vip"',
    "model": '"transactional"',
    "channel": '"email"',
    "factor": "2.0",
    "default": 'default="90d"',
}


def required(kind: Any) -> tuple[str, ...]:
    fields: tuple[str, ...] = kind.__struct_fields__
    return fields[: len(fields) - len(kind.__struct_defaults__)]


def usage(kind: Any) -> str:
    """A function with an example of what it needs: `count("Order Completed")`."""
    return f"{kind.__struct_config__.tag}({', '.join(EXAMPLES[field] for field in required(kind))})"
