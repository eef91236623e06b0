"""Events over HTTP: who may send them, how they wait, and those that could not be taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("inbox") as inbox:
        inbox.alter_column("key", existing_type=sa.Text, nullable=True)
        inbox.add_column(sa.Column("form", sa.Text, nullable=False, server_default="parcel"))
    op.create_table(
        "source",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("write_key", sa.Text, nullable=False, unique=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("closed", sa.BigInteger),
    )
    op.create_table(
        "dead",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("origin", sa.Text, unique=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("settled", sa.BigInteger),
        sa.Column("outcome", sa.Text),
    )
