"""Any request that the description allows, and many that it does not: no crash, and answers as described.

Examples come from a fixed seed, so that a run repeats itself. Addresses are filled with a hotel, stays and people that exist, so
that requests reach the services; now and then the generated ones stay, as strangers would send them.
"""

from __future__ import annotations

import datetime as dt
import zlib
from decimal import Decimal
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import factories
from tests.api.kit import Caller
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Hotel, Reservation
from webapp.stays import party

EXAMPLES, PARTS = 20, 4
DAY = dt.timedelta(days=1)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def house(app, hotel):
    """A hotel with a stay of each kind, and a manager's token."""
    factories.type_of(hotel, "DBL").base_price = Decimal(100)
    found = [
        factories.make_stay(hotel, "101", guest_name="Ada Example"),
        factories.make_stay(hotel, None, arrives_in=1, nights=3),
        factories.make_stay(hotel, "102", arrives_in=2, status="PENDING_PAYMENT"),
        factories.make_stay(hotel, "201", 0, 4, "SGL"),
    ]
    with transaction():
        member = party.add_member(found[0], name="Grace Example")
    return Caller(app, hotel, "manager"), found, member.id


def make_plausible(case: Any, hotel: Hotel, found: list[Reservation], member_id: int) -> None:
    """Put what exists in the place of what was made up, in most requests: by their own text, so that a run repeats itself."""
    chance = zlib.crc32(f"{case.body}{case.query}{case.path_parameters}".encode())
    today = hotel.business_date()
    stay = found[chance % len(found)]
    there = {"slug": hotel.slug, "member_id": member_id, "batch_id": 1, "booking_id": stay.booking_id}
    meant = {
        "room_number": ("101", "102", "103", "201")[chance % 4], "room_id": None, "assignment_version": None,
        "other_booking_id": found[0].booking_id, "booking_id": stay.booking_id, "date": str(today + DAY * (chance % 3)),
        "check_in": str(today), "check_out": str(today + DAY * (1 + chance % 6)), "room_type_code": "DBL",
        "exclude_booking": stay.booking_id, "room_type": "DBL", "fingerprint": None,
    }  # fmt: skip
    if case.path_parameters and chance % 11:
        case.path_parameters = {name: there.get(name, value) for name, value in case.path_parameters.items()}
    for part in (case.query, case.body):
        if isinstance(part, dict) and chance % 3:
            part.update({name: value for name, value in meant.items() if name in part})


def requests_of(operation: Any, examples: int) -> Any:
    """Decorates a test of one operation with its generated requests, the same ones in every run."""
    kept = settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    return lambda test: kept(given(case=operation.as_strategy())(test))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_any_request_is_answered_as_described(app, house, part):
    caller, found, member_id = house
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = sorted((one.ok() for one in schema.get_all_operations()), key=lambda one: one.label)
    assert len(operations) > 30
    failures: dict[str, str] = {}
    for operation in operations[part::PARTS]:

        @requests_of(operation, EXAMPLES)
        def answered(case: Any) -> None:
            make_plausible(case, caller.hotel, found, member_id)
            case.validate_response(case.call(headers=caller.headers), checks=CHECKS)

        before = db.engine.begin_nested()  # each operation finds the same house
        try:
            answered()
        except (AssertionError, BaseExceptionGroup) as failure:
            failures[operation.label] = str(failure)[:2000]
        finally:
            db.session.rollback()
            before.rollback()
            db.session.expire_all()
    assert not failures, "\n\n".join(f"{label}: {failure}" for label, failure in failures.items())


def test_every_endpoint_is_described_with_its_refusals(app):
    document = app.test_client().get("/api/openapi.json").json
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/staff/hotel/")}
    described = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    plain = {rule.replace("<int:", "<") for rule in rules if "/events" not in rule}
    assert plain <= described
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            if path.startswith("/api/staff/hotel/{slug}/room-bookings"):
                assert {"400", "401", "403", "404", "422"} <= set(operation["responses"]), (method, path)
                assert operation["security"] == [{"bearer": []}], (method, path)


def test_bodies_have_examples(app):
    document = app.test_client().get("/api/openapi.json").json
    for name in (
        "AssignRoom",
        "NewBooking",
        "NewMember",
        "NewCommunication",
        "Reason",
        "Swap",
        "Split",
        "LateDeparture",
    ):
        shape = document["components"]["schemas"][name]
        assert shape.get("examples"), name
