"""Several assets and one pool: every equilibrium, and what rounds make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scenarios.funding.funding_contagion import FundingContagion, build
from scenarios.funding.margin_spiral import MarginSpiral
from scenarios.funding.one_pool import Pool, price_responses
from scenarios.funding.replication import spiral_of
from simulator.outcome import Outcome
from simulator.search import growth
from tests.scenarios.funding.markets import pool_of


def pool(
    names: str,
    value: list[float],
    volatility: list[float],
    supply: list[float],
    base: list[Any],
    slope: list[Any],
    endowment: list[float],
    cash: float,
) -> FundingContagion:
    return FundingContagion(
        assets=list(names),
        fundamental_values=value,
        volatilities=volatility,
        customers_supplies=supply,
        margin_bases=base,
        margin_slopes=slope,
        experts_endowments=endowment,
        experts_wealth=[cash],
        shocked=names[0],
        margin_factors=[1.0],
    )


ROOT = 0.5**0.5
POOLS = {
    "fragile twins": pool(
        "ab", [10.0] * 2, [ROOT] * 2, [3.0] * 2, [0.5] * 2, [0.6] * 2, [0.6] * 2, -8.6
    ),
    "two assets, three stable": pool(
        "ab", [9.51, 10.61], [1.18, 1.11], [1.73, 2.83], [1.85, 0.29], [1.28, 0.59],
        [0.78, 0.32], -6.74,
    ),
    "three assets, three stable": pool(
        "abc", [12.35, 11.56, 9.55], [0.91, 0.84, 1.07], [1.15, 2.73, 3.56], [1.99, 0.45, 0.11],
        [1.28, 0.37, 0.4], [0.54, 0.65, 0.76], -18.181,
    ),
    "three assets, four stable": pool(
        "abc", [7.84, 10.16, 8.55], [0.79, 0.84, 0.49], [3.59, 1.84, 2.34], [0.21, 0.11, 0.47],
        [0.51, 1.39, 1.33], [0.48, 0.45, 0.67], -11.887,
    ),
    "one of three short": pool(
        "abc", [10.25, 10.38, 10.95], [0.49, 1.05, 0.77], [1.69, 3.5, -1.38], [1.31, 0.27, 0.91],
        [1.13, 0.88, 0.39], [0.23, 0.98, 0.38], -14.514,
    ),
    "one of three short, margins by side": pool(
        "abc", [10.25, 10.38, 10.95], [0.49, 1.05, 0.77], [1.69, 3.5, -1.38],
        [[1.31, 9.0], [0.27, 0.01], [0.05, 0.91]], [[1.13, 0.1], [0.88, 0.0], [0.0, 0.39]],
        [0.23, 0.98, 0.38], -14.514,
    ),
    "one equilibrium": pool(
        "abc", [10.0, 8.0, 12.0], [0.7, 0.7, 0.8], [3.0, 2.0, 2.0], [0.5, 0.3, 1.0],
        [0.6, 0.9, 0.1], [0.6, 0.6, 0.3], -12.0,
    ),
}  # fmt: skip
"""Markets of one pool; all but the last were found by a random search for several equilibria."""


@pytest.mark.parametrize("name", POOLS)
def test_a_scan_of_starts_in_one_pool_finds_every_stable_price_and_no_other(name: str) -> None:
    """Starts: prices that leave the same gain per unit of margin, and prices at random."""
    parameters = POOLS[name]
    market = pool_of(parameters)
    roots = market.equilibria(parameters.cash(0))
    stable = [root.prices for root in roots if root.stable]
    rng = np.random.default_rng(1)
    widest = market.supply / market.appetite
    starts = [market.prices(p) for p in np.linspace(0.0, 1.1 * roots[-1].premium, 40).tolist()]
    starts += [market.fundamental - share * widest for share in rng.uniform(0.0, 1.0, (10, 1))]
    starts += [
        market.fundamental - share * widest for share in rng.uniform(0.0, 1.0, (10, len(widest)))
    ]
    reached = set()
    for start in starts:
        quotes = {f"price_{a}": float(q) for a, q in zip(parameters.assets, start, strict=True)}
        economy = build(parameters.model_copy(update={"start": {**quotes, "funding_premium": 0.0}}))
        outcome = economy.clear()
        rested = np.array([economy.quotes[f"price_{asset}"] for asset in parameters.assets])
        economy.close()
        assert outcome is Outcome.CLEARED, start
        far = [float(np.max(np.abs(rested - prices))) for prices in stable]
        assert min(far) < 1e-7, start
        reached.add(int(np.argmin(far)))
    assert reached == set(range(len(stable)))


def test_a_stable_price_at_which_a_quote_alone_would_rise_with_its_own_excess_is_found() -> None:
    """Where two of three assets have dropped out of the pool, the premium's own slope is wrong."""
    parameters = pool(
        "abc", [10.67, 10.14, 9.84], [0.46, 0.59, 0.78], [3.81, 2.63, 2.91], [0.16, 0.25, 0.34],
        [1.4, 0.62, 1.25], [0.99, 0.96, 1.0], -26.471,
    )  # fmt: skip
    roots = pool_of(parameters).equilibria(parameters.cash(0))
    assert [root.stable for root in roots] == [True, False, True, False, True]
    for away in (-0.03, 0.001, 0.03, 0.1):
        first = dict(zip(("price_a", "price_b", "price_c"), roots[-1].prices + away, strict=True))
        economy = build(parameters.model_copy(update={"start": {**first, "funding_premium": 0.0}}))
        assert economy.clear() is Outcome.CLEARED
        rested = [economy.quotes[f"price_{asset}"] for asset in "abc"]
        economy.close()
        assert rested == pytest.approx(roots[-1].prices, abs=1e-7, rel=0)


def test_one_asset_in_the_pool_has_the_equilibria_of_the_quadratic() -> None:
    for cash in (-5.5, -4.55, -4.3, -4.0):
        one = pool("a", [10.0], [ROOT], [3.0], [0.5], [0.6], [0.6], cash)
        found = pool_of(one).equilibria(cash)
        known = spiral_of(MarginSpiral()).equilibria(cash)
        assert [root.stable for root in found] == [root.stable for root in known]
        prices = [float(root.prices[0]) for root in found]
        assert prices == pytest.approx([root.price for root in known], abs=1e-12, rel=0)


def test_margins_on_the_other_side_change_no_equilibrium() -> None:
    one, sided = (POOLS[name] for name in POOLS if name.startswith("one of three short"))
    roots, others = (pool_of(p).equilibria(p.cash(0)) for p in (one, sided))
    assert len(roots) == len(others) == 3
    assert [root.premium for root in roots] == [root.premium for root in others]


def test_two_equilibria_closer_than_any_grid_are_both_found() -> None:
    """Just beside a fold, at either side of which there are two more equilibria, or none."""
    market = pool_of(POOLS["fragile twins"])
    at = spiral_of(MarginSpiral()).fold()
    assert at is not None
    fold = 2.0 * at[1]  # the twins are two of the fragile market
    beside = [len(market.equilibria(fold + away)) for away in (-1e-11, 1e-11)]
    assert beside == [3, 1]
    first, second = market.equilibria(fold - 1e-11)[1:]
    assert 0.0 < second.premium - first.premium < 1e-4
    assert (first.stable, second.stable) == (False, True)


def test_every_sign_change_of_the_shortfall_is_listed() -> None:
    """Against a scan of 20,000 premia, in markets of one to five assets."""
    rng = np.random.default_rng(5)
    several = 0
    for _ in range(60):
        count = int(rng.integers(1, 6))
        value, size = 10.0 ** rng.uniform(-1.0, 2.0, count), rng.uniform(0.5, 4.0, count)
        supply = size * rng.choice([-1.0, 1.0, 1.0], count)
        appetite = 10.0 ** rng.uniform(-0.5, 1.0, count) / value
        market = Pool(
            value, supply, appetite, size / appetite * 10.0 ** rng.uniform(-1.5, 0.3, count),
            rng.uniform(0.0, 1.5, count) * np.sign(supply),
            0.3 * size * rng.uniform(0.0, 1.2, count),
        )  # fmt: skip
        highest = market.equilibria(-1e9)[-1].premium  # wiped out
        grid = np.linspace(0.0, highest, 20_000)
        needed = market.shortfall(grid, 0.0)
        cash = float(rng.uniform(needed.min(), needed.max()))
        short = market.shortfall(grid, cash) > 0.0
        expected = int(not short[0]) + int(np.sum(short[1:] != short[:-1])) + int(short[-1])
        roots = market.equilibria(cash)
        assert len(roots) >= expected
        assert len(roots) % 2 == 1
        several += len(roots) > 1
    assert several > 10


def test_no_asset_is_farther_from_its_value_than_where_it_drops_out() -> None:
    market = pool_of(POOLS["one of three short"])
    far = np.abs(market.prices(1e6) - market.fundamental)
    assert far == pytest.approx(np.abs(market.supply) / market.appetite)
    assert np.array_equal(market.prices(0.0), market.fundamental)


def test_responses_are_the_slopes_of_prices_by_cash() -> None:
    parameters, step = POOLS["one equilibrium"], 1e-6
    market, cash = pool_of(parameters), parameters.cash(0)
    up, down, at = (market.equilibria(cash + by)[0] for by in (step, -step, 0.0))
    side = np.where(np.abs(market.fundamental - at.prices) > 0.0, 1.0, 0.0)
    fallen = market.fundamental - at.prices
    held = market.supply - market.appetite * fallen
    responses = price_responses(
        premium=at.premium,
        supply=market.supply,
        appetite=market.appetite,
        margin=market.margin_base + market.margin_slope * fallen,
        slope=-market.margin_slope,
        side=side * (held > 1e-9),
        position=held,
        endowment=market.endowment,
    )
    assert responses == pytest.approx((up.prices - down.prices) / (2.0 * step), rel=1e-5)


@pytest.mark.parametrize("name", ["two assets, three stable", "one of three short"])
def test_the_slope_of_the_rounds_has_the_sign_of_the_stability(name: str) -> None:
    """Started at each equilibrium, also where assets have dropped out; rounds stay at all."""
    parameters = POOLS[name]
    for root in pool_of(parameters).equilibria(parameters.cash(0)):
        if root.kind == "wiped out":
            continue  # the premium may be any above
        first = {f"price_{a}": q for a, q in zip(parameters.assets, root.prices, strict=True)}
        economy = build(parameters.model_copy(update={"start": first}))
        assert economy.clear(3) is Outcome.CLEARED
        assert economy.quotes["funding_premium"] == pytest.approx(root.premium, rel=1e-12)
        fastest = growth(economy)
        economy.close()
        assert not fastest > 0.0 if root.stable else fastest > 1e-3
