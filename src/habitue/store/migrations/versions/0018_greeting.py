"""What waits for a customer's next visit of the site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "greeting",
        sa.Column(
            "message",
            _NUMBER,
            sa.ForeignKey("message.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("button", sa.Text, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("given", sa.BigInteger),
        sa.Column("shown", sa.BigInteger),
        sa.Column("settled", sa.BigInteger),
        sa.Column("outcome", sa.Text),
    )
    op.create_index("greeting_person", "greeting", ["person", "shown"])
