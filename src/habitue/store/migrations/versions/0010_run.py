"""Who is on which journey, how far; what passed where; and which journeys run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("journey", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=False),
        sa.Column("node", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("begun", sa.SmallInteger, nullable=False),
        sa.Column("look", sa.BigInteger),
        sa.Column("goal_until", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        sa.Column("outcome", sa.SmallInteger),
        sa.Column("converted", sa.BigInteger),
        sa.UniqueConstraint("journey", "person", "cause", name="run_once"),
    )
    op.create_index("run_look", "run", ["look"])
    op.create_index("run_person", "run", ["person"])
    op.create_index("run_version", "run", ["version", "ended"])
    op.create_table(
        "passage",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("node", sa.Integer, primary_key=True),
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True),
        sa.Column("n", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "journey",
        sa.Column("slug", sa.Text, primary_key=True),
        sa.Column("since", sa.BigInteger),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("paused", sa.BigInteger),
        sa.Column("draining", sa.JSON, nullable=False),
    )
