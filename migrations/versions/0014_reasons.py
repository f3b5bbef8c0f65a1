"""Decisions and faults of feeds say why in codes; readings that brought news or failed are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel_decision", sa.Column("code", sa.String(80), nullable=False, server_default=""))
    op.add_column("channel_decision", sa.Column("params", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.add_column("feed", sa.Column("fault_details", postgresql.JSONB()))
    op.create_table(
        "feed_reading",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("hotel_id", sa.BigInteger(), nullable=False),
        sa.Column("feed_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(80), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("event_count", sa.BigInteger()),
        sa.Column("decisions", postgresql.JSONB(), nullable=False),
        sa.Column("fault", postgresql.JSONB()),
        sa.CheckConstraint("outcome IN ('changed', 'failed')", name="outcome"),
        sa.ForeignKeyConstraint(
            ["hotel_id", "feed_id"], ["feed.hotel_id", "feed.id"], name="fk_feed_reading_hotel_id_feed_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_feed_reading"),
    )  # fmt: skip
    op.create_index("ix_feed_reading_feed", "feed_reading", ["feed_id", "at"])


def downgrade() -> None:
    op.drop_table("feed_reading")
    op.drop_column("feed", "fault_details")
    op.drop_column("channel_decision", "params")
    op.drop_column("channel_decision", "code")
