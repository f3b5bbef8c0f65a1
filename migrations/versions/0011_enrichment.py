"""Stays that are one, stays that are not, and what is still unknown of a stay."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def needed(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def stay(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["hotel_id", column], ["reservation.hotel_id", "reservation.id"], name=f"fk_{table}_hotel_id_{column}"
    )


def upgrade() -> None:
    op.add_column("reservation", sa.Column("merged_into_id", sa.BigInteger()))
    op.create_foreign_key(
        "fk_reservation_hotel_id_merged_into_id", "reservation", "reservation", ["hotel_id", "merged_into_id"], ["hotel_id", "id"]
    )  # fmt: skip
    op.create_index(
        "ix_reservation_merged", "reservation", ["merged_into_id"], postgresql_where=sa.text("merged_into_id IS NOT NULL")
    )  # fmt: skip
    op.create_table(
        "stay_merge",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True), needed("hotel_id", sa.BigInteger()),
        needed("kept_id", sa.BigInteger()), needed("gone_id", sa.BigInteger()), needed("rule", sa.String(80)),
        sa.Column("undo", sa.LargeBinary()), needed("merged_at", INSTANT), needed("merged_by", sa.Text()),
        sa.Column("undone_at", INSTANT), sa.Column("undone_by", sa.Text()),
        sa.ForeignKeyConstraint(["hotel_id"], ["hotel.id"], name="fk_stay_merge_hotel_id"),
        stay("stay_merge", "kept_id"), stay("stay_merge", "gone_id"),
        sa.CheckConstraint("kept_id <> gone_id", name="two_stays"),
    )  # fmt: skip
    op.create_index(
        "uq_stay_merge_gone", "stay_merge", ["gone_id"], unique=True, postgresql_where=sa.text("undone_at IS NULL")
    )
    op.create_index("ix_stay_merge_kept", "stay_merge", ["kept_id"])
    op.create_index("ix_stay_merge_newest", "stay_merge", ["hotel_id", "id"])
    op.create_table(
        "distinct_stays",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True), needed("hotel_id", sa.BigInteger()),
        needed("first_id", sa.BigInteger()), needed("second_id", sa.BigInteger()), needed("said_at", INSTANT),
        needed("said_by", sa.Text()),
        sa.ForeignKeyConstraint(["hotel_id"], ["hotel.id"], name="fk_distinct_stays_hotel_id"),
        stay("distinct_stays", "first_id"), stay("distinct_stays", "second_id"),
        sa.UniqueConstraint("first_id", "second_id", name="uq_distinct_stays_first_id_second_id"),
        sa.CheckConstraint("first_id < second_id", name="in_order"),
    )  # fmt: skip
    op.create_index("ix_distinct_stays_hotel", "distinct_stays", ["hotel_id"])
    op.create_table(
        "enrichment",
        sa.Column("reservation_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        needed("hotel_id", sa.BigInteger()), needed("unknown", postgresql.JSONB()), needed("step", sa.String(80)),
        needed("tries", sa.BigInteger()), sa.Column("next_try_at", INSTANT), needed("changed_at", INSTANT),
        sa.ForeignKeyConstraint(["hotel_id"], ["hotel.id"], name="fk_enrichment_hotel_id"),
        stay("enrichment", "reservation_id"),
        sa.CheckConstraint("step IN ('mail', 'upload', 'guest', 'none')", name="step"),
    )  # fmt: skip
    op.create_index(
        "ix_enrichment_due", "enrichment", ["next_try_at"], postgresql_where=sa.text("next_try_at IS NOT NULL")
    )
    op.create_index("ix_enrichment_hotel", "enrichment", ["hotel_id", "step"])
    op.create_table(
        "enrichment_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True), needed("hotel_id", sa.BigInteger()),
        needed("reservation_id", sa.BigInteger()), needed("at", INSTANT), needed("step", sa.String(80)),
        needed("code", sa.String(80)), needed("found", postgresql.JSONB()),
        sa.ForeignKeyConstraint(["hotel_id"], ["hotel.id"], name="fk_enrichment_attempt_hotel_id"),
        stay("enrichment_attempt", "reservation_id"),
    )  # fmt: skip
    op.create_index("ix_enrichment_attempt_stay", "enrichment_attempt", ["reservation_id", "id"])


def downgrade() -> None:
    for table in ("enrichment_attempt", "enrichment", "distinct_stays", "stay_merge"):
        op.drop_table(table)
    op.drop_index("ix_reservation_merged", "reservation")
    op.drop_column("reservation", "merged_into_id")
