"""Which way chance sent whom in a journey, and which way was found to be the better one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "arm",
        sa.Column("run", sa.BigInteger, primary_key=True),
        sa.Column("trial", sa.Text, primary_key=True),
        sa.Column("way", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("arm_trial", "arm", ["trial", "way"])
    op.create_table(
        "verdict",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("journey", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("trial", sa.Text, nullable=False, unique=True),
        sa.Column("way", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("figures", sa.JSON, nullable=False),
    )
