"""Months of a hotel with known truth, by the pure rules: nothing sold is lost, doubled or wrongly cancelled."""

from __future__ import annotations

import pytest

from tests.channel_year.rules import Rules
from tests.channel_year.world import World


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_months_of_a_hotel(seed: int) -> None:
    score = World(seed, 8, Rules).play(30)
    assert score.wrong == {}, score.notes
    assert score.counts["bookings"] > 40
    assert score.counts["cancellations"] > 4
    assert score.within(6) > 0.7, score.notes
    assert score.enriched == 1
