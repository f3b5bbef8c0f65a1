"""Personal data as a whole: given out, erased without a trace, and sealed anew under another key."""

from __future__ import annotations

import json
import os

import click
import pytest
from sqlalchemy import LargeBinary, cast, select, text, type_coerce, update

from tests import factories
from tests.accounts_kit import person
from webapp.core import audit, encryption
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.messaging import queueing
from webapp.models import (
    AccessCode,
    ChannelMail,
    CheckIn,
    Client,
    GuestLink,
    Lock,
    LockAccount,
    MailAccount,
    Message,
    PartyMember,
    Reservation,
    Upload,
    UploadEntry,
    User,
    WebhookEvent,
)
from webapp.privacy import erasure, rotation
from webapp.stays import services as stays
from webapp.stays.links import link_for

EMAIL = "ada@example.com"
WORDS = ("Ada Example", "ada@example.com", "+447700900123", "Grace Companion", "allergic to feathers", "Dear Ada")


def history_of(hotel, **values):
    """A stay that is over, with everything that can be kept about a person."""
    stay = factories.make_stay(hotel, special_requests="allergic to feathers", **values)
    with transaction():
        link_for(stay, "checkin")
        member = PartyMember(
            hotel_id=hotel.id, reservation_id=stay.id, name="Grace Companion", email="grace@example.com"
        )
        client = Client(name="Ada Example", email=EMAIL)
        db.session.add_all((member, client))
        db.session.flush()
        stay.client_id = client.id
        audit.record(hotel.id, "party_added", member, after={"name": "Grace Companion"})
        db.session.add(CheckIn(hotel_id=hotel.id, reservation_id=stay.id, details={"name": "Ada Example"}))
        db.session.add(
            Message(
                hotel_id=hotel.id, reservation_id=stay.id, channel="mail", recipient=EMAIL, subject="Dear Ada",
                body="Dear Ada", html="<p>Dear Ada</p>", extras={"to": "Ada Example"},
            )
        )  # fmt: skip
        stays.update_guest(stay, {"guest_phone": "+447700900123", "guest_name": "Ada Example"})
        stays.cancel(stay, "Ada Example is ill")
    return stay


@pytest.fixture
def run(app):
    return lambda *args: app.test_cli_runner().invoke(args=list(args))


def everything_known():
    """All texts of all tables, opened."""
    found = []
    for table in db.metadata.sorted_tables:
        found += [repr(tuple(row)) for row in db.session.execute(select(table))]
    return "\n".join(found)


def test_an_export_holds_everything_of_the_person_and_nothing_of_ours(hotel, run, tmp_path):
    stay = history_of(hotel)
    answer = run("privacy", "export", "--email", "ADA@example.com")
    assert answer.exit_code == 0, answer.output
    content = json.loads(answer.output)
    assert [one["booking_id"] for one in content["stays"]] == [stay.booking_id]
    for words in WORDS:
        assert words in answer.output, words
    for ours in ("search_tokens", "pin_fingerprint", '"version"'):
        assert ours not in answer.output
    assert content["profiles"][0]["email"] == EMAIL
    assert "personal_data_exported" in db.session.scalars(select(AuditEntry.action)).all()
    path = tmp_path / "ada.json"
    assert run("privacy", "export", "--booking", stay.booking_id.lower(), "--output", str(path)).exit_code == 0
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["about"] == stay.booking_id


def test_an_erased_person_is_found_nowhere_and_the_money_stays(hotel, run):
    stay = history_of(hotel)
    for words in WORDS:
        assert words in everything_known(), words
    assert "Would erase: 1 stays, 1 profiles" in run("privacy", "erase", "--email", EMAIL, "--dry-run").output
    assert "Ada Example" in everything_known()
    answer = run("privacy", "erase", "--email", EMAIL, "--yes")
    assert answer.exit_code == 0, answer.output
    db.session.expire_all()
    known = everything_known()
    for words in (*WORDS, "Grace", "ill"):
        assert words not in known, words
    assert stay.status == "CANCELLED"
    assert stay.check_in is not None
    assert db.session.scalars(select(GuestLink)).all() == []
    assert db.session.scalars(select(Client.erased_at)).one() is not None
    assert "personal_data_erased" in db.session.scalars(select(AuditEntry.action)).all()
    assert run("privacy", "erase", "--email", EMAIL, "--yes").exit_code == 1


def told_by_mails_and_files(hotel, stay):
    """A mail, a daily list, an applied file and one that waits, all with the name of the guest."""
    account = MailAccount(hotel_id=hotel.id, kind="imap", secrets={"username": "house"})
    applied, waiting = (
        Upload(hotel_id=hotel.id, filename="", content=content, content_digest=bytes([n]), state=state, created_by="",
               columns=[{"header": "Guest", "samples": ["Ada Example"]}])
        for n, (state, content) in enumerate((("applied", None), ("preview", b"Ada Example")))
    )  # fmt: skip
    db.session.add_all((account, applied, waiting))
    db.session.flush()
    digest = [
        {"reference": number, "guest_name": name} for number, name in (("5000000001", "Ada Example"), ("5", "Bob"))
    ]
    known = {"hotel_id": hotel.id, "account_id": account.id, "state": "noted"}
    db.session.add_all((
        ChannelMail(**known, key="1", kind="new", reference="5000000001", facts={"guest_name": "Ada Example"}),
        ChannelMail(**known, key="2", kind="digest", facts={"digest": digest}),
    ))  # fmt: skip
    for upload in (applied, waiting):
        db.session.add(
            UploadEntry(
                hotel_id=hotel.id, upload_id=upload.id, line=1, action="updated", reference="5000000001", reservation_id=stay.id,
                details={"new": {"guest_name": "Ada Example"}}, undo={"values": {"guest_name": "Ada Example"}},
            )
        )  # fmt: skip
    db.session.commit()
    return waiting


def test_what_mails_and_files_said_of_a_person_is_erased_too(hotel, run):
    stay = history_of(hotel, source="booking", channel_reference="5000000001")
    waiting = told_by_mails_and_files(hotel, stay)
    assert run("privacy", "export", "--email", EMAIL).output.count('"new"') == 2
    assert run("privacy", "erase", "--email", EMAIL, "--yes").exit_code == 0
    db.session.expire_all()
    known = everything_known()
    assert ("Ada" in known, "5000000001" in known, "Bob" in known) == (False, False, True)
    assert waiting.state == "discarded"


def test_a_person_is_erased_from_every_record_of_the_stay(hotel, run):
    kept, gone = history_of(hotel), factories.make_stay(hotel, "102", guest_name="Ada Secondrecord", guest_email=None)
    with transaction():
        stays.cancel(gone, "")
        gone.merged_into_id = kept.id
    assert run("privacy", "erase", "--booking", kept.booking_id, "--yes").exit_code == 0
    db.session.expire_all()
    assert "Secondrecord" not in everything_known()


def test_every_sealed_table_has_been_thought_about():
    assert {table.name for table in rotation.sealed_columns()} == erasure.ERASED | erasure.NOT_OF_GUESTS


def test_what_the_message_provider_said_of_a_number_is_erased_however_it_was_typed(hotel, run):
    stay = history_of(hotel)
    with transaction():
        hotel.country = "GB"
        stays.update_guest(stay, {"guest_phone": "07700 900123"})
        for number in ("+447700900123", "+447700900124"):
            payload = {"From": number, "Body": f"From {number}"}
            db.session.add(WebhookEvent(provider="twilio", event_id=number, payload=payload))
    assert run("privacy", "erase", "--email", EMAIL, "--yes").exit_code == 0
    db.session.expire_all()
    kept = {event.event_id: event.payload for event in db.session.scalars(select(WebhookEvent))}
    assert kept["+447700900123"] == {}
    assert kept["+447700900124"]["Body"] == "From +447700900124"


def test_who_said_stop_is_erased_and_keys_are_changed_all_the_same(hotel, new_key, run):
    for number in ("+447700900123", "+447700900124"):
        stay = history_of(hotel)
        with transaction():
            stop = Message(
                hotel_id=hotel.id, reservation_id=stay.id, channel="sms", direction="in", recipient=number, body="STOP",
                key=queueing.stop_keys(number)[0],
            )  # fmt: skip
            db.session.add(stop)
    assert run("privacy", "erase", "--email", EMAIL, "--yes").exit_code == 0
    answer = run("security", "rotate-keys", "--yes")
    assert answer.exit_code == 0, answer.output
    assert queueing.has_stopped("+447700900123"), "as long as the key of that time is known"
    assert not queueing.has_stopped("")


def test_a_stay_that_is_taken_up_again_while_the_question_waits_is_not_erased(hotel, app, monkeypatch):
    stay = history_of(hotel)

    def answer(*_arguments, **_options):
        other = update(Reservation).where(Reservation.id == stay.id).values(status="CONFIRMED")
        db.session.execute(other.execution_options(synchronize_session=False))
        return True

    monkeypatch.setattr(click, "confirm", answer)
    told = app.test_cli_runner().invoke(args=["privacy", "erase", "--email", EMAIL])
    assert told.exit_code == 1
    assert "not over" in told.output
    assert "Ada Example" in everything_known()


def test_nothing_is_noted_as_given_out_when_the_file_cannot_be_written(hotel, run, tmp_path):
    history_of(hotel)
    answer = run("privacy", "export", "--email", EMAIL, "--output", str(tmp_path / "missing" / "ada.json"))
    assert answer.exit_code == 1
    assert "cannot be written" in answer.output
    assert "personal_data_exported" not in db.session.scalars(select(AuditEntry.action)).all()
    open_to_all = tmp_path / "ada.json"
    open_to_all.touch(mode=0o644)
    assert run("privacy", "export", "--email", EMAIL, "--output", str(open_to_all)).exit_code == 0
    assert open_to_all.stat().st_mode & 0o077 == 0


def test_others_keep_their_data(hotel, run):
    history_of(hotel)
    factories.make_stay(hotel, "102", guest_name="Bob Other", guest_email="bob@example.com")
    assert run("privacy", "erase", "--email", EMAIL, "--yes").exit_code == 0
    db.session.expire_all()
    assert "Bob Other" in everything_known()


def test_a_person_named_in_anothers_booking_is_erased_there_only(hotel, run):
    stay = history_of(hotel)
    assert run("privacy", "erase", "--email", "grace@example.com", "--yes").exit_code == 0
    db.session.expire_all()
    known = everything_known()
    assert "Grace" not in known
    assert "Ada Example" in known
    assert stay.guest_name == "Ada Example"


def test_an_account_is_erased_but_not_that_of_a_colleague(hotel, run):
    guest, colleague = person(email="guest@example.com", name="Gus Guest"), person(hotel, email="staff@example.com")
    assert run("privacy", "erase", "--email", "guest@example.com", "--yes").exit_code == 0
    assert run("privacy", "erase", "--email", "staff@example.com", "--yes").exit_code == 1
    db.session.expire_all()
    assert "Gus Guest" not in everything_known()
    assert not db.session.get(User, guest.id).is_active
    assert colleague.email == "staff@example.com"


def test_a_guest_who_is_expected_is_not_erased(hotel, run):
    stay = factories.make_stay(hotel)
    answer = run("privacy", "erase", "--booking", stay.booking_id, "--yes")
    assert answer.exit_code == 1
    assert stay.booking_id in answer.output
    assert stay.guest_name == "Ada Example"


@pytest.mark.parametrize(
    "arguments", [(), ("--email", "a@example.com", "--booking", "BK-1"), ("--email", "no@example.com")]
)
def test_bad_questions_are_refused(run, app, arguments):
    assert run("privacy", "export", *arguments).exit_code != 0
    assert run("privacy", "erase", *arguments, "--yes").exit_code != 0


@pytest.fixture
def new_key():
    """Configures a newer key before the present one, and can take the old one away."""
    old = encryption._keyring
    newest = os.urandom(32)
    keys = [newest, *_keys_of(old)]
    encryption.configure(tuple(keys))
    yield newest
    encryption._keyring = old


def _keys_of(ring):
    from config import Settings

    settings = Settings.from_env({"INNKEEP_ENV": "testing", "DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x"})
    assert encryption.Keyring(settings.encryption_keys).newest_id == ring.newest_id
    return settings.encryption_keys


@pytest.fixture
def sealed_with_the_old_key(hotel):
    """Rows in every kind of sealed column, and everything that is derived from a key."""
    stay = history_of(hotel)
    user = person(hotel)
    user.totp_secret = "JBSWY3DPEHPK3PXP"
    with transaction():
        account = LockAccount(
            hotel_id=hotel.id, username="locks", username_hint="locks", password_md5="x", webhook_token="w"
        )
        db.session.add(account)
        db.session.flush()
        lock = Lock(hotel_id=hotel.id, account_id=account.id, provider_lock_id="7", name="Front", kind="entrance")
        db.session.add(lock)
        db.session.flush()
        code = AccessCode(
            hotel_id=hotel.id, reservation_id=stay.id, lock_id=lock.id, physical_lock="ttlock:7", pin="735194",
            pin_fingerprint=encryption.fingerprint("735194"), valid_from=hotel.check_in_instant(stay.check_in),
            valid_until=hotel.check_out_instant(stay.check_out), state="removed",
        )  # fmt: skip
        number = "+447700900123"
        stop = Message(channel="sms", direction="in", recipient=number, body="STOP", key=queueing.stop_keys(number)[0])
        db.session.add_all((code, stop))
    return stay


def test_everything_is_sealed_anew_and_the_old_key_can_go(sealed_with_the_old_key, new_key, run):
    stay = sealed_with_the_old_key
    before = everything_known()
    counted = run("security", "rotate-keys", "--dry-run").output
    assert "reservation: 1 to do" in counted
    answer = run("security", "rotate-keys", "--yes")
    assert answer.exit_code == 0, answer.output
    assert "reservation: 1 done" in answer.output
    assert all(progress.rewritten == 0 for progress in rotation.outdated())
    assert {p.rewritten for p in rotation.rotate()} == {0}
    encryption.configure((new_key,))
    db.session.expire_all()
    after = everything_known()
    for words in WORDS:
        assert words in before
        assert words in after, words
    assert db.session.scalars(select(AccessCode.pin_fingerprint)).one() == encryption.fingerprint("735194")
    assert queueing.has_stopped("+447700900123")
    words = [Reservation.search_tokens.overlap(hashes) for hashes in encryption.query_tokens("exam ada")]
    assert db.session.scalars(select(Reservation.id).where(*words)).all() == [stay.id]
    entries = db.session.scalars(select(AuditEntry).filter_by(entity_type="reservation", entity_id=stay.id)).all()
    assert [entry.action for entry in entries] == ["created", "guest_updated", "cancelled"] or entries[0].after


def test_a_row_that_cannot_be_opened_is_told_and_left_alone(sealed_with_the_old_key, new_key, run):
    broken = b"\x01gone" + os.urandom(40)
    db.session.execute(text("UPDATE party_member SET name = :name"), {"name": broken})
    answer = run("security", "rotate-keys", "--yes")
    assert answer.exit_code == 1
    assert "party_member: 0 done, 1 unreadable" in answer.output
    assert "reservation: 1 done" in answer.output
    raw = select(type_coerce(cast(PartyMember.__table__.c.name, LargeBinary), LargeBinary))
    assert bytes(db.session.execute(raw).scalar_one()) == broken
