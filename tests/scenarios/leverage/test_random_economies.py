"""Random trees, beliefs, endowments and caps: what clears is certified, in both populations."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.leverage.leverage_cycle import SCENARIO
from simulator.outcome import Outcome

SLICE = 1 / 200
"""Share of the line that each of the single traders stands for."""


@settings(max_examples=4, deadline=None)
@given(
    falls=st.lists(st.floats(0.1, 1.0), min_size=1, max_size=2),
    low=st.floats(0.1, 1.0),
    cash=st.floats(0.3, 3.0),
    cap=st.sampled_from([1.0, 1.5, 3.0, 100.0]),
    shape=st.tuples(st.floats(0.8, 4.0), st.floats(0.8, 4.0)),
)
def test_individuals_clear_within_some_slices_of_the_continuum(
    falls: list[float], low: float, cash: float, cap: float, shape: tuple[float, float]
) -> None:
    payoffs = [low + sum(falls[k:]) for k in range(len(falls) + 1)]
    prices = {}
    for population in ("continuum", "individuals"):
        run = SCENARIO.run(
            payoffs=payoffs, cash=cash, leverage="capped", most_leverage=[cap],
            beliefs=f"beta({shape[0]}, {shape[1]})", population=population,
            traders=round(1 / SLICE), news=["bad"] if len(falls) > 1 else [],
        )  # fmt: skip
        assert run.outcome is Outcome.CLEARED
        assert run.certificate.holds
        prices[population] = run.dates.iloc[0]["asset_price"]
    near = 10.0 * SLICE * (payoffs[0] - payoffs[-1])
    assert prices["individuals"] == pytest.approx(prices["continuum"], abs=near)


@settings(max_examples=6, deadline=None)
@given(
    beliefs=st.lists(st.floats(0.05, 0.95), min_size=3, max_size=12, unique=True),
    data=st.data(),
    low=st.just(0.0) | st.floats(1e-30, 0.9),
)
def test_any_traders_clear_and_are_certified(
    beliefs: list[float], data: st.DataObject, low: float
) -> None:
    owned = st.lists(st.floats(0.1, 3.0), min_size=len(beliefs), max_size=len(beliefs))
    run = SCENARIO.run(
        beliefs=beliefs, cash=data.draw(owned), asset=data.draw(owned), low_payoff=low,
        population="individuals", leverage="chosen",
    )  # fmt: skip
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
