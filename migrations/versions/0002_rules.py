"""The rules that the database itself keeps: transitions, audited changes, nights that match, and trails that stay."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE FUNCTION reservation_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ((OLD.status, NEW.status) IN (
        ('PENDING_PAYMENT', 'CONFIRMED'), ('PENDING_PAYMENT', 'CANCELLED'), ('PENDING_PAYMENT', 'EXPIRED'),
        ('CONFIRMED', 'CHECKED_IN'), ('CONFIRMED', 'CANCELLED'), ('CONFIRMED', 'NO_SHOW'),
        ('CHECKED_IN', 'COMPLETED'), ('CHECKED_IN', 'CONFIRMED'), ('COMPLETED', 'CHECKED_IN'),
        ('CANCELLED', 'CONFIRMED'), ('NO_SHOW', 'CONFIRMED'), ('EXPIRED', 'CONFIRMED')))
    THEN
        RAISE EXCEPTION 'reservation % cannot go from % to %', OLD.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_transition';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER reservation_transition BEFORE UPDATE OF status ON reservation
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION reservation_transition();

-- A stay that holds its nights has one room night for each of them when it is placed, and none otherwise.
CREATE FUNCTION reservation_nights() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stay reservation;
    held bigint;
    outside bigint;
    wanted bigint;
BEGIN
    IF TG_TABLE_NAME = 'reservation' THEN
        SELECT * INTO stay FROM reservation WHERE id = NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT * INTO stay FROM reservation WHERE id = OLD.reservation_id;
    ELSE
        SELECT * INTO stay FROM reservation WHERE id = NEW.reservation_id;
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT count(*), count(*) FILTER (WHERE night < stay.check_in OR night >= stay.check_out)
        INTO held, outside FROM room_night WHERE reservation_id = stay.id;
    wanted := CASE
        WHEN stay.room_id IS NOT NULL AND stay.status IN ('PENDING_PAYMENT', 'CONFIRMED', 'CHECKED_IN', 'COMPLETED')
        THEN stay.check_out - stay.check_in ELSE 0 END;
    IF held <> wanted OR outside <> 0 THEN
        RAISE EXCEPTION 'reservation % (%) holds % room nights, % of them outside its dates, instead of %',
            stay.id, stay.status, held, outside, wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_nights';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER reservation_nights AFTER INSERT OR UPDATE OF status, room_id, check_in, check_out ON reservation
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reservation_nights();

-- Occupancy may only be changed together with its stay: also checked from this side.
CREATE CONSTRAINT TRIGGER room_night_of_stay AFTER UPDATE OR DELETE ON room_night
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.reservation_id IS NOT NULL)
    EXECUTE FUNCTION reservation_nights();

-- Whatever happens to a stay is in the audit trail of the same transaction.
-- Sealing the same values anew under another key changes nothing that a trail could tell.
CREATE FUNCTION reservation_audited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('innkeep.rewrite_trail', true), '') = 'yes' THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM audit_entry
        WHERE hotel_id = NEW.hotel_id AND entity_type = 'reservation' AND entity_id = NEW.id
          AND transaction_id = pg_current_xact_id()::text::bigint)
    THEN
        RAISE EXCEPTION 'reservation % was changed without an audit entry', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reservation_audited';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER reservation_audited
    AFTER INSERT OR UPDATE OF status, room_id, check_in, check_out, room_type_id, guest_name, guest_email, guest_phone,
        adults, children, total ON reservation
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reservation_audited();

-- Trails stay. Only the erasure of a person's data may rewrite their sealed values, and it says so for its transaction.
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('innkeep.rewrite_trail', true), '') <> 'yes' THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE ON channel_decision FOR EACH ROW EXECUTE FUNCTION append_only();
"""

DOWNGRADE = """
DROP TRIGGER append_only ON channel_decision;
DROP TRIGGER append_only ON audit_entry;
DROP TRIGGER reservation_audited ON reservation;
DROP TRIGGER room_night_of_stay ON room_night;
DROP TRIGGER reservation_nights ON reservation;
DROP TRIGGER reservation_transition ON reservation;
DROP FUNCTION append_only;
DROP FUNCTION reservation_audited;
DROP FUNCTION reservation_nights;
DROP FUNCTION reservation_transition;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
