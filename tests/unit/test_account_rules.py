"""Rules of accounts that need no database."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest

from webapp.accounts.domain import safe_next
from webapp.accounts.services.one_time_codes import matching_step
from webapp.accounts.services.passwords import hasher

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AT = dt.datetime(2026, 11, 20, 9, 0, 10, tzinfo=dt.UTC)
STEP = int(AT.timestamp()) // 30


@pytest.mark.parametrize(("offset", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_of_the_neighbouring_half_minutes_is_taken(offset, is_right):
    code = pyotp.TOTP(SECRET).at(AT, counter_offset=offset)
    assert matching_step(SECRET, code, AT, None) == (STEP + offset if is_right else None)


def test_a_step_is_used_once_and_earlier_ones_with_it():
    code, before = pyotp.TOTP(SECRET).at(AT), pyotp.TOTP(SECRET).at(AT, counter_offset=-1)
    assert matching_step(SECRET, code, AT, STEP - 1) == STEP
    assert matching_step(SECRET, code, AT, STEP) is None
    assert matching_step(SECRET, before, AT, STEP) is None


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", " "])
def test_what_is_no_code_is_refused(typed):
    assert matching_step(SECRET, typed, AT, None) is None


def test_spaces_in_a_code_do_not_matter():
    code = pyotp.TOTP(SECRET).at(AT)
    assert matching_step(SECRET, f" {code[:3]} {code[3:]} ", AT, None) == STEP


@pytest.mark.parametrize("target", [None, "", "x", "//x", "/\\x", "\\/x", "/a\\b", "/a\nb", "https://x/", "http:/x"])
def test_other_sites_are_no_place_to_go(target):
    assert safe_next(target) is None


@pytest.mark.parametrize("target", ["/", "/staff/h/board?date=2026-01-01#x", "/é"])
def test_our_own_paths_are(target):
    assert safe_next(target) == target


def test_hashes_are_argon2id_of_sane_parameters():
    hashed = hasher.hash("something long enough")
    assert hashed.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
