"""Moving stays to make room: proposed, applied all or nothing, undone."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from tests import factories
from tests.api.kit import Caller, error, of
from webapp.availability import services as availability
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.transaction import transaction
from webapp.models import MoveBatch, Reservation, Room, RoomNight
from webapp.stays import assignment, moves
from webapp.stays import services as stays


@pytest.fixture
def puzzle(hotel):
    """Doubles 101 to 103: one stay each, so that nights 0 to 3 have rooms, but no room has them all.

    night   0 1 2 3
    101     A A . .
    102     . . B B
    103     C C C C
    """
    return {
        "A": factories.make_stay(hotel, "101", 0, 2, guest_name="Anna"),
        "B": factories.make_stay(hotel, "102", 2, 2, guest_name="Bert"),
        "C": factories.make_stay(hotel, "103", 0, 4, guest_name="Carl"),
        "new": factories.make_stay(hotel, None, 0, 4, guest_name="Nora"),
    }


def room_of(stay: Reservation) -> str | None:
    db.session.refresh(stay)
    return db.session.get_one(Room, stay.room_id).number if stay.room_id else None


def nights(stay: Reservation) -> set[tuple[str, int]]:
    rows = db.session.execute(
        select(Room.number, RoomNight.night)
        .join(RoomNight, RoomNight.room_id == Room.id)
        .where(RoomNight.reservation_id == stay.id)
    )
    return {(number, night.toordinal()) for number, night in rows}


def counts_are_right(hotel) -> bool:
    db.session.flush()
    return availability.recount(hotel.id) == 0


def test_one_move_frees_a_room(hotel, puzzle):
    proposal = moves.propose_moves(puzzle["new"])
    assert len(proposal.moves) == 1
    (move,) = proposal.moves
    assert {move.from_room.number, move.to_room.number} == {"101", "102"}
    assert proposal.room.number == move.from_room.number
    assert proposal.is_optimal
    assert room_of(puzzle["new"]) is None, "nothing has happened yet"


def test_it_is_applied_and_undone(hotel, puzzle):
    with transaction():
        batch = moves.apply_moves(puzzle["new"], fingerprint=moves.propose_moves(puzzle["new"]).fingerprint)
    assert {room_of(puzzle[name]) for name in "AB"} in ({"102"}, {"101"})
    assert len(nights(puzzle["new"])) == 4
    assert counts_are_right(hotel)
    with transaction():
        moves.undo_moves(hotel, batch.id)
    assert {name: room_of(stay) for name, stay in puzzle.items()} == {"A": "101", "B": "102", "C": "103", "new": None}
    assert counts_are_right(hotel)
    with pytest.raises(Conflict) as refused:
        moves.undo_moves(hotel, batch.id)
    assert refused.value.code == "MOVES_ALREADY_UNDONE"


@pytest.mark.parametrize("how", ["pinned", "in house"])
def test_who_must_not_move_is_left_alone(hotel, puzzle, how):
    if how == "pinned":
        db.session.execute(text("UPDATE reservation SET is_pinned = true WHERE id IN (:a, :b)"),
                           {"a": puzzle["A"].id, "b": puzzle["B"].id})  # fmt: skip
    else:
        with transaction():
            stays.check_in_guest(puzzle["A"])
        db.session.execute(text("UPDATE reservation SET is_pinned = true WHERE id = :b"), {"b": puzzle["B"].id})
    proposal = moves.propose_moves(puzzle["new"])
    assert proposal.room is None
    assert proposal.is_optimal
    with pytest.raises(Conflict) as refused:
        moves.apply_moves(puzzle["new"])
    assert refused.value.code == "NO_AVAILABILITY"


def test_guests_stay_within_their_type_when_that_is_enough(hotel):
    """A single goes up to a double only where the other single does not do."""
    single = factories.make_stay(hotel, "201", 0, 2, "SGL")
    fixed = factories.make_stay(hotel, "202", 2, 2, "SGL")
    new = factories.make_stay(hotel, None, 0, 4, "SGL")
    proposal = moves.propose_moves(new)
    assert [(one.stay.id, one.is_upgrade) for one in proposal.moves] in ([(single.id, False)], [(fixed.id, False)])
    factories.make_stay(hotel, "202", 0, 1, "SGL", is_fact=True)
    factories.make_stay(hotel, "201", 3, 1, "SGL", is_fact=True)
    better = moves.propose_moves(new)
    assert any(one.is_upgrade for one in better.moves) or better.room.room_type_id != new.room_type_id
    assert moves.propose_moves(new, allow_upgrades=False).room is None


def test_an_upgrade_is_counted_as_a_sale_of_the_better_type(hotel):
    for number in ("201", "202"):
        factories.make_stay(hotel, number, 0, 2, "SGL")
    new = factories.make_stay(hotel, None, 0, 2, "SGL", is_fact=True)
    with transaction():
        batch = moves.apply_moves(new)
    assert room_of(new) in ("101", "102", "103", "201", "202")
    assert counts_are_right(hotel)
    with transaction():
        moves.undo_moves(hotel, batch.id)
    assert counts_are_right(hotel)


def test_what_was_shown_is_applied_or_nothing(hotel, puzzle):
    shown = moves.propose_moves(puzzle["new"]).fingerprint
    with transaction():
        stays.assign_room(puzzle["A"], factories.room_of(hotel, "102"))
        stays.assign_room(puzzle["B"], factories.room_of(hotel, "101"))
    with pytest.raises(Conflict) as refused, transaction():
        moves.apply_moves(puzzle["new"], fingerprint=shown)
    assert refused.value.code == "MOVES_OUTDATED"
    assert room_of(puzzle["new"]) is None


def test_an_undo_of_what_was_changed_since_changes_nothing(hotel, puzzle):
    with transaction():
        batch = moves.apply_moves(puzzle["new"])
    with transaction():
        stays.unassign_room(puzzle["A"])
    before = {name: room_of(stay) for name, stay in puzzle.items()}
    with pytest.raises(Conflict) as refused, transaction():
        moves.undo_moves(hotel, batch.id)
    assert refused.value.code == "MOVES_OUTDATED"
    assert {name: room_of(stay) for name, stay in puzzle.items()} == before


def test_pinning_by_the_api(app, hotel, puzzle):
    desk = Caller(app, hotel)
    for name in "AB":
        assert desk.act(puzzle[name], "pin", reason="Promised").json["booking"]["is_pinned"] is True
    assert desk.get(of(puzzle["new"], "make-room")).json["is_possible"] is False
    assert desk.act(puzzle["A"], "pin", pinned=False).json["booking"]["history"][0]["action"] == "unpinned"
    assert desk.get(of(puzzle["new"], "make-room")).json["is_possible"] is True


def test_who_is_not_coming_keeps_no_room(hotel, puzzle):
    with transaction():
        stays.cancel(puzzle["A"])
    with pytest.raises(Conflict) as refused, transaction():
        assignment.pin(puzzle["A"])
    assert refused.value.code == "BOOKING_STATUS_NOT_ASSIGNABLE"


def test_a_placed_stay_needs_no_room(hotel, puzzle):
    with pytest.raises(Conflict) as refused:
        moves.propose_moves(puzzle["A"])
    assert refused.value.code == "ROOM_ALREADY_ASSIGNED"


def test_the_endpoints(app, hotel, puzzle):
    desk = Caller(app, hotel)
    shown = desk.get(of(puzzle["new"], "make-room")).json
    assert shown["is_possible"]
    (move,) = shown["moves"]
    assert move["booking_id"] in (puzzle["A"].booking_id, puzzle["B"].booking_id)
    assert error(desk.act(puzzle["new"], "make-room", fingerprint="another")) == (409, "MOVES_OUTDATED")
    applied = desk.act(puzzle["new"], "make-room", fingerprint=shown["fingerprint"])
    assert applied.status_code == 200, applied.json
    assert applied.json["room_number"] == shown["room_number"]
    assert [one["to_room"] for one in applied.json["moves"]] == [move["to_room"]]
    entry = next(e for e in desk.detail(puzzle["A" if move["guest_name"] == "Anna" else "B"])["history"])
    assert (entry["action"], puzzle["new"].booking_id in entry["reason"]) == ("moved_to_make_room", True)
    undone = desk.client.post(applied.json["undo_url"], headers=desk.headers)
    assert undone.status_code == 200
    assert desk.detail(puzzle["new"])["has_room_assigned"] is False
    other = Caller(app, factories.make_hotel())
    assert error(other.post(f"/moves/{db.session.scalars(select(MoveBatch.id)).one()}/undo/")) == (404, "NOT_FOUND")
