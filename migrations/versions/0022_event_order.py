"""Events know the transaction that wrote them and those it could see: a stream that resumes gets what it missed, and nothing twice."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind, current in (
        ("xact", sa.BigInteger(), "pg_current_xact_id()::text::bigint"),
        ("snapshot", sa.Text(), "pg_current_snapshot()::text"),
    ):
        op.add_column("live_event", sa.Column(name, kind, nullable=True))
        op.alter_column("live_event", name, server_default=sa.text(current))


def downgrade() -> None:
    op.drop_column("live_event", "snapshot")
    op.drop_column("live_event", "xact")
