"""The bond market: instruments, first quotes, residuals and their depth."""

from typing import Any

import numpy as np
import pytest

from benchmarks.random_bankruptcies import SIZES, draw
from markets.bankruptcy.market import BondAndEquities


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"probabilities": [0.5, 0.6]}, "add up to 1.1; it must be 1"),
        ({"probabilities": [1.0, 0.0]}, "each must be above 0"),
        ({"payoffs": [[1.0, 2.0]]}, r"shape \(1, 2\)"),
        ({"payoffs": [[1.0], [-1.0]]}, "payoffs has -1.0; each must be at least 0"),
        ({"payoffs": [[2.0], [2.0]]}, "linearly dependent"),
        ({"payoffs": [[1.0, 0.0], [0.0, 1.0]]}, "linearly dependent"),
        ({"state_names": ("a",)}, "2 different names"),
        ({"equity_names": ("a", "a")}, "1 different names"),
    ],
)
def test_what_cannot_be_traded_is_refused(given: dict[str, Any], sentence: str) -> None:
    fields: dict[str, Any] = {"probabilities": [0.5, 0.5], "payoffs": [[1.0], [2.0]], **given}
    for name in ("probabilities", "payoffs"):
        fields[name] = np.array(fields[name])
    with pytest.raises(ValueError, match=sentence):
        BondAndEquities(**fields)


def test_first_prices_are_the_capital_asset_pricing_model() -> None:
    """Without bankruptcy alpha_0 q = E[g y] with g = alpha_1 - aggregate goods."""
    drawn = draw(np.random.default_rng(1), *SIZES[1])
    economy = drawn.economy()
    economy.open()
    goods = np.sum(drawn.later + drawn.equities @ drawn.payoffs.T, axis=0)
    kernel = drawn.probabilities * (np.sum(drawn.satiation) - goods) / np.sum(drawn.weight)
    assert economy.quotes["bond_price"] == pytest.approx(np.sum(kernel))
    for j in range(2):
        quoted = economy.quotes[f"equity_price[{j + 1}]"]
        assert quoted == pytest.approx(kernel @ drawn.payoffs[:, j])
    assert all(v == 1.0 for k, v in economy.quotes.items() if k.startswith("repayment"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(5))
def test_depth_is_the_slope_of_the_residuals(size: tuple[int, int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    economy = draw(rng, *size).economy()
    economy.open()
    (cohort,) = economy.cohorts
    market, house = economy.market, economy.house
    prices, states = 1 + size[2], size[1]
    here = np.concatenate([rng.uniform(0.97, 1.03, prices), rng.uniform(0.6, 0.95, states)])

    def residual(coordinates: np.ndarray) -> np.ndarray:
        posted = market.post(coordinates, 10.0, coordinates)
        return market.excess(posted, house.net([cohort.respond(posted)])).residual

    posted = market.post(here, 10.0, here)
    depth = market.depth(posted, house.net([cohort.respond(posted)]), here)
    assert depth is not None
    step = 1e-7
    for k in range(here.size):
        move = np.zeros_like(here)
        move[k] = step
        numeric = (residual(here + move) - residual(here - move)) / (2.0 * step)
        np.testing.assert_allclose(depth[:, k], numeric, rtol=1e-4, atol=1e-4)


def test_one_state_without_a_name_has_plain_quotes() -> None:
    instruments = BondAndEquities(np.ones(1), np.zeros((1, 0)), state_names=("",))
    assert (instruments.states, instruments.equities) == (1, 0)
    assert instruments.state_names == ("",)
