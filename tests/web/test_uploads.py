"""The pages of the uploads, from the file to the undo."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import get_args

from tests import factories
from tests.integrations.export_files import HEADERS, booking_row, text, xls
from webapp.channels.upload_ports import FaultKind
from webapp.channels.uploads import labels
from webapp.core.database import db
from webapp.integrations.exports import rows
from webapp.models import Reservation, Upload


def day(offset: int) -> str:
    return str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=offset))


def row(number: int = 1, **changes):
    return booking_row(
        5000000000 + number, **{"check_in": day(20), "check_out": day(22), "unit_type": "Double", **changes}
    )


def give(client, hotel, content: bytes, name: str = "Check-in.xls"):
    return client.post(f"/staff/{hotel.slug}/channels/uploads", data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")  # fmt: skip


def test_from_the_file_to_the_undo(hotel, manager, run_jobs):
    content = xls([HEADERS, row(), row(2, unit_type="Castle"), row(3, check_out="soon")])
    answer = give(manager, hotel, content)
    assert answer.status_code == 303
    assert "Being read" in manager.get(answer.location).text
    run_jobs()
    page = manager.get(answer.location).text
    assert "Booking.com, reservations" in page
    assert "Anna Example" in page
    assert "Nobody knows which room this is." in page
    assert "This is not a date." in page
    upload = db.session.query(Upload).one()
    place = {"name": "Castle", "place": f"room:{factories.room_of(hotel, '103').id}"}
    assert manager.post(f"{answer.location}/rooms", data=place).status_code == 303
    run_jobs()
    assert manager.post(f"{answer.location}/apply").status_code == 303
    run_jobs()
    assert upload.state == "applied"
    assert "Applied" in manager.get(answer.location).text
    report = manager.get(f"{answer.location}/report.csv")
    assert report.mimetype == "text/csv"
    assert "Anna Example" in report.text
    booking_id = db.session.query(Reservation.booking_id).order_by(Reservation.id).first()[0]
    assert booking_id in manager.get(f"{answer.location}?show=created").text
    assert manager.post(f"{answer.location}/undo").status_code == 303
    run_jobs()
    assert {stay.status for stay in db.session.query(Reservation)} == {"CANCELLED"}
    assert "Undone" in manager.get(f"/staff/{hotel.slug}/channels/uploads").text


def test_the_same_file_twice_leads_to_the_first(hotel, manager, run_jobs):
    first = give(manager, hotel, xls([HEADERS, row()]))
    again = give(manager, hotel, xls([HEADERS, row()]), "other name.xls")
    assert again.status_code == 409
    assert first.location in again.text


def test_no_file_and_a_wrong_file_are_said_in_words(hotel, manager, run_jobs):
    assert give(manager, hotel, b"").status_code == 422
    answer = give(manager, hotel, b"<html><body>Sign in</body></html>")
    run_jobs()
    assert "This is a web page and not an export" in manager.get(answer.location).text


def test_columns_are_explained_by_a_person(hotel, manager, run_jobs):
    words = ["Varausnumero", "Saapuminen", "Lähtö", "Vieras", "Huone"]
    answer = give(manager, hotel, text([words, ["5000000001", day(20), day(22), "Anna", "Double"]]))
    run_jobs()
    page = manager.get(answer.location).text
    assert "What do these columns mean?" in page
    assert "5000000001" in page
    fields = ["reference", "check_in", "check_out", "guest_names", "unit_type"]
    form = {f"column-{place}": field for place, field in enumerate(fields)}
    assert manager.post(f"{answer.location}/headers", data=form).status_code == 303
    run_jobs()
    assert "Anna" in manager.get(answer.location).text


def test_the_desk_may_look_but_not_upload(hotel, desk):
    page = desk.get(f"/staff/{hotel.slug}/channels/uploads")
    assert page.status_code == 200
    assert "Upload a file" not in page.text
    assert give(desk, hotel, b"x").status_code == 403


def test_what_is_in_a_file_is_shown_as_text(hotel, manager, run_jobs):
    nasty = "<script>alert(1)</script>"
    answer = give(
        manager,
        hotel,
        xls([HEADERS, row(remarks=nasty, unit_type=nasty), row(2, remarks=nasty, booked_by="=1+1")]),
        f"{nasty}.xls",
    )
    run_jobs()
    page = manager.get(answer.location).text
    assert nasty not in page
    cells = re.findall(r"^.*=1.*$", manager.get(f"{answer.location}/report.csv").text, re.M)
    assert not any(cell.startswith("=") for line in cells for cell in line.split(","))


def test_a_part_of_the_page_for_htmx(hotel, manager, run_jobs):
    answer = give(manager, hotel, xls([HEADERS, row()]))
    run_jobs()
    part = manager.get(answer.location, headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert part.lstrip().startswith('<section id="upload"')


def apply_file(manager, hotel, run_jobs, content: bytes) -> str:
    address = give(manager, hotel, content).location
    run_jobs()
    assert manager.post(f"{address}/apply").status_code == 303
    run_jobs()
    return address


def test_a_file_is_compared_with_the_one_before(hotel, manager, desk, run_jobs):
    first = apply_file(manager, hotel, run_jobs, xls([HEADERS, row(1), row(2), row(3)]))
    assert manager.get(f"{first}/comparison").status_code == 404
    assert "Compare with the file before" not in manager.get(first).text
    second = apply_file(
        manager, hotel, run_jobs, xls([HEADERS, row(1), row(2, price="999 GBP"), row(4, booked_by="=1+1")])
    )
    assert f"{second}/comparison" in manager.get(second).text
    page = desk.get(f"{second}/comparison").text
    assert "No longer in the file" in page
    assert "999.00 GBP" in page
    assert "5000000003" in page
    assert "5000000001" not in page
    assert "5000000001" in desk.get(f"{second}/comparison?show=same").text
    assert "5000000004" not in desk.get(f"{second}/comparison?show=gone&page=99").text
    report = desk.get(f"{second}/comparison.csv")
    assert report.mimetype == "text/csv"
    assert "310.50 GBP → 999.00 GBP" in report.text
    assert not any(cell.startswith("=") for line in report.text.splitlines() for cell in line.split(","))
    part = desk.get(f"{second}/comparison", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert part.lstrip().startswith('<section id="comparison"')


def test_the_last_analysis_is_one_click_away(hotel, manager, run_jobs):
    uploads = f"/staff/{hotel.slug}/channels/uploads"
    assert manager.get(f"{uploads}/last").location == uploads
    address = apply_file(manager, hotel, run_jobs, xls([HEADERS, row(1), row(2, unit_type="Castle")]))
    assert manager.get(f"{uploads}/last").location == address
    page = manager.get(uploads).text
    assert "Last upload analysis" in page
    assert f"{address}?show=unknown_rooms" in page
    shown = manager.get(f"{address}?show=warning&reason=unknown_room").text
    assert "Castle" in shown
    assert "Why lines were left out" in shown


def test_a_file_of_another_house_is_asked_about(hotel, manager, run_jobs):
    answer = give(manager, hotel, xls([HEADERS, *(row(number, unit_type="Chalet Edelweiss") for number in (1, 2, 3))]))
    run_jobs()
    page = manager.get(answer.location).text
    assert "Is it a file of another house?" in page
    assert "Chalet Edelweiss (3)" in page
    assert manager.post(f"{answer.location}/apply").status_code == 303
    run_jobs()
    assert db.session.query(Reservation).count() == 0


def test_whatever_is_wrong_with_a_file_or_a_line_is_said_in_words():
    assert set(get_args(FaultKind)) <= labels.FAULTS.keys()
    assert set(rows._SENTENCES) <= labels.CODES.keys()
    assert all(len(str(words)) > 20 for words in labels.FAULTS.values())
