"""What is to be sent and what became of it, and the ways by which it is sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("template", sa.Integer, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("values", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("lane", sa.SmallInteger, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("planned", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("due", sa.BigInteger),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("trail", sa.Text, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("transport", sa.Integer),
        sa.Column("worker", sa.Text),
        sa.Column("token", sa.BigInteger),
        sa.Column("lease", sa.BigInteger),
        sa.Column("left", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        sa.Column("answer", sa.Text),
        sa.UniqueConstraint("origin", "step", "run", "epoch", "channel", "person", name="message_once"),
        sa.CheckConstraint("origin <> '' AND run <> '' AND channel <> ''", name="message_named"),
    )
    op.create_index("message_due", "message", ["lane", "due"])
    op.create_index("message_person", "message", ["person", "left"])
    op.create_index("message_address", "message", ["address", "left"])
    op.create_index("message_left", "message", ["channel", "left"])
    op.create_index("message_ended", "message", ["ended"])
    op.create_index("message_lease", "message", ["lease"])
    op.create_table(
        "transport",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("lanes", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("ended", sa.BigInteger),
    )
    op.create_table(
        "paused",
        sa.Column("origin", sa.Text, primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
    for name in ("sending", "message_end"):
        op.execute(f"INSERT INTO counter (name, next) VALUES ('{name}', 1)")
