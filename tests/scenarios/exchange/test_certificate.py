"""The certificate: an equilibrium passes, and nothing else does."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.exchange.consumers import Primitives
from markets.quote import FloatArray
from scenarios.exchange.certificate import certify, power_mean
from scenarios.exchange.exchange import SCENARIO
from scenarios.exchange.published import KEHOE
from simulator.point import RestingPoint

RUN = SCENARIO.run()
TWO = SCENARIO.run(consumers=KEHOE, start=[1.0, 8.0])


def test_equilibria_are_certified() -> None:
    assert RUN.certificate.holds
    assert TWO.certificate.holds


def holdings(change: Callable[[FloatArray], FloatArray]) -> set[str]:
    """Conditions that fail when the holdings of the economy of two goods are changed."""
    point = TWO.points[-1]
    agents, names = point.agents.copy(), ["holding[1]", "holding[2]"]
    agents[names] = change(agents[names].to_numpy())
    return failed(RestingPoint(point.case, 1, point.quotes, agents, complete=True))


def failed(point: RestingPoint) -> set[str]:
    return {condition.name for condition in SCENARIO.certify(TWO.parameters, point).failed()}


def step(consumer: int, amount: float) -> FloatArray:
    """A change of what one consumer holds of the first good."""
    change = np.zeros((2, 2))
    change[consumer, 0] = amount
    return change


PRICE = TWO.equilibrium["price[2]"]
MARKETS = {"markets, units", "markets, value"}
FALSE: dict[str, tuple[Callable[[FloatArray], FloatArray], set[str]]] = {
    "one holds more": (lambda x: x + step(0, 1e-6), {"budget", "markets, units"}),
    "one gives the other": (lambda x: x + step(0, 1e-6) + step(1, -1e-6), {"budget"}),
    "a trade at the prices": (
        lambda x: x + 1e-2 * np.array([[PRICE, -1.0], [-PRICE, 1.0]]),
        {"optimality"},
    ),
    "nobody trades": (lambda x: np.array([[12.0, 1.0], [1.0, 12.0]]), {"optimality"}),
    "holdings exchanged": (lambda x: x[::-1], {"budget", "optimality"}),
    "one is short": (lambda x: x + step(0, -20.0), {"non-negativity", "budget"}),
    "one is missing": (lambda x: x * [[1.0], [np.nan]], {"budget", "optimality", *MARKETS}),
    "one is infinite": (lambda x: x + step(0, np.inf), {"budget", *MARKETS}),
    "all hold nothing": (lambda x: 0.0 * x, {"budget", "optimality", *MARKETS}),
    "what is wanted is not held": (lambda x: x * [1.0, 0.0], {"budget", "optimality"}),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_holdings_fail(name: str) -> None:
    change, conditions = FALSE[name]
    assert conditions <= holdings(change)


def test_true_holdings_pass() -> None:
    assert holdings(lambda x: x) == set()


@pytest.mark.parametrize("factor", [1.0 + 1e-5, 0.9, -1.0, np.nan])
def test_false_prices_fail(factor: float) -> None:
    point = TWO.points[-1]
    quotes = dict(point.quotes) | {"price[2]": factor * PRICE}
    assert failed(RestingPoint(point.case, 1, quotes, point.agents, complete=True))


def test_a_table_without_a_consumer_or_in_another_order_fails() -> None:
    point = TWO.points[-1]
    for agents in (point.agents.iloc[:1], point.agents.iloc[::-1]):
        assert failed(RestingPoint(point.case, 1, point.quotes, agents, complete=True))


def test_what_is_wasted_on_a_good_that_is_not_wanted_is_found() -> None:
    """Scarf's first consumer spends on the third good, the second gives it."""
    point = RUN.points[-1]
    agents = point.agents.copy()
    names = [f"holding[{k}]" for k in "123"]
    agents[names] = agents[names].to_numpy() + 0.1 * np.array(
        [[-0.5, -0.5, 1.0], [0.5, 0.5, -1.0], [0.0, 0.0, 0.0]]
    )
    certificate = SCENARIO.certify(
        RUN.parameters, RestingPoint(point.case, 1, point.quotes, agents, complete=True)
    )
    assert [condition.name for condition in certificate.failed()] == ["optimality"]


def test_every_good_is_looked_at_the_numeraire_too() -> None:
    primitives = Primitives(np.ones((1, 2)), np.ones((1, 2)), np.ones(1), np.ones(1))
    for held in ([[1.0 + 1e-7, 1.0]], [[1.0, 1.0 + 1e-7]]):
        certificate = certify(primitives, np.ones(2), np.array(held))
        assert not certificate["markets, units"].holds
        assert not certificate["markets, value"].holds


def test_value_counts_where_units_are_few() -> None:
    """1e-9 of a good that is nearly all wealth is a tiny share in units, and in value no more."""
    primitives = Primitives(np.ones((1, 2)), np.ones((1, 2)), np.zeros(1), np.ones(1))
    certificate = certify(primitives, np.array([1.0, 1e9]), np.array([[1.5, 1.0]]))
    assert not certificate["markets, units"].holds
    assert certificate["markets, value"].holds


# ---------------------------------------------------------------------- the dual
@given(st.integers(0, 100_000), st.sampled_from([0.0, 0.1, 0.5, 1.0, 1.0 + 1e-9, 2.0, 9.0]))
def test_duality_no_basket_costs_less_than_its_utility(seed: int, elasticity: float) -> None:
    """Hoelder: p x >= P U(x) for any basket, and demand attains it (see test_consumers)."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(4), 5)
    prices, baskets = rng.uniform(0.1, 5.0, 4), rng.uniform(0.01, 3.0, (5, 4))
    levels = np.full(5, elasticity)
    with np.errstate(all="ignore"):
        cost = power_mean(np.tile(prices, (5, 1)), weights, 1.0 - levels)
        utility = power_mean(baskets / weights, weights, 1.0 - 1.0 / levels)
    assert (cost * utility <= baskets @ prices * (1.0 + 1e-12)).all()


def test_power_means_known_by_name() -> None:
    values, weights = np.array([[1.0, 4.0]] * 5), np.full((5, 2), 0.5)
    power = np.array([1.0, 0.0, -1.0, 2.0, -np.inf])
    with np.errstate(all="ignore"):
        means = power_mean(values, weights, power)
    assert means == pytest.approx([2.5, 2.0, 1.6, np.sqrt(8.5), 1.0])
    near = power_mean(values, weights, np.full(5, 1e-12))
    assert near == pytest.approx(np.full(5, 2.0), rel=1e-11)
