"""What every line of an uploaded file said, so that a file can be compared with the one before; and files that say nothing new."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0014b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upload_entry", sa.Column("said_digest", sa.LargeBinary()))
    op.add_column("upload_entry", sa.Column("arrival", sa.Date()))
    op.add_column("upload_entry", sa.Column("is_fix", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.create_index("ix_upload_entry_reference", "upload_entry", ["upload_id", "reference", "id"])
    op.drop_constraint(op.f("ck_upload_age"), "upload", type_="check")
    op.create_check_constraint(op.f("ck_upload_age"), "upload", "age IN ('FRESH', 'OLD', 'DUPLICATE')")


def downgrade() -> None:
    op.execute("UPDATE upload SET age = 'OLD' WHERE age = 'DUPLICATE'")
    op.drop_constraint(op.f("ck_upload_age"), "upload", type_="check")
    op.create_check_constraint(op.f("ck_upload_age"), "upload", "age IN ('FRESH', 'OLD')")
    op.drop_index("ix_upload_entry_reference", "upload_entry")
    for name in ("is_fix", "arrival", "said_digest"):
        op.drop_column("upload_entry", name)
