"""Events know the transaction that wrote them, and the oldest one that was under way: a stream that resumes gets what it missed, and nothing twice."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, current in (
        ("xact", "pg_current_xact_id()::text::bigint"),
        ("oldest_open_xact", "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"),
    ):
        op.add_column("live_event", sa.Column(name, sa.BigInteger(), nullable=True))
        op.alter_column("live_event", name, server_default=sa.text(current))


def downgrade() -> None:
    op.drop_column("live_event", "oldest_open_xact")
    op.drop_column("live_event", "xact")
