"""The shapes that the API answers in.

Instants are ISO 8601 in UTC, money is a decimal text in the workspace's currency.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One thing wrong with a rule: where (column from 1, 0 for the whole) and what to do."""

    column: int
    length: int
    message: str


class Failure(Struct, frozen=True):
    """Why a request was not answered and what to do, in the reader's language; `problems` are a rule's."""

    status: int
    message: str
    problems: list[Problem] = []


class Health(Struct, frozen=True):
    """The server runs; `version` is the product's."""

    status: str
    version: str
    time: str


class Stage(Struct, frozen=True):
    """A stage of a model, in both languages."""

    id: str
    canonical: str
    name: dict[str, str]
    description: dict[str, str]
    colour: str
    terminal: bool
    rule: str | None


class Model(Struct, frozen=True):
    """A live model; `stages` in order of precedence, `display` in the order in which people read them."""

    id: str
    kind: str
    subject: str
    version: int
    name: dict[str, str]
    display: list[str]
    settings: dict[str, str | float]
    stages: list[Stage]


class Counts(Struct, frozen=True):
    """How many were in each stage at an instant."""

    model: str
    at: str
    counts: dict[str, int]


class Flow(Struct, frozen=True):
    """`n` people were in `source` before and in `target` after; None is not yet, or no more, in the model.

    `share` is their part of all that were in `source`, `days` the median time the movers had spent there.
    """

    source: str | None
    target: str | None
    n: int
    share: float | None
    days: float | None


class Flows(Struct, frozen=True):
    """Who moved in a period: from where they stood at its beginning to where they stand at its end."""

    model: str
    before: str
    after: str
    moves: list[Flow]


class Month(Struct, frozen=True):
    """How many were in each stage when a month ended, or the period in it (now, while it runs)."""

    month: str
    at: str
    counts: dict[str, int]


class Months(Struct, frozen=True):
    """24 months of a model."""

    model: str
    months: list[Month]


class Sold(Struct, frozen=True):
    """What was sold in a month: revenue net of refunds, and of the customers who ordered, who did `again`."""

    month: str
    revenue: str
    orders: int
    average_order: str | None
    customers: int
    again: int
    repeat_rate: float | None


class Sales(Struct, frozen=True):
    """What was sold in 24 months."""

    currency: str
    months: list[Sold]


class Stay(Struct, frozen=True):
    """How long stays in a stage last (Kaplan-Meier, days); of the `n` stays `open` are not over: censored."""

    stage: str
    n: int
    open: int
    median: int | None
    p90: int | None
    mean: float | None
    days: list[int]
    survival: list[float]
    low: list[float]
    high: list[float]


class Stays(Struct, frozen=True):
    """Time in stage, for every stage of a model."""

    model: str
    at: str
    stays: list[Stay]


class Overview(Struct, frozen=True):
    """All of the overview page."""

    model: str
    computed: str
    before: Counts
    after: Counts
    moves: list[Flow]
    months: list[Month]
    stays: list[Stay]


class Customer(Struct, frozen=True):
    """One line of a list: the stage at the instant asked, what comes after it, and the orders so far."""

    customer: int
    key: str
    name: str | None
    email: str | None
    stage: str
    since: str
    next_stage: str | None
    next_at: str | None
    life: int
    orders: int
    revenue: str
    last_order: str | None


class Customers(Struct, frozen=True):
    """One page of a list; `next` is the page that follows, None on the last."""

    model: str
    at: str
    currency: str
    total: int
    page: int
    next: int | None
    customers: list[Customer]


class Interval(Struct, frozen=True):
    """A stay `[since, until)` that has begun; the one that lasts has no `until`.

    It ends when `expected` in the stage `then` if nothing happens; None is never.
    """

    stage: str
    since: str
    until: str | None
    expected: str | None
    then: str | None
    life: int


class Event(Struct, frozen=True):
    """Something that happened, properties as sent."""

    at: str
    name: str
    revenue: str | None
    properties: dict[str, Any]


class Events(Struct, frozen=True):
    """Events, latest first; give `next` as `before` for those that came earlier."""

    events: list[Event]
    next: str | None


class Explanation(Struct, frozen=True):
    """Why a customer is in a stage, or why a rule holds: each rule asked, with its conditions below it.

    `why` is None before the customer's first event. Instants are ISO 8601 in UTC, lengths of time days.
    """

    customer: int
    at: str
    why: dict[str, Any] | None


class Segment(Struct, frozen=True):
    """Who satisfies a rule: how many, the first of them as the data call them, and the rule in words."""

    rule: str
    at: str
    sentence: dict[str, str]
    count: int
    customers: list[str]


class Membership(Struct, frozen=True):
    """One stay `[since, until)` in a segment; one that lasts ends when `expected` if nothing happens."""

    customer: str
    since: str
    until: str | None
    expected: str | None


class History(Struct, frozen=True):
    """Who satisfied a rule when; at most as many rows as asked for."""

    rule: str
    total: int
    rows: list[Membership]


class Attributed(Struct, frozen=True):
    """Orders put down to messages, of a journey or of one of its `steps`: what came after them.

    `after_click`: how many of the orders came after a click.
    """

    orders: int
    revenue: str
    after_click: int


class Estimated(Struct, frozen=True):
    """An estimate, and between what the truth lies 95 times in 100; amounts are in the shop's currency."""

    estimate: float
    low: float
    high: float


class Side(Struct, frozen=True):
    """A group that chance made: how many people, how many of them converted, and what they spent."""

    people: int
    converted: int
    revenue: str


class Incremental(Struct, frozen=True):
    """What messages changed, beside people whom chance left alone: a `share` of them, `own` or of `all`.

    `lacking` people more have to be in the smaller group before anything is said: until then `conversions`
    and `revenue` are null. What people did `within` that time counts.
    """

    group: str
    share: float
    within: str
    treated: Side
    control: Side
    lacking: int
    conversions: Estimated | None
    revenue: Estimated | None


class Passed(Struct, frozen=True):
    """A step: who came, went on, left the journey there, and is there now; and its messages, by what became
    of them and what they met with.
    """

    id: str
    came: int
    went_on: int
    left: int
    there: int
    messages: dict[str, int]
    attributed: Attributed


class Unsent(Struct, frozen=True):
    """Messages that were not sent at a step, or came back, for a reason."""

    step: str
    state: str
    reason: str | None
    messages: int


class Results(Struct, frozen=True):
    """What a journey came to. `attributed` and `incremental` answer different questions: add neither up."""

    journey: str
    since: str
    until: str
    entered: int
    converted: int
    click: str
    delivery: str
    attributed: Attributed
    incremental: Incremental | None
    steps: list[Passed]
    unsent: list[Unsent]
