"""The page of the mailboxes."""

from __future__ import annotations

import datetime as dt

import requests

from tests import factories
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import MailAccount

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def form(sandbox, **changes) -> dict[str, object]:
    return {
        "host": "127.0.0.1", "port": sandbox.imap_port, "username": "desk@harbour.example", "password": "sandbox-imap-password",
        "receiver": "mx.google.com", "must_be_authentic": "y", **changes,
    }  # fmt: skip


def test_a_mailbox_is_connected_read_and_removed(hotel, manager, sandbox, run_jobs):
    sandbox.control.call("POST", "/reset", services="gmail")
    arrival = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=20)
    sandbox.control.add_mail(subject=f"Booking.com - New booking! (5592652343, {arrival:%A, %d %B %Y})")
    stay = factories.make_stay(hotel, "101", 20, source="booking", guest_name=None)
    here = f"/staff/{hotel.slug}/channels/mails"
    assert "Connect a mailbox" in manager.get(here).text
    assert manager.post(here, data=form(sandbox)).status_code == 303
    run_jobs()
    page = manager.get(here).text
    assert "Matched" in page
    assert stay.booking_id in page
    assert "sandbox-imap-password" not in page
    account = db.session.query(MailAccount).one()
    part = manager.post(f"{here}/mailboxes/{account.id}/read", headers=HTMX)
    assert part.text.lstrip().startswith('<section id="mails"')
    assert manager.post(f"{here}/mailboxes/{account.id}/remove").status_code == 303
    assert db.session.query(MailAccount).count() == 0


def test_a_wrong_password_is_said_in_words(hotel, manager, sandbox, run_jobs):
    here = f"/staff/{hotel.slug}/channels/mails"
    manager.post(here, data=form(sandbox, password="wrong"))
    run_jobs()
    assert "The name or the password is not accepted." in manager.get(here).text


def test_an_incomplete_form_comes_back(hotel, manager, sandbox):
    answer = manager.post(f"/staff/{hotel.slug}/channels/mails", data=form(sandbox, username="", port=0))
    assert answer.status_code == 422
    assert "Type the user name of the mailbox." in answer.text


def test_the_name_of_the_receiving_server_is_asked_for(hotel, manager, sandbox):
    here = f"/staff/{hotel.slug}/channels/mails"
    elsewhere = form(sandbox, host="mail.house.example", receiver="")
    answer = manager.post(here, data=elsewhere)
    assert answer.status_code == 422
    assert "not known by which name this mail server identifies itself" in answer.text
    assert manager.post(here, data={**elsewhere, "receiver": "mx.house.example"}).status_code == 303
    assert "Mails of this mailbox wait" not in manager.get(here).text


def test_a_mailbox_from_before_is_named_on_the_page(hotel, manager, desk):
    here = f"/staff/{hotel.slug}/channels/mails"
    with transaction():
        account = MailAccount(
            hotel_id=hotel.id, kind="imap", receiver="mx.google.com", secrets={"host": "mail.house.example", "username": "x"}
        )  # fmt: skip
        db.session.add(account)
    assert "Mails of this mailbox wait" in manager.get(here).text
    name = f"{here}/mailboxes/{account.id}/receiver"
    assert f'action="{name}"' not in desk.get(here).text
    assert desk.post(name, data={"receiver": "mx.house.example"}).status_code == 403
    refused = manager.post(name, data={"receiver": "mx.google.com"})
    assert refused.status_code == 422
    assert "Type one server" in refused.text
    assert manager.post(name, data={"receiver": ""}).status_code == 422
    assert manager.post(name, data={"receiver": "mx.house.example"}).status_code == 303
    assert "Mails of this mailbox wait" not in manager.get(here).text
    assert account.receiver == "mx.house.example"


def test_the_desk_may_look_but_not_connect(hotel, desk, sandbox):
    here = f"/staff/{hotel.slug}/channels/mails"
    assert "Connect a mailbox" not in desk.get(here).text
    assert desk.post(here, data=form(sandbox)).status_code == 403


def consent(client, hotel) -> str:
    """Go to Google and come back: the address that Google sends the person to."""
    away = client.get(f"/staff/{hotel.slug}/channels/mails/google")
    assert away.status_code == 302
    with requests.Session() as session:
        session.trust_env = False
        return session.get(away.location, allow_redirects=False).headers["Location"]


def test_gmail_is_connected_by_consent(hotel, manager, sandbox, run_jobs):
    sandbox.control.call("POST", "/reset", services="gmail")
    here = f"/staff/{hotel.slug}/channels/mails"
    assert "Sign in with Google" in manager.get(here).text
    back = consent(manager, hotel)
    assert manager.get(back.replace("state=", "state=x")).status_code == 422
    assert db.session.query(MailAccount).count() == 0
    for _time in range(2):  # the second time renews the permission
        assert manager.get(consent(manager, hotel)).status_code == 303
        account = db.session.query(MailAccount).one()
        assert (account.kind, account.secrets["username"]) == ("gmail", "desk@harbour.example")
    run_jobs()
    assert account.last_read_at is not None
    page = manager.get(here).text
    assert account.secrets["refresh_token"] not in page


def test_a_consent_that_was_refused_connects_nothing(hotel, manager, sandbox):
    sandbox.control.mailbox(consent=False)
    answer = manager.get(consent(manager, hotel))
    sandbox.control.mailbox(consent=None)
    assert answer.status_code == 422
    assert "Google did not let us in" in answer.text
