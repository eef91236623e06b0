"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("setting", sa.Column("key", sa.Text, primary_key=True), _text("value"))
    numbers = op.create_table("counter", sa.Column("name", sa.Text, primary_key=True), _instant("next"))
    op.bulk_insert(
        numbers, [{"name": "inbox", "next": 1}, {"name": "person", "next": 0}, {"name": "account", "next": 0}]
    )
    op.create_table(
        "identity",
        sa.Column("space", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("subject", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        _text("source"),
        sa.Column("history", sa.Boolean, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        _instant("received"),
    )
    op.create_table(
        "held",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("chunk", sa.Integer, primary_key=True),
        _text("source"),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "definition",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("kind"),
        _text("slug"),
        _text("subject"),
        sa.Column("live_version", sa.Integer),
        sa.UniqueConstraint("kind", "slug", name="definition_slug"),
    )
    op.create_table(
        "version",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("definition", sa.Integer, sa.ForeignKey("definition.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        _json("body"),
        _instant("created"),
        _text("by"),
        sa.UniqueConstraint("definition", "number", name="version_number"),
    )
    op.create_table(
        "import_job",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("file"),
        _text("fingerprint"),
        _text("kind"),
        _json("report"),
        _instant("started"),
        sa.Column("finished", sa.BigInteger),
    )
    op.create_table(
        "mapping",
        sa.Column("header", sa.Text, primary_key=True),
        _text("kind"),
        _json("columns"),
        _instant("saved"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        _instant("at"),
        _text("by"),
        _text("act"),
        _text("about"),
        _json("detail"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
