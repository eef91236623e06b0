"""Pairs of customers that may be one, and what was decided about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "duplicate",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("one", sa.BigInteger, nullable=False),
        sa.Column("other", sa.BigInteger, nullable=False),
        sa.Column("likely", sa.Float(53), nullable=False),
        sa.Column("levels", sa.JSON, nullable=False),
        sa.Column("found", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("by", sa.Text),
        sa.UniqueConstraint("one", "other", name="duplicate_pair"),
    )
