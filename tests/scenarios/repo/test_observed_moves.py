"""The observed moves that a fit of the episodes starts from are those of the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.repo.episodes import episodes as module
from scenarios.repo.episodes.episodes import episodes, observed_response
from scenarios.repo.episodes.payoffs import payoffs_from_yield, typical_move
from simulator.fit.moments import read_moments

HORIZON = 3
"""Trading days."""


@pytest.mark.parametrize("market", ["short", "long"])
def test_observed_moves_are_those_of_three_days(market: str) -> None:
    moments = read_moments(Path(module.__file__).with_name(f"observed_{market}.csv"))
    assert len(moments) == 7
    for moment, episode in zip(moments, episodes(), strict=True):
        assert moment.case == f"{market}, {episode.name}"
        assert (moment.since, moment.date, moment.output) == (1, 2, "security_price")
        observed = observed_response(episode, HORIZON).price_change_percent
        assert moment.observed == pytest.approx(observed, abs=5e-5)
        low, high = payoffs_from_yield(episode, HORIZON, typical_move(HORIZON))
        assert moment.error == pytest.approx(50.0 * (high - low), abs=5e-5)
