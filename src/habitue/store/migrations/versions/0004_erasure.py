"""Who was to be erased: asked by whom, and done when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("plan", sa.JSON(none_as_null=True)),
        sa.Column("done", sa.BigInteger),
    )
