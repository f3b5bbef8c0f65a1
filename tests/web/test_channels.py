"""The channels pages, and the calendars that the channels read."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select

from tests import factories
from webapp.channels import services, sync
from webapp.core import actor
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.integrations.ical.parse import parse
from webapp.models import ChannelDecision, Feed, Reservation
from webapp.stays import services as stays

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def days(offset: int) -> str:
    return str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=offset))


@pytest.fixture
def address(sandbox) -> str:
    key = uuid4().hex
    events = [{"kind": "stay", "start": days(5), "end": days(8)}, {"kind": "block", "start": days(20), "end": days(22)}]
    sandbox.control.put_feed("airbnb", key, events)
    return sandbox.control.feed_url("airbnb", key)


def connected(hotel, address: str, **more) -> Feed:
    with transaction():
        return services.add_feed(hotel, factories.room_of(hotel, "101").id, "airbnb", address, **more)


def test_a_calendar_is_connected_tried_and_switched_on(hotel, manager, address, run_jobs):
    assert manager.get(f"/staff/{hotel.slug}/channels/feeds/new").status_code == 200
    form = {"room_id": factories.room_of(hotel, "101").id, "provider": "booking", "url": address}
    answer = manager.post(f"/staff/{hotel.slug}/channels/feeds/new", data=form)
    assert answer.status_code == 303
    run_jobs()
    page = manager.get(answer.location)
    assert "This looks like a calendar of Airbnb" in page.text
    assert "2 entries in all" in page.text
    assert "switched off" in page.text
    assert address not in page.text
    assert db.session.scalars(select(ChannelDecision)).first() is None
    feed = db.session.scalars(select(Feed)).one()
    edit = manager.post(
        f"/staff/{hotel.slug}/channels/feeds/{feed.id}/edit", data={"provider": "airbnb", "url": "", "is_active": "y"}
    )
    assert edit.status_code == 303
    run_jobs()
    page = manager.get(answer.location).text
    assert "New stay" in page
    assert "working" in page


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"url": ""}, "Paste the address"),
        ({"url": "ftp://example.com/x"}, "begins with https"),
        ({"url": "http://169.254.169.254/latest/meta-data/"}, "private network"),
        ({"url": "http://10.0.0.1/a.ics"}, "private network"),
        ({"url": "http://127.0.0.1:9/a.ics"}, "private network"),
        ({"url": "http://localhost/a.ics"}, "private network"),
        ({"url": "http://2130706433/a.ics"}, "private network"),
        ({"url": "https://[::ffff:10.0.0.1]/a.ics"}, "private network"),
        ({"url": "http://exa mple.com/a.ics"}, "not an address a calendar can be read from"),
        ({"url": "https://example.com:99999/a.ics"}, "not an address a calendar can be read from"),
        ({"url": "https://guest:secret@example.com/a.ics"}, "no user name in it"),
        ({"url": "https://example.com/a.ics\r\nX-More: 1"}, "not an address a calendar can be read from"),
        ({"room_id": "0"}, "Not a valid choice"),
    ],
)
def test_what_is_no_address_is_said_so(hotel, manager, values, word):
    form = {
        "room_id": factories.room_of(hotel, "101").id,
        "provider": "airbnb",
        "url": "https://x.example/a.ics",
        **values,
    }
    answer = manager.post(f"/staff/{hotel.slug}/channels/feeds/new", data=form, headers=HTMX)
    assert answer.status_code == 422
    assert word in answer.text, answer.text
    assert answer.text.lstrip().startswith("<form")


def test_a_hopeless_address_does_not_replace_a_good_one(hotel, manager, address):
    feed = connected(hotel, address, is_active=False)
    url = f"/staff/{hotel.slug}/channels/feeds/{feed.id}/edit"
    form = {"provider": "airbnb", "url": "http://192.168.1.1/a.ics"}
    answer = manager.post(url, data=form, headers=HTMX)
    assert answer.status_code == 422
    assert "private network" in answer.text
    assert db.session.get_one(Feed, feed.id, populate_existing=True).url == address


def test_a_calendar_whose_address_was_taken_before_it_was_checked_can_be_switched_off(hotel, manager, address):
    feed = connected(hotel, address)
    with transaction():
        feed.url = "http://10.0.0.1/a.ics"
    answer = manager.post(f"/staff/{hotel.slug}/channels/feeds/{feed.id}/switch", data={"is_active": "0"})
    assert answer.status_code == 303
    assert not db.session.get_one(Feed, feed.id, populate_existing=True).is_active


def test_one_calendar_is_not_connected_twice(hotel, manager, address):
    connected(hotel, address)
    form = {"room_id": factories.room_of(hotel, "102").id, "provider": "airbnb", "url": address}
    answer = manager.post(f"/staff/{hotel.slug}/channels/feeds/new", data=form)
    assert answer.status_code == 422
    assert "already connected to room 101" in answer.text


def test_a_calendar_that_no_room_can_have_is_refused_in_words_when_it_is_tried_and_when_it_is_read(
    hotel, manager, sandbox, run_jobs
):
    key = uuid4().hex
    night = f"DTSTART;VALUE=DATE:{days(5)}\r\nDTEND;VALUE=DATE:{days(6)}".replace("-", "")
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:u{n}\r\nSUMMARY:Reserved\r\nDESCRIPTION:HM{n:08}\r\n{night}\r\nEND:VEVENT\r\n"
        for n in range(31)
    )
    sandbox.control.put_raw_feed("ical", key, f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode())
    feed = connected(hotel, sandbox.control.feed_url("ical", key), is_active=False)
    url = f"/staff/{hotel.slug}/channels/feeds/{feed.id}"
    manager.post(f"{url}/test")
    run_jobs()
    said = "31 coming entries, with up to 31 stays on one night"
    assert said in manager.get(url).text
    manager.post(f"{url}/switch", data={"is_active": "1"})
    run_jobs()
    assert said in manager.get(f"/staff/{hotel.slug}/channels").text
    assert db.session.scalars(select(Reservation)).all() == []


def test_the_page_shows_the_health_of_every_calendar(hotel, manager, address, run_jobs):
    feed = connected(hotel, address)
    page = manager.get(f"/staff/{hotel.slug}/channels").text
    assert "Waiting for its turn" in page
    run_jobs()
    page = manager.get(f"/staff/{hotel.slug}/channels", headers=HTMX).text
    assert "2 entries" in page
    assert page.lstrip().startswith("<section")
    assert address not in page
    with transaction():
        services.change_feed(hotel, feed.id, provider="airbnb", url=address.replace(".ics", "x.ics"), is_active=True)
    run_jobs()
    assert "cannot be read since" in manager.get(f"/staff/{hotel.slug}/channels").text


def test_sync_now_answers_with_the_part_that_asked(hotel, manager, address, run_jobs):
    feed = connected(hotel, address)
    url = f"/staff/{hotel.slug}/channels/feeds/{feed.id}/sync"
    answer = manager.post(url, headers={**HTMX, "HX-Target": "section#feeds"})
    assert 'id="feeds"' in answer.text
    assert 'id="feed"' in manager.post(url, headers={**HTMX, "HX-Target": "section#feed"}).text
    assert manager.post(url).status_code == 303
    assert run_jobs().count("jobs.channels.sync_feed") == 1


def test_a_feed_is_switched_off_and_removed(hotel, manager, address, run_jobs):
    feed = connected(hotel, address)
    run_jobs()
    url = f"/staff/{hotel.slug}/channels/feeds/{feed.id}"
    assert manager.post(f"{url}/switch", data={"is_active": "0"}).status_code == 303
    assert sync.sync_feed(feed.id).outcome == "skipped"
    assert manager.post(f"{url}/remove").status_code == 303
    assert manager.get(url).status_code == 404


def test_the_desk_sees_but_does_not_change(hotel, desk, address):
    feed = connected(hotel, address)
    url = f"/staff/{hotel.slug}/channels/feeds/{feed.id}"
    assert desk.get(f"/staff/{hotel.slug}/channels").status_code == 200
    assert desk.get(url).status_code == 200
    for action in ("sync", "test", "switch", "remove", "accept-loss"):
        assert desk.post(f"{url}/{action}").status_code == 403


def test_feeds_of_another_hotel_do_not_exist(hotel, manager, address):
    feed = connected(factories.make_hotel(), address)
    url = f"/staff/{hotel.slug}/channels/feeds/{feed.id}"
    assert manager.get(url).status_code == 404
    for action in ("sync", "test", "switch", "remove", "accept-loss", "edit"):
        assert manager.post(f"{url}/{action}", data={"provider": "airbnb"}).status_code == 404


def exported(client, token: str, channel: str | None = None) -> list[tuple[str, str]]:
    answer = client.get(f"/calendars/{token}/{channel}.ics" if channel else f"/calendars/{token}.ics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    parsed = parse(answer.data, ZoneInfo("UTC"), dt.datetime.now(dt.UTC).date())
    return [(str(event.start), str(event.end)) for event in parsed.events]


def test_our_calendar_leaves_out_what_came_from_the_channel(hotel, client, address, run_jobs):
    factories.make_stay(hotel, "101", arrives_in=1, nights=2)
    factories.make_stay(hotel, "101", arrives_in=30, nights=2, source="booking", channel_reference="4123456789")
    connected(hotel, address)
    run_jobs()
    token = factories.room_of(hotel, "101").export_token
    own, booking = (days(1), days(3)), (days(30), days(32))
    airbnb = [(days(5), days(8)), (days(20), days(22))]
    assert exported(client, token) == [own, *airbnb, booking]
    assert exported(client, token, "airbnb") == [own, booking]
    assert exported(client, token, "booking") == [own, *airbnb]


def test_a_stay_that_was_moved_is_told_to_its_channel_for_the_new_room(hotel, client, address, run_jobs):
    connected(hotel, address)
    run_jobs()
    stay = db.session.scalars(select(Reservation)).one()
    with transaction():
        stays.assign_room(stay, factories.room_of(hotel, "102"))
    assert exported(client, factories.room_of(hotel, "102").export_token, "airbnb") == [(days(5), days(8))]


def test_our_calendar_names_nobody_and_is_answered_conditionally(hotel, client):
    factories.make_stay(hotel, "101", arrives_in=1, guest_name="Ada Secret", channel_reference="HMSECRET00")
    token = factories.room_of(hotel, "101").export_token
    answer = client.get(f"/calendars/{token}.ics")
    for secret in (b"Ada", b"Secret", b"HMSECRET00", b"BK-"):
        assert secret not in answer.data
    again = client.get(f"/calendars/{token}.ics", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    factories.make_stay(hotel, "101", arrives_in=10)
    assert client.get(f"/calendars/{token}.ics", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_the_addresses_of_a_room_can_be_copied(hotel, desk):
    room = factories.room_of(hotel, "101")
    page = desk.get(f"/staff/{hotel.slug}/channels/rooms/{room.id}").text
    assert f"/calendars/{room.export_token}/airbnb.ics" in page
    elsewhere = factories.room_of(factories.make_hotel(), "101")
    assert desk.get(f"/staff/{hotel.slug}/channels/rooms/{elsewhere.id}").status_code == 404


def test_an_unknown_address_has_no_calendar(hotel, client):
    token = factories.room_of(hotel, "101").export_token
    for path in (f"{token[:-1]}.ics", f"{token}/nobody.ics", "x.ics"):
        assert client.get(f"/calendars/{path}").status_code == 404


def test_the_list_needs_few_queries_however_many_feeds(hotel, manager):
    with transaction():
        for number in ("101", "102", "103", "201", "202"):
            for provider in ("airbnb", "booking", "vrbo"):
                url = f"https://{provider}.example/{number}.ics"
                services.add_feed(hotel, factories.room_of(hotel, number).id, provider, url, is_active=False)
    statements: list[str] = []

    def count(connection, cursor, statement, *_) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        page = manager.get(f"/staff/{hotel.slug}/channels")
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert page.status_code == 200
    assert page.text.count("switched off") == 15
    # The frame of the page needs most of them; the list itself needs three.
    assert len([one for one in statements if not one.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]) <= 12, (
        statements
    )


@pytest.mark.parametrize("provider", ["booking", "airbnb", "vrbo", "expedia", "ical"])
def test_every_channel_is_tried_switched_on_and_left_out_of_its_own_calendar(
    hotel, manager, client, sandbox, run_jobs, provider
):
    key = uuid4().hex
    sandbox.control.put_feed(provider, key, [{"kind": "stay", "start": days(5), "end": days(8)}])
    form = {
        "room_id": factories.room_of(hotel, "101").id,
        "provider": provider,
        "url": sandbox.control.feed_url(provider, key),
    }
    answer = manager.post(f"/staff/{hotel.slug}/channels/feeds/new", data=form)
    run_jobs()
    page = manager.get(answer.location).text
    assert "1 entry in all" in page
    assert "<td>Stay</td>" in page
    assert "This looks like" not in page
    assert db.session.scalars(select(Reservation)).first() is None
    assert manager.post(f"{answer.location}/switch", data={"is_active": "1"}).status_code == 303
    run_jobs()
    (stay,) = db.session.scalars(select(Reservation))
    assert (stay.source, str(stay.check_in), str(stay.check_out)) == (provider, days(5), days(8))
    assert 'id="health"' in manager.get(answer.location).text
    token = factories.room_of(hotel, "101").export_token
    for channel in ("booking", "airbnb", "vrbo", "expedia", "ical"):
        assert exported(client, token, channel) == ([] if channel == provider else [(days(5), days(8))])


def test_all_calendars_are_read_at_once(hotel, manager, desk, address, run_jobs):
    connected(hotel, address)
    connected(hotel, address.replace(".ics", "x.ics"), is_active=False)
    run_jobs()
    url = f"/staff/{hotel.slug}/channels/sync"
    assert desk.post(url).status_code == 403
    assert 'id="feeds"' in manager.post(url, headers=HTMX).text
    assert manager.post(url).status_code == 303
    assert run_jobs().count("jobs.channels.sync_feed") == 1


def test_empty_bookings_are_shown_and_removed(hotel, manager, desk):
    url = f"/staff/{hotel.slug}/channels/empty"
    nameless = {"guest_name": None, "guest_email": None, "guest_phone": None, "source": "booking"}
    with actor.acting_as(actor.Actor("channel", "Booking.com")):
        empty, later = (factories.make_stay(hotel, "101", 20 + n * 5, **nameless) for n in (0, 1))
        with transaction():
            for stay in (empty, later):
                stays.cancel(stay, "vanished")
                stay.cancelled_at -= dt.timedelta(days=3)
    assert desk.get(url).status_code == 403
    assert manager.post(url, data={"shown": "9" * 5000}).status_code == 303
    page = manager.get(url).text
    assert empty.booking_id in page
    assert "Remove 2 bookings" in page
    ids = [empty.id, later.id]
    assert manager.post(url, data={"shown": [str(empty.id), "x", "-1"]}).status_code == 303
    assert db.session.scalars(select(Reservation.id).where(Reservation.id.in_(ids))).all() == ids[1:]
    assert "1 empty booking is removed." in manager.get(url).text
