"""Codes that customers are given: pools of them, and to whom each went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "coupon_pool",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text),
        sa.Column("most", sa.BigInteger),
        sa.Column("days", sa.Integer),
        sa.Column("until", sa.BigInteger),
        sa.Column("given", sa.BigInteger, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("ended", sa.BigInteger),
    )
    op.create_table(
        "coupon",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("pool", sa.Integer, sa.ForeignKey("coupon_pool.id"), nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False, unique=True),
        sa.Column("claim", sa.Text),
        sa.Column("person", sa.BigInteger),
        sa.Column("given", sa.BigInteger),
        sa.Column("expires", sa.BigInteger),
        sa.Column("redeemed", sa.BigInteger),
        sa.Column("order", sa.Text),
        sa.UniqueConstraint("pool", "claim", name="coupon_once"),
    )
    op.create_index("coupon_free", "coupon", ["pool", "given", "id"])
    op.create_index("coupon_person", "coupon", ["person"])
