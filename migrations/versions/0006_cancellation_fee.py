"""What a cancellation cost."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "reservation", sa.Column("cancellation_fee", sa.Numeric(14, 2), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("reservation", "cancellation_fee")
