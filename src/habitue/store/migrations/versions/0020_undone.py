"""Which import each event came with, and when an import was taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("job", sa.Text))
    op.add_column("import_job", sa.Column("mark", sa.Text))
    op.add_column("import_job", sa.Column("undone", sa.BigInteger))
