"""Alerts: how each stands, its incidents, what was told of them and to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "alert_state",
        sa.Column("slug", sa.Text, primary_key=True),
        sa.Column("looked", sa.BigInteger),
        sa.Column("reading", sa.JSON(none_as_null=True)),
        sa.Column("muted", sa.BigInteger),
        sa.Column("muted_by", sa.Text),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.Column("told", sa.Float(53)),
        sa.Column("fine", sa.Integer, nullable=False),
        sa.Column("snoozed", sa.BigInteger),
        sa.Column("snoozed_by", sa.Text),
        sa.Column("first", sa.JSON, nullable=False),
        sa.Column("last", sa.JSON, nullable=False),
    )
    op.create_index("incident_slug", "incident", ["slug", "begun"])
    op.create_index("incident_open", "incident", ["ended"])
    op.create_table(
        "telling",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("incident", sa.Integer, sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("reading", sa.JSON, nullable=False),
    )
    op.create_index("telling_at", "telling", ["at"])
    op.create_index("telling_incident", "telling", ["incident"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("telling", sa.Integer, sa.ForeignKey("telling.id"), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("due", sa.BigInteger),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.Text),
        sa.UniqueConstraint("telling", "target", name="delivery_once"),
    )
    op.create_index("delivery_due", "delivery", ["due"])
    op.create_table(
        "alert_hook",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False, unique=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("ended", sa.BigInteger),
    )
    op.create_table(
        "alert_seen",
        sa.Column("member", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
