"""The kernel's pure parts: encryption, search tokens, dates, money, ids."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core import encryption, ids, money
from webapp.core.stay_dates import StayDates, local_instant

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture(autouse=True)
def keys():
    before = encryption._keyring
    encryption.configure((OLD,))
    yield
    encryption._keyring = before


@given(st.binary(max_size=200))
def test_what_is_sealed_can_be_opened(plain):
    ring = encryption.Keyring((OLD,))
    sealed = ring.seal(plain)
    assert ring.open(sealed) == plain
    assert len(plain) < 4 or plain not in sealed


def test_keys_rotate():
    sealed = encryption.Keyring((OLD,)).seal(b"secret")
    both = encryption.Keyring((NEW, OLD))
    assert both.open(sealed) == b"secret"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(b"secret"))
    with pytest.raises(encryption.DecryptionError):
        encryption.Keyring((NEW,)).open(sealed)


def test_an_altered_value_is_refused():
    ring = encryption.Keyring((OLD,))
    sealed = bytearray(ring.seal(b"secret"))
    sealed[-1] ^= 1
    with pytest.raises(encryption.DecryptionError):
        ring.open(bytes(sealed))


def finds(query: str, *texts: str) -> bool:
    stored = set(encryption.search_tokens(*texts))
    return all(stored & set(any_of) for any_of in encryption.query_tokens(query))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("mul", "Zoë Müller-Lüdenscheid"),
        ("ZOE lud", "Zoë Müller-Lüdenscheid"),
        ("ozg", "Özgür Yılmaz"),
        ("田", "山田太郎"),
        ("太郎", "山田太郎"),
        ("मोह", "मोहन"),
        ("محم", "محمد علي"),
        ("0123", "+44 7700 900123"),
        ("7700900123", "+447700900123"),
        ("447700", "+447700900123"),
        ("bk-2026-3a", "BK-2026-3ACD"),
        ("ada@ex", "ada@example.com"),
        ("wolfeschlegelsteinhausen", "Wolfeschlegelsteinhausenbergerdorff"),
    ],
)
def test_a_guest_is_found_by_the_beginning_of_words(query, text):
    assert finds(query, text)


@pytest.mark.parametrize(("query", "text"), [("oller", "Möller"), ("anna k", "Anna Meier"), ("999", "+447700900123")])
def test_others_are_not_found(query, text):
    assert not finds(query, text)


def test_a_long_text_makes_a_bounded_number_of_tokens():
    assert len(encryption.search_tokens("x" * 5000, " ".join(f"w{n}rd" for n in range(2000)))) <= encryption.MOST_TOKENS


day = st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1))
length = st.integers(1, 60)


@given(day, length, day, length)
def test_overlap_is_a_shared_night(a, n, b, m):
    one = StayDates(a, a + dt.timedelta(days=n))
    other = StayDates(b, b + dt.timedelta(days=m))
    shared = set(one) & set(other)
    assert one.overlaps(other) == bool(shared)
    assert one.overlap_nights(other) == len(shared)


def test_a_stay_has_at_least_one_night():
    with pytest.raises(ValueError, match="ends after"):
        StayDates(dt.date(2026, 1, 1), dt.date(2026, 1, 1))


@pytest.mark.parametrize(
    ("date", "time", "utc"),
    [
        (dt.date(2026, 3, 29), dt.time(15), "2026-03-29T14:00:00+00:00"),
        (dt.date(2026, 3, 29), dt.time(1, 30), "2026-03-29T01:30:00+00:00"),  # skipped: 02:30 is meant
        (dt.date(2026, 10, 25), dt.time(1, 30), "2026-10-25T00:30:00+00:00"),  # twice: the first
        (dt.date(2026, 10, 25), dt.time(11), "2026-10-25T11:00:00+00:00"),
    ],
)
def test_a_time_of_day_on_the_days_the_clocks_change(date, time, utc):
    assert local_instant(date, time, "Europe/London").isoformat() == utc


def test_money_is_rounded_to_its_currency_and_never_mixed():
    assert money.Money(Decimal("2.345"), "EUR").amount == Decimal("2.35")
    assert money.Money(Decimal("2.5"), "JPY").amount == Decimal(3)
    with pytest.raises(ValueError, match="cannot be added"):
        money.Money(Decimal(1), "EUR") + money.Money(Decimal(1), "GBP")


def test_ids_are_unambiguous_and_unlike():
    made = {ids.booking_id(2026) for _number in range(2000)}
    assert len(made) == 2000
    assert not {"0", "O", "1", "I", "L"} & set("".join(name.removeprefix("BK-2026-") for name in made))
