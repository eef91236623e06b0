"""Calls to make and letters to print."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "errand",
        sa.Column(
            "message",
            _NUMBER,
            sa.ForeignKey("message.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("to", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("tried", sa.BigInteger),
        sa.Column("settled", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("by", sa.Text),
    )
    op.create_index("errand_open", "errand", ["channel", "settled", "message"])
