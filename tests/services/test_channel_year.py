"""Days of a small hotel with known truth, through the services on a database: calendars, mails and files together."""

from __future__ import annotations

import pytest

from tests.channel_year.system import System, Wires, wired
from tests.channel_year.world import World


@pytest.mark.slow
def test_days_of_a_small_hotel(app) -> None:
    wires = Wires()
    with wired(wires):
        score = World(1, 2, lambda: System(wires)).play(7)
    assert score.wrong == {}, score.notes
    assert score.counts["mails"] > 1
    assert score.counts["exported stays"] > 0
    assert score.enriched == 1
