"""Drafts of definitions that several people may work on, and what is to be done in each stage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("editor", sa.Text, nullable=False),
    )
    op.create_index("draft_of", "draft", ["kind", "slug"])
    op.create_table(
        "playbook",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("kpi", sa.Text),
        sa.Column("target", sa.Float(53)),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.UniqueConstraint("model", "stage", name="playbook_stage"),
    )
