"""Whose mailboxes messages go to, who called one spam, when marketing was stopped for it, what DNS says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("message", sa.Column("provider", sa.Text))
    op.add_column("message", sa.Column("complained", sa.BigInteger))
    op.create_table(
        "halt",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.Column("by", sa.Text),
        sa.Column("why", sa.Text),
    )
    op.create_table(
        "domain_check",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("found", sa.JSON, nullable=False),
    )
