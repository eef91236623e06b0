"""Notes and tasks beside customers, lists that were given a name, and files that lists are written into."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("node", sa.BigInteger, nullable=False),
        sa.Column("task", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("edited", sa.BigInteger),
        sa.Column("due", sa.BigInteger),
        sa.Column("assignee", sa.Text),
        sa.Column("done", sa.BigInteger),
        sa.Column("batch", sa.Text),
    )
    op.create_index("note_node", "note", ["node", "id"])
    op.create_index("note_task", "note", ["task", "done", "due"])
    op.create_index("note_batch", "note", ["batch"])
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "export_job",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger),
        sa.Column("failed", sa.Text),
        sa.Column("size", sa.BigInteger),
    )
