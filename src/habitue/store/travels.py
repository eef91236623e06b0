"""The operational database's tables of journeys under way. Instants are whole microseconds."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from habitue.store.tables import tables

run = Table(
    "run",
    tables,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("journey", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("person", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("entered", BigInteger, nullable=False),
    Column("node", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("begun", SmallInteger, nullable=False),
    Column("look", BigInteger),
    Column("goal_until", BigInteger),
    Column("ended", BigInteger),
    Column("outcome", SmallInteger),
    Column("converted", BigInteger),
    UniqueConstraint("journey", "person", "cause", name="run_once"),
    Index("run_look", "look"),
    Index("run_person", "person"),
    Index("run_version", "version", "ended"),
)
"""Who is on a journey, one row for each `cause` of entering it. `look` is when to look at it next."""

passage = Table(
    "passage",
    tables,
    Column("version", Integer, primary_key=True),
    Column("node", Integer, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("day", BigInteger, primary_key=True),
    Column("n", BigInteger, nullable=False),
)
"""How many came to a step, went on or left there, by the day (counted from 1970) on which they did."""

arm = Table(
    "arm",
    tables,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("trial", Text, primary_key=True),
    Column("way", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("arm_trial", "trial", "way"),
)
"""Which way chance sent a run when, where ways are tried against each other; -1 is none of them."""

verdict = Table(
    "verdict",
    tables,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("journey", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("trial", Text, nullable=False, unique=True),
    Column("way", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("figures", JSON, nullable=False),
)
"""The way that everybody takes from then on, who said so, and the figures that were known."""

journey = Table(
    "journey",
    tables,
    Column("slug", Text, primary_key=True),
    Column("since", BigInteger),
    Column("cursor", BigInteger, nullable=False),
    Column("paused", BigInteger),
    Column("draining", JSON, nullable=False),
)
"""A journey that runs or ran: what happened before `since` lets nobody in (None: nothing does); dates and
schedules are told up to `cursor`; `draining` are earlier versions that some are still in."""
