"""What providers call the messages that they took, by which they tell of them later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_KNOWN = sa.text("reference IS NOT NULL")


def upgrade() -> None:
    op.add_column("message", sa.Column("reference", sa.Text))
    op.create_index(
        "message_reference", "message", ["reference"], sqlite_where=_KNOWN, postgresql_where=_KNOWN
    )
