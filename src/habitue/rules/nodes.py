"""The rule language as frozen values: what the text, the visual builder and the Python API all make.

A rule is Boolean algebra (`And`, `Or`, `Not`) over leaves. A leaf is true or false for one subject
at one instant; `rules.judge` says exactly when. Lengths are microseconds. Every node round-trips
through text (`rules.text`) and through JSON (`msgspec.json`, tagged by `is`).
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

Scalar: TypeAlias = str | int | float | bool | None
Operator: TypeAlias = Literal[
    "==", "!=", "<", "<=", ">", ">=", "in", "not in", "contains", "startswith", "matches"
]


class Node(Struct, frozen=True, tag_field="is", omit_defaults=True):
    """What all nodes share: they are values, equal when they mean the same text."""


# --- what can be compared -------------------------------------------------------------------------


class Prop(Node, frozen=True, tag="prop"):
    """`props.x.y`: a property of the event at hand; only inside `where`, `sum`, `distinct`, `last`.

    A path that leads through a list (`props.products.category`) reads every element; a comparison
    holds when any element's does, and `!=` when none is equal.
    """

    path: tuple[str, ...]


class Trait(Node, frozen=True, tag="trait"):
    """`trait.x`: the subject's trait as it was at that time."""

    path: tuple[str, ...]


class Score(Node, frozen=True, tag="score"):
    """`score.x`: a model's score as it was at that time."""

    path: tuple[str, ...]


class Count(Node, frozen=True, tag="count"):
    """`count(events, where=, within=, since=)`: how many; `since` counts from that event's last time on.

    `since="X"` is short for `since=ever("X")`, which may have a `where` of its own. An event at that
    very instant counts too; where `since` never happened, the count is missing.
    """

    events: tuple[str, ...]
    where: Where | None = None
    within: int | None = None
    since: Ever | None = None


class Sum(Node, frozen=True, tag="sum"):
    """`sum(events, props.x, …)`: exact sum of a numeric property; `props.revenue` is money in major units."""

    events: tuple[str, ...]
    prop: Prop
    where: Where | None = None
    within: int | None = None
    since: Ever | None = None


class Distinct(Node, frozen=True, tag="distinct"):
    """`distinct(events, props.x, where=, within=)`: how many different values the property took."""

    events: tuple[str, ...]
    prop: Prop
    where: Where | None = None
    within: int | None = None


class SinceLast(Node, frozen=True, tag="days_since_last"):
    """`days_since_last(events, where=)`: time since the last one; missing for those who never did."""

    events: tuple[str, ...]
    where: Where | None = None


class SinceFirst(Node, frozen=True, tag="days_since_first"):
    """`days_since_first(events, where=)`: time since the first one; missing for those who never did."""

    events: tuple[str, ...]
    where: Where | None = None


class Last(Node, frozen=True, tag="last"):
    """`last(events, props.x, where=)`: the property at the last such event; missing where that has none."""

    events: tuple[str, ...]
    prop: Prop
    where: Where | None = None


ANSWERED: Final = "Webhook Answered"
"""What is told of a webhook's answer: `step` is the journey's that called, `answer` what was said."""


def webhook(step: str, path: tuple[str, ...]) -> Last:
    """`webhook.check.tier`: what a journey's webhook answered to that step the last time."""
    return Last((ANSWERED,), Prop(("answer", *path)), Compare(Prop(("step",)), "==", step))


class Stage(Node, frozen=True, tag="stage"):
    """`stage("model")`: the stage's id in that live model; missing outside its population."""

    model: str


class Members(Node, frozen=True, tag="count_members"):
    """`count_members(rule)`: how many people of the account satisfy the rule (account rules only)."""

    rule: Rule


class Cadence(Node, frozen=True, tag="cadence"):
    """`cadence(2.0, default="90d")`: factor × the subject's own median gap; the default below three times."""

    factor: float
    default: int


Measure: TypeAlias = (
    Prop | Trait | Score | Count | Sum | Distinct | SinceLast | SinceFirst | Last | Stage | Members
)

# --- what is true or false ------------------------------------------------------------------------


class Compare(Node, frozen=True, tag="compare"):
    """A measure against a value. `== None` is "is not set", `!= None` "is set"; otherwise missing is false.

    For elapsed time the value is a length in microseconds or a `Cadence`; for `in` a tuple.
    """

    measure: Measure
    op: Operator
    value: Scalar | Cadence | tuple[Scalar, ...]


class Ever(Node, frozen=True, tag="ever"):
    """`ever(events, where=)`: happened at least once."""

    events: tuple[str, ...]
    where: Where | None = None


class Never(Node, frozen=True, tag="never"):
    """`never(events, where=)`: has not happened."""

    events: tuple[str, ...]
    where: Where | None = None


class Held(Node, frozen=True, tag="held"):
    """`held(rule, "14d")`: true without a break for at least this long."""

    rule: Rule
    length: int


class Segment(Node, frozen=True, tag="segment"):
    """`segment("id")`: is in that segment."""

    id: str


class Consent(Node, frozen=True, tag="consent"):
    """`consent("email")`: has agreed to be reached on that channel."""

    channel: str


class AnyMember(Node, frozen=True, tag="any_member"):
    """`any_member(rule)`: at least one person of the account satisfies it (account rules only)."""

    rule: Rule


class Account(Node, frozen=True, tag="account"):
    """`account(rule)`: an account of this person satisfies it (person rules only)."""

    rule: Rule


class And(Node, frozen=True, tag="and"):
    """All of two or more."""

    items: tuple[Rule, ...]


class Or(Node, frozen=True, tag="or"):
    """Any of two or more."""

    items: tuple[Rule, ...]


class Not(Node, frozen=True, tag="not"):
    """The opposite; of a comparison with a missing value it is true."""

    item: Rule


Rule: TypeAlias = And | Or | Not | Compare | Ever | Never | Held | Segment | Consent | AnyMember | Account
Where: TypeAlias = And | Or | Not | Compare
"""The condition on one event: algebra over comparisons of `Prop` only (`rules.check` sees to it)."""
