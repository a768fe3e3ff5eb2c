"""Consumers: demand is what the convex program gives, in and between its limits."""

from collections.abc import Callable
from typing import Any

import mesa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from agents.exchange.consumers import Consumers, ExchangeHouse, Primitives
from markets.quote import FloatArray

SEEDS = st.integers(0, 100_000)


def drawn(
    seed: int, elasticity: Callable[[np.random.Generator, int], FloatArray] | None = None
) -> tuple[Primitives, FloatArray]:
    """Random consumers, some of whom do not want some of the goods, and random prices."""
    rng = np.random.default_rng(seed)
    rows, goods = int(rng.integers(1, 6)), int(rng.integers(2, 6))
    weights = rng.uniform(0.1, 2.0, (rows, goods)) * (rng.random((rows, goods)) < 0.8)
    weights[:, 0] += weights.sum(axis=1) == 0.0
    levels = rng.uniform(0.0, 4.0, rows) if elasticity is None else elasticity(rng, rows)
    primitives = Primitives(
        weights,
        rng.uniform(0.0, 3.0, (rows, goods)),
        levels,
        rng.integers(1, 9, rows).astype(float),
    )
    return primitives, np.exp(rng.uniform(-2.0, 2.0, goods))


def cohort(primitives: Primitives) -> Consumers:
    rows, goods = primitives.weights.shape
    return Consumers(
        mesa.Model(), [f"{k}" for k in range(goods)], [f"c{i}" for i in range(rows)], primitives
    )


@given(SEEDS)
def test_everybody_spends_what_he_owns_is_worth_on_what_he_wants(seed: int) -> None:
    primitives, prices = drawn(seed)
    demand = cohort(primitives).demand(prices)
    assert demand @ prices == pytest.approx(primitives.endowment @ prices, rel=1e-12)
    assert ((demand > 0.0) == (primitives.weights > 0.0)).all()


@given(SEEDS)
def test_walras_law_holds_at_any_prices(seed: int) -> None:
    primitives, prices = drawn(seed)
    demand, supply = cohort(primitives).respond(prices)
    assert prices @ (demand - supply) == pytest.approx(0.0, abs=1e-12 * (prices @ supply))


@given(SEEDS, st.floats(1e-3, 1e3))
def test_demand_is_homogeneous_of_degree_zero(seed: int, unit: float) -> None:
    primitives, prices = drawn(seed)
    consumers = cohort(primitives)
    assert consumers.demand(unit * prices) == pytest.approx(consumers.demand(prices), rel=1e-11)


@given(SEEDS, st.floats(1e-3, 1e3))
def test_only_relative_weights_matter(seed: int, unit: float) -> None:
    primitives, prices = drawn(seed)
    scaled = primitives._replace(weights=unit * primitives.weights)
    assert cohort(scaled).demand(prices) == pytest.approx(
        cohort(primitives).demand(prices), rel=1e-11
    )


@given(SEEDS)
def test_weights_are_proportions_of_demand_at_equal_prices(seed: int) -> None:
    primitives, _ = drawn(seed)
    demand = cohort(primitives).demand(np.full(primitives.weights.shape[1], 0.7))
    part = demand / demand.sum(axis=1, keepdims=True)
    assert part == pytest.approx(primitives.weights / primitives.weights.sum(1, keepdims=True))


@given(SEEDS)
def test_cobb_douglas_spends_fixed_shares(seed: int) -> None:
    primitives, prices = drawn(seed, lambda rng, rows: np.ones(rows))
    spent = cohort(primitives).demand(prices) * prices / (primitives.endowment @ prices)[:, None]
    share = primitives.weights / primitives.weights.sum(axis=1, keepdims=True)
    assert spent == pytest.approx(share, rel=1e-13)


@settings(max_examples=25)
@given(SEEDS)
def test_leontief_consumes_in_fixed_proportions_which_a_linear_program_confirms(seed: int) -> None:
    """max t subject to x >= a t, p x <= m, by HiGHS."""
    primitives, prices = drawn(seed, lambda rng, rows: np.zeros(rows))
    weights, goods = primitives.weights[0], prices.size
    found: Any = linprog(
        np.append(np.zeros(goods), -1.0),
        A_ub=np.vstack(
            [np.append(prices, 0.0), np.column_stack([-np.eye(goods), weights])],
        ),
        b_ub=np.append(primitives.endowment[0] @ prices, np.zeros(goods)),
    )
    demand = cohort(primitives).demand(prices)[0]
    assert demand == pytest.approx(weights * -found.fun, rel=1e-9)


@settings(max_examples=25)
@given(SEEDS, st.sampled_from([0.2, 0.5, 1.0, 1.5, 3.0]))
def test_demand_solves_the_convex_program(seed: int, elasticity: float) -> None:
    """Utility maximised by SLSQP over shares of expenditure, from equal shares."""
    rng = np.random.default_rng(seed)
    weights, prices = rng.uniform(0.5, 2.0, 3), np.exp(rng.uniform(-0.7, 0.7, 3))
    power = 1.0 - 1.0 / elasticity

    def loss(share: FloatArray) -> float:
        amounts = share / prices
        if power == 0.0:
            return float(-weights @ np.log(amounts) / weights.sum())
        utility = weights ** (1.0 / elasticity) @ amounts**power
        return float(-np.log(utility) / power)

    found: Any = minimize(  # type: ignore[call-overload]
        loss,
        np.full(3, 1.0 / 3.0),
        method="SLSQP",
        bounds=[(1e-3, 1.0)] * 3,
        constraints={"type": "eq", "fun": lambda share: share.sum() - 1.0},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    endowment = np.array([[1.0, 0.0, 0.0]])
    primitives = Primitives(weights[None], endowment, np.array([elasticity]), np.ones(1))
    demand = cohort(primitives).demand(prices)[0]
    share = demand * prices / prices[0]
    assert loss(share) <= found.fun + 1e-12
    assert share == pytest.approx(found.x, abs=1e-5)


@pytest.mark.parametrize(("limit", "beside"), [(0.0, 1e-9), (1.0, 1.0 - 1e-9), (1.0, 1.0 + 1e-9)])
@given(seed=SEEDS)
def test_demand_is_continuous_at_both_limits(limit: float, beside: float, seed: int) -> None:
    primitives, prices = drawn(seed)
    demand = [
        cohort(primitives._replace(elasticity=np.full_like(primitives.elasticity, value))).demand(
            prices
        )
        for value in (limit, beside)
    ]
    assert demand[1] == pytest.approx(demand[0], rel=1e-7)


@given(SEEDS)
def test_the_order_of_consumers_does_not_matter_to_the_last_bit(seed: int) -> None:
    primitives, prices = drawn(seed)
    order = np.random.default_rng(seed).permutation(len(primitives.weights))
    mixed = Primitives(*(field[order] for field in primitives))
    assert (cohort(mixed).respond(prices) == cohort(primitives).respond(prices)).all()


@given(SEEDS)
def test_consumers_who_are_alike_are_so_many_rows(seed: int) -> None:
    primitives, prices = drawn(seed)
    counts = primitives.members.astype(int)
    rows = Primitives(*(np.repeat(field, counts, axis=0) for field in primitives))
    apart = cohort(rows._replace(members=np.ones(counts.sum())))
    assert apart.respond(prices) == pytest.approx(cohort(primitives).respond(prices), rel=1e-13)


def test_extreme_prices_and_elasticities_give_no_overflow() -> None:
    elasticity = np.array([0.0, 1.0, 60.0])
    primitives = Primitives(np.ones((3, 2)), np.ones((3, 2)), elasticity, np.ones(3))
    for prices in (np.array([1.0, 1e13]), np.array([1.0, 1e-13])):
        demand = cohort(primitives).demand(prices)
        assert np.isfinite(demand).all()
        assert demand @ prices == pytest.approx(np.full(3, prices.sum()))


def test_holdings_and_their_table() -> None:
    primitives, prices = drawn(3)
    consumers = cohort(primitives)
    consumers.hold(prices, None)
    table = consumers.table()
    assert table["name"].tolist() == list(consumers.names)
    held = table[[f"holding[{good}]" for good in consumers.goods]].to_numpy()
    assert (held == consumers.demand(prices)).all()


def test_the_redundant_market_is_the_numeraires_in_value_over_what_there_is() -> None:
    house = ExchangeHouse(mesa.Model())
    book = np.array([[3.0, 5.0], [2.0, 6.0]])
    assert house.redundant(np.array([1.0, 0.5]), book) == {"numeraire": pytest.approx(0.5)}
