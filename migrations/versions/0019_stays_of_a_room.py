"""The stays of one room are found without reading the whole house, as every reading of a calendar asks for them."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_reservation_room", "reservation", ["room_id", "check_out"])


def downgrade() -> None:
    op.drop_index("ix_reservation_room", "reservation")
