"""Reservation files of the booking sites: what each changes, and what the sites call the rooms."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = "'reading', 'mapping', 'preview', 'applying', 'applied', 'undoing', 'undone', 'refused', 'discarded'"
ACTIONS = "'created', 'updated', 'cancelled', 'no_show', 'restored', 'unchanged', 'skipped', 'warning'"
INSTANT = sa.DateTime(timezone=True)


def identity() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)


def needed(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "upload",
        identity(), needed("hotel_id", sa.BigInteger()), needed("filename", sa.Text()), sa.Column("content", sa.LargeBinary()),
        needed("content_digest", sa.LargeBinary()), sa.Column("rows_digest", sa.LargeBinary()), needed("state", sa.String(80)),
        needed("kind", sa.String(80)), needed("provider", sa.String(80)), needed("age", sa.String(80)), needed("mapping", JSONB()),
        needed("columns", JSONB()), sa.Column("newest_at", INSTANT), needed("lines", sa.BigInteger()), needed("counts", JSONB()),
        sa.Column("plan_digest", sa.LargeBinary()), sa.Column("fault_kind", sa.String(80)), needed("message", sa.Text()),
        needed("created_by", sa.Text()), needed("created_at", INSTANT), sa.Column("applied_at", INSTANT),
        sa.Column("applied_by", sa.Text()), sa.Column("undone_at", INSTANT), sa.Column("undone_by", sa.Text()),
        sa.ForeignKeyConstraint(["hotel_id"], ["hotel.id"], name="fk_upload_hotel_id"),
        sa.UniqueConstraint("hotel_id", "id", name="uq_upload_hotel_id_id"),
        sa.CheckConstraint(f"state IN ({STATES})", name="state"),
        sa.CheckConstraint("age IN ('FRESH', 'OLD')", name="age"),
    )  # fmt: skip
    op.create_index("ix_upload_newest", "upload", ["hotel_id", "id"])
    op.create_index(
        "uq_upload_applied", "upload", ["hotel_id", "content_digest"], unique=True,
        postgresql_where=sa.text("state IN ('reading', 'mapping', 'preview', 'applying', 'applied', 'undoing')"),
    )  # fmt: skip
    op.create_table(
        "upload_entry",
        identity(), needed("hotel_id", sa.BigInteger()), needed("upload_id", sa.BigInteger()), needed("line", sa.BigInteger()),
        needed("action", sa.String(80)), needed("code", sa.String(80)), needed("reference", sa.String(80)),
        sa.Column("reservation_id", sa.BigInteger()), sa.Column("details", sa.LargeBinary()), sa.Column("undo", sa.LargeBinary()),
        sa.Column("version_after", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["hotel_id", "upload_id"], ["upload.hotel_id", "upload.id"], name="fk_upload_entry_hotel_id_upload_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"], name="fk_upload_entry_hotel_id_reservation_id"
        ),
        sa.CheckConstraint(f"action IN ({ACTIONS})", name="action"),
    )  # fmt: skip
    op.create_index("ix_upload_entry_upload", "upload_entry", ["upload_id", "action", "id"])
    op.create_index("ix_upload_entry_reservation", "upload_entry", ["reservation_id"])
    op.create_table(
        "room_alias",
        identity(), needed("hotel_id", sa.BigInteger()), needed("provider", sa.String(80)), needed("name_key", sa.Text()),
        needed("name", sa.Text()), needed("room_type_id", sa.BigInteger()), sa.Column("room_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(["hotel_id"], ["hotel.id"], name="fk_room_alias_hotel_id"),
        sa.ForeignKeyConstraint(["hotel_id", "room_id"], ["room.hotel_id", "room.id"], name="fk_room_alias_hotel_id_room_id"),
        sa.ForeignKeyConstraint(
            ["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"], name="fk_room_alias_hotel_id_room_type_id"
        ),
        sa.UniqueConstraint("hotel_id", "provider", "name_key", name="uq_room_alias_hotel_id_provider_name_key"),
    )  # fmt: skip


def downgrade() -> None:
    for table in ("room_alias", "upload_entry", "upload"):
        op.drop_table(table)
