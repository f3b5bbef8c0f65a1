"""Until when Gmail tells of new mails by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mail_account", sa.Column("watched_until", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("mail_account", "watched_until")
