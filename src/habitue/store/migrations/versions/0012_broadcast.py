"""Broadcasts: what they say, how they stand, and to whom they are still to go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "broadcast",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False, unique=True),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("editor", sa.Text, nullable=False),
        sa.Column("starts", sa.BigInteger),
        sa.Column("decides", sa.BigInteger),
        sa.Column("winner", sa.Text),
    )
    op.create_table(
        "broadcast_turn",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("broadcast", sa.Integer, sa.ForeignKey("broadcast.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("told", sa.JSON, nullable=False),
        sa.UniqueConstraint("broadcast", "number", name="broadcast_turn_once"),
    )
    op.create_table(
        "broadcast_part",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("broadcast", sa.Integer, sa.ForeignKey("broadcast.id"), nullable=False),
        sa.Column("variant", sa.Text),
        sa.Column("template", sa.Integer),
        sa.Column("people", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
    )
    op.create_index("broadcast_part_of", "broadcast_part", ["broadcast", "id"])
