"""One stay told twice, or a room sold twice: what speaks for either."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.channels.domain.duplicates import Record, compare

MORNING = dt.datetime(2026, 6, 1, 8, tzinfo=dt.UTC)
DESK = Record(1, "desk", dt.date(2026, 6, 6), dt.date(2026, 6, 9), MORNING, room_ids=frozenset((101,)))
AIRBNB = replace(DESK, id=2, source="airbnb", created_at=MORNING + dt.timedelta(hours=5))


@pytest.mark.parametrize(
    ("one", "other", "verdict", "rule"),
    [
        # by reference, whatever the room
        ({"reference": "HMA2 DRKNXH"}, {"reference": "hma2drknxh", "room_ids": frozenset((102,))}, "same", "reference"),
        # by overlap and guest
        ({"name": "Maria Rossi"}, {"name": "ROSSI, María"}, "same", "name"),
        ({"name": "Maria Rossi"}, {"name": "Maria Rossi", "check_out": dt.date(2026, 6, 8)}, "likely", ""),
        ({"name": "Maria"}, {"name": "Maria"}, "likely", ""),  # a first name alone is many people's
        ({"name": "Maria Rossi"}, {"name": "Maria R."}, "likely", ""),
        # by overlap and phone, whole or its end
        ({"phone": "+39 333 123 4567"}, {"phone": "3331234567", "check_in": dt.date(2026, 6, 7)}, "same", "phone"),
        ({"phone": "+39 333 123 4567"}, {"phone_ends": frozenset(("4567",))}, "same", "phone"),
        ({"phone": "+39 333 123 4567"}, {"phone_ends": frozenset(("4568",))}, "double", ""),
        ({"email": "Maria@example.com"}, {"email": "maria@example.com"}, "same", "email"),
        # by room, dates and time: only what a plain calendar repeats
        ({"source": "ical"}, {"created_at": MORNING}, "same", "time"),
        ({"source": "vrbo"}, {"created_at": MORNING}, "likely", ""),
        # by room and dates alone a person has to say
        ({}, {}, "likely", ""),
        # sold twice
        ({"source": "booking", "reference": "5592652343"}, {"reference": "HMA2DRKNXH"}, "double", ""),
        ({"name": "Maria Rossi"}, {"name": "Bob Sample"}, "double", ""),
        ({}, {"check_in": dt.date(2026, 6, 8), "check_out": dt.date(2026, 6, 12)}, "double", ""),
        ({"source": "airbnb"}, {}, "double", ""),  # no channel tells one stay twice
        # nothing to do with each other
        ({}, {"room_ids": frozenset((102,))}, "unrelated", ""),
        ({"name": "Maria Rossi"}, {"name": "Maria Rossi", "check_in": dt.date(2026, 6, 9), "check_out": dt.date(2026, 6, 10)},
         "unrelated", ""),
        ({"group_id": "g", "name": "Maria Rossi"}, {"group_id": "g", "name": "Maria Rossi"}, "unrelated", ""),
    ],
)  # fmt: skip
def test_two_records(one: dict, other: dict, verdict: str, rule: str) -> None:
    found = compare(replace(DESK, **one), replace(AIRBNB, **other))
    assert (found.verdict, found.rule) == (verdict, rule)


def test_what_speaks_for_either_is_named() -> None:
    found = compare(replace(DESK, name="Maria Rossi", phone="+393331234567"),
                    replace(AIRBNB, name="Maria R", phone_ends=frozenset(("9999",)), check_out=dt.date(2026, 6, 8)))  # fmt: skip
    assert found.fors == ("name_fits", "overlap", "same_room")
    assert found.againsts == ("other_phone", "other_dates")


texts = st.sampled_from([None, "Maria Rossi", "Maria", "Bob", "HMA2DRKNXH", "5592652343"])
records = st.builds(
    Record, st.integers(1, 9), st.sampled_from(["desk", "airbnb", "booking", "ical"]), st.just(DESK.check_in),
    st.dates(dt.date(2026, 6, 7), dt.date(2026, 6, 12)), st.just(MORNING), texts, texts, texts, st.sampled_from([None, "+393331234567"]),
    st.sampled_from([frozenset(), frozenset(("4567",))]), st.sampled_from([frozenset(), frozenset((1,)), frozenset((2,))]),
)  # fmt: skip


@given(records, records)
def test_the_order_of_the_two_makes_no_difference(one: Record, other: Record) -> None:
    found, turned = compare(one, other), compare(other, one)
    assert (set(found.fors), set(found.againsts), found.verdict, found.rule) == (
        set(turned.fors), set(turned.againsts), turned.verdict, turned.rule,
    )  # fmt: skip


@given(records, records)
def test_contradicting_guests_are_never_joined(one: Record, other: Record) -> None:
    found = compare(one, other)
    if {"other_name", "other_phone", "other_reference"} & set(found.againsts):
        assert found.rule == ""
