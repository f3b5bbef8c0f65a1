"""The desk's list is ordered by status and by room from indexes of their own; the room's number stands with the stay for that."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0010"
branch_labels = None
depends_on = None

KEEP = """
CREATE FUNCTION reservation_listed_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.listed_room := (SELECT number FROM room WHERE id = NEW.room_id);
    RETURN NEW;
END $$;

CREATE TRIGGER listed_room_at_first BEFORE INSERT ON reservation
    FOR EACH ROW WHEN (NEW.room_id IS NOT NULL) EXECUTE FUNCTION reservation_listed_room();
CREATE TRIGGER listed_room BEFORE UPDATE OF room_id ON reservation
    FOR EACH ROW WHEN (OLD.room_id IS DISTINCT FROM NEW.room_id) EXECUTE FUNCTION reservation_listed_room();

CREATE FUNCTION room_renumbered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reservation SET listed_room = NEW.number WHERE hotel_id = NEW.hotel_id AND room_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER room_renumbered AFTER UPDATE OF number ON room
    FOR EACH ROW WHEN (OLD.number IS DISTINCT FROM NEW.number) EXECUTE FUNCTION room_renumbered();
"""


def upgrade() -> None:
    op.add_column("reservation", sa.Column("listed_room", sa.String(80)))
    op.execute("UPDATE reservation SET listed_room = room.number FROM room WHERE room.id = reservation.room_id")
    op.execute(KEEP)
    op.create_index(
        "ix_reservation_by_status", "reservation", ["hotel_id", "status", "check_in", "id"],
        postgresql_include=["check_out", "source", "room_id"],
    )  # fmt: skip
    op.create_index(
        "ix_reservation_by_room", "reservation", ["hotel_id", "listed_room", "check_in", "id"],
        postgresql_include=["check_out", "status", "source", "room_id"],
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_reservation_by_room", "reservation")
    op.drop_index("ix_reservation_by_status", "reservation")
    op.execute("DROP TRIGGER room_renumbered ON room; DROP FUNCTION room_renumbered()")
    op.execute("DROP TRIGGER listed_room ON reservation; DROP TRIGGER listed_room_at_first ON reservation")
    op.execute("DROP FUNCTION reservation_listed_room()")
    op.drop_column("reservation", "listed_room")
