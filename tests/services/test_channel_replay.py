"""A host's own history is played through the real rules and leaves nothing behind."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from webapp.core.database import db
from webapp.models import Hotel, Reservation

SAMPLES = Path(__file__).parents[1] / "data" / "ics"
HISTORY = {
    "20260403T162900Z": "booking_roll_day1.ics",
    "20260404T222000Z": "booking_roll_day2.ics",
    "20260414T214200Z": "booking_transient_1_before.ics",
    "20260414T223700Z": "booking_transient_2_partial.ics",
    "20260414T233500Z": "booking_transient_3_after.ics",
    "20260415T003500Z": "airbnb_http500_body.json",
}


@pytest.fixture
def history(tmp_path: Path) -> Path:
    for folder in (tmp_path, tmp_path / "fede"):
        folder.mkdir(exist_ok=True)
        for instant, name in HISTORY.items():
            shutil.copy(SAMPLES / name, folder / f"{instant}.ics")
    (tmp_path / "notes.txt").write_text("not a snapshot")
    return tmp_path


@pytest.mark.parametrize("per_feed", [False, True])
def test_a_history_is_played(app, history: Path, per_feed: bool) -> None:
    arguments = ["channels", "replay", str(history), "--provider", "booking", "--timezone", "Europe/Rome"]
    result = app.test_cli_runner().invoke(args=[*arguments, *(["--per-feed"] if per_feed else [])])
    assert result.exit_code == 0, result.output
    *lines, last = [json.loads(line) for line in result.output.splitlines()]
    totals = last["totals"]
    assert (totals["snapshots"], totals["feeds"], totals["faults"]) == (6, 1, 1)
    assert Counter(line["decision"] for line in lines) == {
        k: v for k, v in totals.items() if k in {line["decision"] for line in lines}
    }
    first = next(line for line in lines if line["check_in"] == "2026-04-04")
    assert set(first) == {"at", "feed", "decision", "stay", "uid", "reference", "check_in", "check_out", "reason"}
    of_first = [line["decision"] for line in lines if line["stay"] == first["stay"]]
    assert of_first == ["created"]  # the stay that rolled at midnight is no news at all
    cancelled = [(line["check_in"], line["at"]) for line in lines if line["decision"] == "cancelled"]
    assert cancelled == [("2026-06-24", "2026-04-14T23:35:00Z")]  # gone for ten days
    assert [line["decision"] for line in lines if line["at"] == "2026-04-14T22:37:00Z"] == ["alarm"]
    assert totals["rule"] == 1
    assert db.session.scalar(select(func.count()).select_from(Hotel)) == 0
    assert db.session.scalar(select(func.count()).select_from(Reservation)) == 0


def replay(app, directory: Path, provider: str, *more: str, timezone: str = "Europe/Rome"):
    arguments = ["channels", "replay", str(directory), "--provider", provider, "--timezone", timezone, *more]
    return app.test_cli_runner().invoke(args=arguments)


def read(text: str) -> tuple[list[dict], dict]:
    *lines, last = [json.loads(line) for line in text.splitlines()]
    return lines, last["totals"]


# What a person reads in each of these calendars: sample, channel, when it was fetched, and its decisions in order of arrival.
BY_HAND = [
    ("vrbo_abritel_fr_2020", "vrbo", "20200101T120000Z", "created block created created block"),
    ("airbnb_legacy_0.8.8_2020", "airbnb", "20200101T120000Z", "block created"),
    ("expedia_2024_events_only", "expedia", "20240101T120000Z", "block created"),
    ("booking_overlapping_events", "booking", "20251101T120000Z", "created created created created rule"),
    ("booking_2026_with_organizer", "booking", "20260715T120000Z", "created created created created rule"),
    ("booking_empty_200", "booking", "20260414T223700Z", ""),
    ("booking_2026_two_stays", "booking", "20260801T120000Z", "created created"),
    ("airbnb_2026_reserved_and_blocks", "airbnb", "20260801T120000Z", "block created created block created block created rule"),
]  # fmt: skip


@pytest.mark.parametrize(("sample", "provider", "instant", "expected"), BY_HAND)
def test_a_sample_is_read_as_a_person_reads_it(app, tmp_path, sample, provider, instant, expected) -> None:
    shutil.copy(SAMPLES / f"{sample}.ics", tmp_path / f"{instant}.ics")
    answer = replay(app, tmp_path, provider)
    assert answer.exit_code == 0, answer.output
    lines, totals = read(answer.output)
    by_arrival = sorted(lines, key=lambda line: (line["check_in"], line["check_out"]))
    assert [line["decision"] for line in by_arrival] == expected.split()
    assert all((line["stay"] is None) == (line["decision"] != "created") for line in lines)
    assert totals["created"] == totals["stays"] == expected.split().count("created")


def test_an_outage_changes_nothing_and_is_told(app, tmp_path: Path) -> None:
    """A good calendar, an error page, half a calendar, nothing at all, a page of the web, and the good one again."""
    good = (SAMPLES / "booking_transient_1_before.ics").read_bytes()
    bodies = [good, (SAMPLES / "airbnb_http500_body.json").read_bytes(), good[: len(good) // 2], b"", b"<!doctype html><p>Sign in</p>",
              b"\x00\xff" * 50, good]  # fmt: skip
    for hour, body in enumerate(bodies):
        (tmp_path / f"20260414T{hour:02}0000Z.ics").write_bytes(body)
    (tmp_path / "20261399T000000Z.ics").write_bytes(good)
    (tmp_path / "today.ics").write_bytes(good)
    (tmp_path / "20260415T000000Z.ics").mkdir()
    (tmp_path / "20260414T120000Z.ics").symlink_to(tmp_path / "nowhere")
    answer = replay(app, tmp_path, "booking")
    assert answer.exit_code == 0, answer.output
    lines, totals = read(answer.output)
    assert {line["decision"] for line in lines} == {"created", "rule"}
    assert (totals["snapshots"], totals["faults"]) == (8, 6)
    last = json.loads(answer.output.splitlines()[-1])
    assert [name.partition("/")[2] for name in last["left_out"]] == ["20261399T000000Z.ics", "today.ics"]
    assert [entry["snapshot"][9:11] for entry in last["not_read"]] == ["01", "02", "03", "04", "05", "12"]
    assert "JSON" in last["not_read"][0]["reason"]
    assert last["not_read"][-1]["reason"].startswith("The file cannot be read")


def test_folders_are_feeds_only_when_asked(app, tmp_path: Path) -> None:
    for name in ("fede", "vita"):
        (tmp_path / name).mkdir()
        shutil.copy(SAMPLES / "booking_transient_1_before.ics", tmp_path / name / "20260414T214200Z.ics")
    answer = replay(app, tmp_path, "booking")
    assert answer.exit_code == 1
    assert "There are some in fede, vita: give --per-feed." in answer.output
    lines, totals = read(replay(app, tmp_path, "booking", "--per-feed").output)
    assert (totals["feeds"], totals["snapshots"], totals["created"]) == (2, 2, 16)
    assert {line["feed"] for line in lines} == {"fede", "vita"}


def test_a_folder_without_snapshots_is_said_so(app, tmp_path: Path) -> None:
    result = app.test_cli_runner().invoke(
        args=["channels", "replay", str(tmp_path), "--provider", "airbnb", "--timezone", "Europe/Rome"]
    )
    assert result.exit_code == 1
    assert "20260414T223700Z.ics" in result.output


def test_a_time_zone_must_be_one(app, tmp_path: Path) -> None:
    result = app.test_cli_runner().invoke(
        args=["channels", "replay", str(tmp_path), "--provider", "airbnb", "--timezone", "Europe/Nowhere"]
    )
    assert result.exit_code == 2
