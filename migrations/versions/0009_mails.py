"""Mailboxes that receive the booking sites' mails, and what each of those mails told."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
STATES = "'waiting', 'matched', 'noted', 'refused', 'over'"


def needed(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "mail_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True), needed("hotel_id", sa.BigInteger()),
        needed("kind", sa.String(80)), needed("secrets", sa.LargeBinary()), needed("receiver", sa.Text()),
        needed("must_be_authentic", sa.Boolean()), needed("is_active", sa.Boolean()), sa.Column("cursor", sa.Text()),
        sa.Column("last_read_at", INSTANT), sa.Column("failing_since", INSTANT), sa.Column("fault_kind", sa.String(80)),
        sa.Column("fault_message", sa.Text()), needed("created_at", INSTANT),
        sa.ForeignKeyConstraint(["hotel_id"], ["hotel.id"], name="fk_mail_account_hotel_id"),
        sa.UniqueConstraint("hotel_id", "id", name="uq_mail_account_hotel_id_id"),
        sa.CheckConstraint("kind IN ('gmail', 'imap')", name="kind"),
    )  # fmt: skip
    op.create_index("ix_mail_account_active", "mail_account", ["id"], postgresql_where=sa.text("is_active"))
    op.create_table(
        "channel_mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True), needed("hotel_id", sa.BigInteger()),
        needed("account_id", sa.BigInteger()), needed("key", sa.Text()), needed("message_id", sa.Text()),
        needed("provider", sa.String(80)), needed("kind", sa.String(80)), needed("trust", sa.String(80)),
        needed("reference", sa.String(80)), sa.Column("arrival", sa.Date()), sa.Column("sent_at", INSTANT),
        sa.Column("facts", sa.LargeBinary()), needed("state", sa.String(80)), needed("code", sa.String(80)),
        sa.Column("reservation_id", sa.BigInteger()), needed("tries", sa.BigInteger()), sa.Column("next_try_at", INSTANT),
        needed("created_at", INSTANT),
        sa.UniqueConstraint("account_id", "key", name="uq_channel_mail_account_id_key"),
        sa.ForeignKeyConstraint(
            ["hotel_id", "account_id"], ["mail_account.hotel_id", "mail_account.id"], ondelete="CASCADE",
            name="fk_channel_mail_hotel_id_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["hotel_id", "reservation_id"], ["reservation.hotel_id", "reservation.id"], name="fk_channel_mail_hotel_id_reservation_id"
        ),
        sa.CheckConstraint(f"state IN ({STATES})", name="state"),
    )  # fmt: skip
    op.create_index("ix_channel_mail_waiting", "channel_mail", ["next_try_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index("ix_channel_mail_newest", "channel_mail", ["hotel_id", "id"])
    op.create_index("ix_channel_mail_message", "channel_mail", ["hotel_id", "message_id"])


def downgrade() -> None:
    op.drop_table("channel_mail")
    op.drop_table("mail_account")
