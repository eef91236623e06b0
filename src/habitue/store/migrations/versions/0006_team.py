"""Members, and the secrets by which they and programs come in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "member",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("factor", sa.Text),
        sa.Column("factor_step", sa.BigInteger),
        sa.Column("joined", sa.BigInteger, nullable=False),
        sa.Column("left", sa.BigInteger),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False, unique=True),
        sa.Column("member", sa.Integer, sa.ForeignKey("member.id")),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("reach", sa.JSON, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("seen", sa.BigInteger),
        sa.Column("expires", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        sa.Column("agent", sa.Text, nullable=False, server_default=""),
        sa.Column("address", sa.Text, nullable=False, server_default=""),
    )
    op.add_column("audit", sa.Column("digest", sa.Text))
    op.add_column("audit", sa.Column("seal", sa.Text))
    op.execute("INSERT INTO counter (name, next) VALUES ('audit', 0)")
    op.create_index("credential_member", "credential", ["member", "kind"])
