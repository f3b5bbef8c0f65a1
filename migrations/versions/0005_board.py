"""What the board asks for at every change is found by index; a stay that changed rooms in house says so."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reservation", sa.Column("has_moved", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.create_index(
        "ix_reservation_in_house", "reservation", ["hotel_id", "check_out"],
        postgresql_where=sa.text("status = 'CHECKED_IN'"),
    )
    op.create_index(
        "ix_reservation_expected", "reservation", ["hotel_id", "check_in", "check_out"],
        postgresql_where=sa.text("status IN ('PENDING_PAYMENT', 'CONFIRMED')"),
    )
    op.create_index(
        "ix_reservation_moved", "reservation", ["hotel_id", "check_out"], postgresql_where=sa.text("has_moved")
    )


def downgrade() -> None:
    op.drop_index("ix_reservation_moved", "reservation")
    op.drop_index("ix_reservation_expected", "reservation")
    op.drop_index("ix_reservation_in_house", "reservation")
    op.drop_column("reservation", "has_moved")
