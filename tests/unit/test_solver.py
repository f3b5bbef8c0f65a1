"""The solver of moves: never a wrong plan, never one move too many, compared with trying everything."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.full_house import large_house
from webapp.stays.solver import MOST_MOVES, Slot, fewest_moves


def is_sound(rooms: int, slots: list[Slot], guest: Slot, placed: dict[int, int]) -> bool:
    """No two stays share a room and a night, nobody fixed has moved, everybody sleeps where they may."""
    where = {slot.key: placed.get(slot.key, slot.room) for slot in slots} | {guest.key: placed[guest.key]}
    taken = set()
    for slot in (*slots, guest):
        room = where[slot.key]
        if room not in slot.rooms or (slot.is_fixed and room != slot.room):
            return False
        for night in range(slot.first, slot.end):
            if (room, night) in taken:
                return False
            taken.add((room, night))
    return True


def least_by_trying_everything(rooms: int, slots: list[Slot], guest: Slot) -> int | None:
    movable = [slot for slot in slots if not slot.is_fixed]
    for count in range(len(movable) + 1):
        for chosen in itertools.combinations(movable, count):
            others = [[room for room in slot.rooms if room != slot.room] for slot in chosen]
            for places in itertools.product(guest.rooms, *others):
                placed = dict(zip((guest.key, *(slot.key for slot in chosen)), places, strict=True))
                if is_sound(rooms, slots, guest, placed):
                    return count
    return None


@st.composite
def houses(draw):
    """A small house: up to 4 rooms in up to 2 types, 6 nights, and somebody who wants in."""
    rooms, nights = draw(st.integers(1, 4)), 6
    border = draw(st.integers(1, rooms))
    types = [tuple(range(border)), tuple(range(border, rooms))]
    slots: list[Slot] = []
    for room in range(rooms):
        own = types[0] if room < border else types[1]
        night = 0
        while night < nights and len(slots) < 7:
            night += draw(st.integers(0, 2))
            end = min(nights, night + draw(st.integers(1, 4)))
            if night < end:
                may = own + (types[1] if room < border and draw(st.booleans()) else ())
                slots.append(Slot(len(slots), night, end, may, room, draw(st.sampled_from([False, False, True]))))
            night = end
    first = draw(st.integers(0, nights - 1))
    guest = Slot(-1, first, draw(st.integers(first + 1, nights)), types[0])
    return rooms, nights, slots, guest


@settings(max_examples=400, deadline=None)
@given(houses())
def test_it_finds_the_least_number_of_moves(house):
    rooms, nights, slots, guest = house
    least = least_by_trying_everything(rooms, slots, guest)
    found = fewest_moves(rooms, nights, slots, guest)
    assert found.is_proven
    assert (len(found.moves) if found.is_found else None) == least
    if found.room is not None:
        assert is_sound(rooms, slots, guest, {guest.key: found.room, **dict(found.moves)})
        assert all(next(slot for slot in slots if slot.key == key).room != room for key, room in found.moves)


@pytest.mark.slow
@pytest.mark.parametrize(("types", "fixed"), [(1, 0.1), (4, 0.1), (8, 0.2), (20, 0.1)])
def test_a_large_house_takes_no_time(types, fixed):
    """200 rooms, 90 nights, 92 % full. CPU time is measured, so that a busy machine tells the same."""
    slots, guests = large_house(types, types, fixed)
    for guest in guests:
        began = time.process_time()
        found = fewest_moves(200, 90, slots, guest)
        assert time.process_time() - began < 1
        assert found.is_proven
        if found.room is not None:
            assert 1 <= len(found.moves) <= MOST_MOVES
            assert is_sound(200, slots, guest, {guest.key: found.room, **dict(found.moves)})


def test_a_free_room_needs_no_move():
    found = fewest_moves(2, 3, [Slot(1, 0, 3, (0, 1), 0)], Slot(-1, 0, 3, (0, 1)))
    assert (found.room, found.moves) == (1, ())


def test_of_two_equal_plans_the_one_within_the_type_is_taken():
    """The stay in room 0 may move to room 1 (its own type) or 2 (a better one)."""
    stay = Slot(1, 0, 2, (0, 1, 2), 0, preferred=2)
    late = Slot(2, 2, 3, (1,), 1, is_fixed=True)
    found = fewest_moves(3, 3, [stay, late], Slot(-1, 0, 3, (0,)))
    assert (found.room, found.moves) == (0, ((1, 1),))


def test_nobody_fixed_is_moved():
    slots = [Slot(1, 0, 2, (0, 1), 0, is_fixed=True), Slot(2, 1, 3, (0, 1), 1, is_fixed=True)]
    assert not fewest_moves(2, 3, slots, Slot(-1, 0, 3, (0, 1))).is_found
