"""The list of stays is found in indexes alone; late departures; moves that can be undone; names are found as names."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_reservation_newest", "reservation")
    op.create_index(
        "ix_reservation_newest", "reservation", ["hotel_id", "id"],
        postgresql_include=["check_in", "check_out", "status", "source", "room_id"],
    )
    op.create_index(
        "ix_reservation_arrivals", "reservation", ["hotel_id", "check_in", "id"],
        postgresql_include=["check_out", "status", "source", "room_id"],
    )
    op.create_index(
        "ix_reservation_leaving", "reservation", ["hotel_id", "check_out", "id"],
        postgresql_include=["check_in", "status", "source", "room_id"],
    )
    op.add_column("reservation", sa.Column("late_departure", sa.Time()))
    op.create_table(
        "move_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("hotel_id", sa.BigInteger(), nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=False),
        sa.Column("moves", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undone_by", sa.Text()),
        sa.ForeignKeyConstraint(["hotel_id"], ["hotel.id"], name=op.f("fk_move_batch_hotel_id")),
        sa.ForeignKeyConstraint(
            ["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"],
            name=op.f("fk_move_batch_hotel_id_reservation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_batch")),
    )
    op.create_index("ix_move_batch_reservation", "move_batch", ["reservation_id"])
    _find_names()


def _find_names() -> None:
    """Stays made before are found by name too. Needs the keys of the installation, which `flask db upgrade` has."""
    from webapp.core.encryption import keyring, search_tokens

    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, guest_name, booker_name, search_tokens FROM reservation")).all()
    for row in rows:
        names = tuple(keyring().open(bytes(sealed)).decode() for sealed in (row.guest_name, row.booker_name) if sealed)
        tokens = sorted({*row.search_tokens, *search_tokens(names=names)})
        connection.execute(
            sa.text("UPDATE reservation SET search_tokens = :tokens WHERE id = :id"), {"tokens": tokens, "id": row.id}
        )


def downgrade() -> None:
    op.drop_table("move_batch")
    op.drop_column("reservation", "late_departure")
    op.drop_index("ix_reservation_leaving", "reservation")
    op.drop_index("ix_reservation_arrivals", "reservation")
    op.drop_index("ix_reservation_newest", "reservation")
    op.create_index("ix_reservation_newest", "reservation", ["hotel_id", "id"])
