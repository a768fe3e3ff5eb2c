"""Equilibria without rounds, beside the prices at which demand meets supply."""

import mesa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.exchange.consumers import Consumers, Primitives
from markets.quote import FloatArray
from scenarios.exchange.closed_form import linear, two_goods
from scenarios.exchange.exchange import Exchange

SEEDS = st.integers(0, 100_000)


def excess(primitives: Primitives, prices: FloatArray) -> FloatArray:
    """Excess demand of the consumers that trade, over what there is."""
    rows, goods = primitives.weights.shape
    cohort = Consumers(mesa.Model(), ["?"] * goods, ["?"] * rows, primitives)
    demand, supply = cohort.respond(prices)
    return np.asarray(demand / supply - 1.0)


def drawn(seed: int, rows: int, goods: int, elasticity: float) -> Primitives:
    rng = np.random.default_rng(seed)
    return Primitives(
        rng.uniform(0.1, 1.0, (rows, goods)),
        rng.uniform(0.0, 2.0, (rows, goods)),
        np.full(rows, elasticity),
        rng.integers(1, 5, rows).astype(float),
    )


def scarf() -> Primitives:
    primitives = Exchange().primitives()
    assert primitives is not None
    return primitives


@given(SEEDS, st.integers(1, 6), st.integers(2, 6))
def test_cobb_douglas_prices_clear(seed: int, rows: int, goods: int) -> None:
    primitives = drawn(seed, rows, goods, 1.0)
    prices = linear(primitives)
    assert prices is not None
    assert prices[0] == 1.0
    assert excess(primitives, prices) == pytest.approx(np.zeros(goods), abs=1e-10)


def test_scarf_1960_prices_are_equal() -> None:
    assert linear(scarf()) == pytest.approx(np.ones(3), abs=1e-14)


@given(SEEDS, st.integers(2, 5))
def test_leontief_prices_clear_where_there_are_some(seed: int, goods: int) -> None:
    primitives = drawn(seed, goods, goods, 0.0)
    prices = linear(primitives)
    if prices is not None:
        assert excess(primitives, prices) == pytest.approx(np.zeros(goods), abs=1e-6)


def test_leontief_economies_near_scarfs_have_such_prices() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        weights, endowment, elasticity, members = scarf()
        endowment = endowment + rng.uniform(0.0, 0.1, (3, 3))
        primitives = Primitives(weights, endowment, elasticity, members)
        prices = linear(primitives)
        assert prices is not None
        assert excess(primitives, prices) == pytest.approx(np.zeros(3), abs=1e-12)


def test_what_has_no_linear_system_has_no_closed_form() -> None:
    assert linear(drawn(0, 3, 3, 0.5)) is None
    mixed = drawn(0, 2, 2, 1.0)._replace(elasticity=np.array([0.0, 1.0]))
    assert linear(mixed) is None
    assert linear(drawn(0, 4, 3, 0.0)) is None  # more kinds of consumers than goods


def test_economies_that_do_not_trade_with_each_other_have_no_single_price() -> None:
    """Two consumers who want only what they own: any price clears."""
    assert linear(Primitives(np.eye(2), np.eye(2), np.ones(2), np.ones(2))) is None


@given(SEEDS, st.integers(2, 5), st.floats(0.2, 4.0))
def test_all_roots_of_two_goods_clear(seed: int, rows: int, elasticity: float) -> None:
    primitives = drawn(seed, rows, 2, elasticity)
    roots = two_goods(primitives, 1.0)
    assert len(roots) % 2 == 1  # the index theorem: one more stable than unstable
    assert (roots["textbook_rule"] == "stable").sum() == (len(roots) + 1) // 2
    for price in roots["price"]:
        assert excess(primitives, np.array([1.0, price])) == pytest.approx(np.zeros(2), abs=1e-9)


@given(SEEDS)
def test_both_closed_forms_agree(seed: int) -> None:
    primitives = drawn(seed, 3, 2, 1.0)
    prices = linear(primitives)
    assert prices is not None
    roots = two_goods(primitives, prices[1])
    assert roots["price"].tolist() == pytest.approx([prices[1]], rel=1e-10)
    assert roots["rested"].tolist() == [True]


def test_a_consumer_may_want_only_one_good() -> None:
    primitives = Primitives(np.eye(2), np.eye(2)[::-1], np.array([0.5, 2.0]), np.ones(2))
    assert two_goods(primitives, 1.0)["price"].tolist() == pytest.approx([1.0])
