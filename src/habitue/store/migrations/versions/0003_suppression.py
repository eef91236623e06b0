"""Whom nobody may write to, by keyed hashes of their addresses, and the secret that keys them."""

from __future__ import annotations

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "suppression",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("hash"),
        _text("channel"),
        _text("reason"),
        sa.Column("lifted", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        _text("source"),
    )
    op.create_index("suppression_hash", "suppression", ["hash", "channel", "reason", "id"])
    setting = sa.table("setting", sa.column("key"), sa.column("value"))
    op.bulk_insert(setting, [{"key": "suppression_secret", "value": token_hex(32)}])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
