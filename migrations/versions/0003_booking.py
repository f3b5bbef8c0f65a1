"""Prices, restrictions, quotes and what a booking on the site keeps; the version of a hotel's catalogue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BUMPS = """
CREATE FUNCTION catalogue_renewed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.catalogue_version := gen_random_uuid();
    RETURN NEW;
END $$;

CREATE TRIGGER catalogue_renewed BEFORE UPDATE ON hotel FOR EACH ROW EXECUTE FUNCTION catalogue_renewed();

CREATE FUNCTION catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hotel SET catalogue_version = gen_random_uuid()
    WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.hotel_id ELSE NEW.hotel_id END;
    RETURN NULL;
END $$;

CREATE TRIGGER catalogue_changed AFTER INSERT OR UPDATE OR DELETE ON room_type
    FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER catalogue_changed AFTER INSERT OR DELETE OR UPDATE OF room_type_id, is_active ON room
    FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER catalogue_changed AFTER INSERT OR UPDATE OR DELETE ON stay_restriction
    FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER catalogue_changed AFTER INSERT OR UPDATE OR DELETE ON price_override
    FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
"""


def money(name: str, **more) -> sa.Column:
    return sa.Column(name, sa.Numeric(14, 2), nullable=False, **more)


def upgrade() -> None:
    op.add_column("hotel", sa.Column("catalogue_version", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False))
    _room_types()
    op.add_column("inventory", sa.Column("sellable_limit", sa.BigInteger()))
    op.drop_constraint(op.f("ck_inventory_never_oversold"), "inventory", type_="check")
    op.create_check_constraint(
        op.f("ck_inventory_never_oversold"), "inventory",
        "sold <= greatest(0, least(capacity - closed + allowance, sellable_limit))",
    )
    _reservations()
    _rates()
    _quotes()
    op.execute(BUMPS)


def _room_types() -> None:
    for column in (
        sa.Column("beds", sa.Text(), nullable=False, server_default=""),
        sa.Column("photos", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        sa.Column("base_occupancy", sa.BigInteger(), nullable=False, server_default="2"),
        money("extra_guest_price", server_default="0"),
    ):
        op.add_column("room_type", column)
    op.add_column("room_type", sa.Column("sellable_limit", sa.BigInteger()))
    op.create_check_constraint(op.f("ck_room_type_base_occupancy"), "room_type", "base_occupancy >= 1")
    op.create_check_constraint(op.f("ck_room_type_sellable_limit"), "room_type", "sellable_limit >= 0")


def _reservations() -> None:
    op.add_column("reservation", sa.Column("booker_phone", sa.LargeBinary()))
    op.add_column("reservation", sa.Column("booker_company", sa.LargeBinary()))
    op.add_column("reservation", sa.Column("group_id", sa.String(80)))
    op.create_index(op.f("ix_reservation_group_id"), "reservation", ["group_id"])
    # The defaults stay, for a release that does not know the columns and runs beside this one.
    for column in (
        sa.Column("price_lines", postgresql.JSONB(), nullable=False, server_default="[]"),
        sa.Column("terms", postgresql.JSONB(), nullable=False, server_default="{}"),
        money("deposit_due", server_default="0"),
        sa.Column("promo_code", sa.String(80), nullable=False, server_default=""),
        sa.Column("referral_code", sa.String(80), nullable=False, server_default=""),
        sa.Column("awaits_approval", sa.Boolean(), nullable=False, server_default="false"),
    ):
        op.add_column("reservation", column)


def _rates() -> None:
    op.create_table(
        "stay_restriction",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("hotel_id", sa.BigInteger(), sa.ForeignKey("hotel.id", name=op.f("fk_stay_restriction_hotel_id")), nullable=False),
        sa.Column("room_type_id", sa.BigInteger()),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("min_stay", "max_stay", "advance_days", "window_days")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("closed_to_arrival", "closed_to_departure", "is_closed")),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_stay_restriction_dates")),
        sa.CheckConstraint(
            "min_stay IS NULL OR max_stay IS NULL OR min_stay <= max_stay", name=op.f("ck_stay_restriction_lengths")
        ),
        sa.ForeignKeyConstraint(
            ["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"], name=op.f("fk_stay_restriction_hotel_id_room_type")
        ),
    )
    op.create_index("ix_stay_restriction_hotel", "stay_restriction", ["hotel_id", "starts_on"])
    op.create_table(
        "price_override",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("hotel_id", sa.BigInteger(), sa.ForeignKey("hotel.id", name=op.f("fk_price_override_hotel_id")), nullable=False),
        sa.Column("room_type_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        money("price"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_price_override_dates")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_price_override_price")),
        sa.ForeignKeyConstraint(
            ["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"], name=op.f("fk_price_override_hotel_id_room_type")
        ),
    )
    op.create_index("ix_price_override_hotel", "price_override", ["hotel_id", "starts_on"])


def _quotes() -> None:
    op.create_table(
        "quote",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("token", sa.String(80), nullable=False),
        sa.Column("hotel_id", sa.BigInteger(), sa.ForeignKey("hotel.id", name=op.f("fk_quote_hotel_id")), nullable=False),
        sa.Column("room_type_id", sa.BigInteger(), nullable=False),
        sa.Column("check_in", sa.Date(), nullable=False),
        sa.Column("check_out", sa.Date(), nullable=False),
        sa.Column("adults", sa.BigInteger(), nullable=False),
        sa.Column("children", sa.BigInteger(), nullable=False),
        sa.Column("promo_code", sa.String(80), nullable=False),
        sa.Column("referral_code", sa.String(80), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        money("subtotal"), money("taxes"), money("total"),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_by", sa.BigInteger()),
        sa.UniqueConstraint("token", name=op.f("uq_quote_token")),
        sa.CheckConstraint("check_out > check_in", name=op.f("ck_quote_dates")),
        sa.CheckConstraint("total = subtotal + taxes", name=op.f("ck_quote_adds_up")),
        sa.ForeignKeyConstraint(
            ["hotel_id", "room_type_id"], ["room_type.hotel_id", "room_type.id"], name=op.f("fk_quote_hotel_id_room_type")
        ),
        sa.ForeignKeyConstraint(
            ["hotel_id", "used_by"], ["reservation.hotel_id", "reservation.id"], name=op.f("fk_quote_hotel_id_used_by")
        ),
    )
    op.create_index("ix_quote_expires_at", "quote", ["expires_at"])
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("hotel_id", sa.BigInteger(), sa.ForeignKey("hotel.id", name=op.f("fk_idempotency_key_hotel_id")), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("hotel_id", "key_hash", name=op.f("uq_idempotency_key_hotel_id_key_hash")),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])


def downgrade() -> None:
    for table in ("price_override", "stay_restriction", "room", "room_type"):
        op.execute(f"DROP TRIGGER catalogue_changed ON {table}")
    op.execute("DROP TRIGGER catalogue_renewed ON hotel")
    op.execute("DROP FUNCTION catalogue_changed, catalogue_renewed")
    for table in ("idempotency_key", "quote", "price_override", "stay_restriction"):
        op.drop_table(table)
    for name in ("awaits_approval", "referral_code", "promo_code", "deposit_due", "terms", "price_lines", "group_id",
                 "booker_company", "booker_phone"):  # fmt: skip
        op.drop_column("reservation", name)
    op.drop_constraint(op.f("ck_inventory_never_oversold"), "inventory", type_="check")
    op.create_check_constraint(
        op.f("ck_inventory_never_oversold"), "inventory", "sold <= greatest(0, capacity - closed + allowance)"
    )
    op.drop_column("inventory", "sellable_limit")
    for name in ("sellable_limit", "extra_guest_price", "base_occupancy", "photos", "beds"):
        op.drop_column("room_type", name)
    op.drop_column("hotel", "catalogue_version")
