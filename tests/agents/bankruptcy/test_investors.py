"""Cohorts of investors: bad input, purity, additivity, and the first prices."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from agents.bankruptcy.utility import ConstantRiskAversion, LinearQuadratic
from agents.clearing_house import total
from benchmarks.random_bankruptcies import SIZES, Primitives, draw
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.market import BondMarket
from markets.bankruptcy.quotes import BondQuotes
from markets.refused import Infeasible, Refused
from simulator.economy import Economy
from simulator.outcome import Outcome

INSTRUMENTS = BondAndEquities(np.array([0.5, 0.5]), np.array([[1.0], [0.2]]))


def two(**changed: Any) -> Investors:
    given: dict[str, Any] = {
        "utility": LinearQuadratic(np.ones(2), np.full(2, 5.0)),
        "now": np.ones(2),
        "later": np.ones((2, 2)),
        "equities": np.ones((2, 1)),
        **changed,
    }
    economy = Economy(BondMarket(INSTRUMENTS))
    return Investors(economy, "two", **given)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"now": np.ones((2, 1))}, r"two: now has shape \(2, 1\); it must be one per member"),
        ({"later": np.ones((3, 2))}, r"two: later has shape \(3, 2\); it must have one row for"),
        ({"equities": np.ones(2)}, r"two: equities has shape \(2,\)"),
        ({"now": np.array([1.0, 0.0])}, "two: now has 0.0; each must be finite and above 0"),
        ({"later": np.full((2, 2), np.inf)}, "two: later has inf; each must be finite and above"),
        ({"later": np.full((2, 2), np.nan)}, "two: later has nan; each must be finite and above"),
        ({"equities": np.full((2, 1), -1.0)}, "two: equities has -1.0; each must be finite and at"),
    ],
)
def test_bad_endowments_are_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        two(**changed)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"later": np.ones((2, 3))}, "two: later has 3 entries per member; it must have 2"),
        ({"equities": np.ones((2, 0))}, "two: equities has 0 entries per member; it must have 1"),
        (
            {"utility": ConstantRiskAversion(np.full(2, 1e4), np.ones(2))},
            "two: marginal utility at date 0 at the endowments has 0.0; each must be above 0",
        ),
        (
            {
                "utility": ConstantRiskAversion(np.ones(2), np.ones(2)),
                "later": np.full((2, 2), 1e4),
            },
            "two: curvature of utility at the endowments has 0.0; each must be above 0",
        ),
    ],
)
def test_what_does_not_fit_the_market_is_refused_when_it_opens(
    changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        two(**changed).open(INSTRUMENTS)


def test_marginal_values_and_demand_slope_of_quadratic_utility() -> None:
    cohort = two()
    cohort.open(INSTRUMENTS)
    now, later = cohort.marginal_values()
    assert now == 2.0
    np.testing.assert_allclose(later, 0.5 * np.array([2 * (5 - 2.0), 2 * (5 - 1.2)]))
    columns = np.array([[1.0, 1.0], [1.0, 0.2]])
    np.testing.assert_allclose(
        np.linalg.inv(cohort.demand_slope()), 0.5 * columns.T @ columns / 2.0
    )


def as_cohorts(drawn: Primitives, groups: list[list[int]]) -> Economy[float, BondQuotes, BondBook]:
    instruments = BondAndEquities(drawn.probabilities, drawn.payoffs)
    economy = Economy(BondMarket(instruments))
    BankruptcyClearingHouse(economy, instruments, drawn.short_limit)
    for k, rows in enumerate(groups):
        Investors(
            economy,
            f"group {k}",
            utility=LinearQuadratic(drawn.weight[rows], drawn.satiation[rows]),
            now=drawn.now[rows],
            later=drawn.later[rows],
            equities=drawn.equities[rows],
        )
    economy.open()
    return economy


def test_orders_add_up_over_cohorts() -> None:
    """One cohort of five orders what five cohorts of one order together, slopes included."""
    drawn = draw(np.random.default_rng(11), *SIZES[1])
    quotes = BondQuotes(1.0, np.array([0.8, 0.9]), np.full(4, 0.8), 10.0)
    books = []
    for groups in ([[0, 1, 2, 3, 4]], [[0], [1], [2], [3], [4]], [[4, 1], [0, 2, 3]]):
        cohorts = as_cohorts(drawn, groups).cohorts
        books.append(total([cohort.respond(quotes) for cohort in cohorts]))
    for field in fields(BondBook):
        for other in books[1:]:
            np.testing.assert_allclose(
                getattr(other, field.name), getattr(books[0], field.name), atol=1e-10
            )


def test_responding_and_holding_change_no_later_orders() -> None:
    (cohort,) = as_cohorts(draw(np.random.default_rng(11), *SIZES[1]), [[0, 1, 2, 3, 4]]).cohorts
    quotes = BondQuotes(1.0, np.array([0.8, 0.9]), np.full(4, 0.8), 10.0)
    first = cohort.respond(quotes)
    cohort.respond(BondQuotes(0.7, np.array([0.5, 0.9]), np.full(4, 0.6), 10.0))
    cohort.hold(quotes, None)
    again = cohort.respond(quotes)
    for field in fields(BondBook):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(first, field.name))


def test_positions_are_the_orders_that_were_netted_to_the_last_digit() -> None:
    """With next to no risk aversion trades are best only to rounding of marginal utility."""
    rng = np.random.default_rng(114)
    economy = Economy(BondMarket(INSTRUMENTS))
    cohort = Investors(
        economy,
        "near linear",
        utility=ConstantRiskAversion(np.full(9, 1e-7), np.ones(9)),
        now=rng.uniform(1.0, 2.0, 9),
        later=rng.uniform(1.0, 2.0, (9, 2)),
        equities=np.ones((9, 1)),
    )
    cohort.open(INSTRUMENTS)
    posted = BondQuotes(1.0, np.array([0.6]), np.ones(2), 100.0)
    book = cohort.respond(posted)
    cohort.remember(posted)
    cohort.hold(posted, None)
    table = cohort.table()
    assert float(np.sum(np.maximum(table["bond"], 0.0))) == book.lent
    assert float(np.sum(table["equity[1]"])) == book.equities[0]


def test_the_table_shows_a_sample_if_asked() -> None:
    (cohort,) = as_cohorts(draw(np.random.default_rng(11), *SIZES[1]), [[0, 1, 2, 3, 4]]).cohorts
    with pytest.raises(RuntimeError, match="holds nothing yet"):
        cohort.table()
    cohort.hold(BondQuotes(1.0, np.array([0.8, 0.9]), np.full(4, 0.8), 10.0), None)
    assert cohort.table()["member"].tolist() == [0, 1, 2, 3, 4]
    assert cohort.table(2)["member"].tolist() == [0, 4]


@pytest.mark.slow
def test_a_search_without_end_is_an_outcome_and_names_cohort_and_member() -> None:
    economy = as_cohorts(draw(np.random.default_rng(11), *SIZES[1]), [[0, 1], [2, 3, 4]])
    broken = BondQuotes(np.nan, np.array([0.8, 0.9]), np.full(4, 0.8), 10.0)
    with pytest.raises(Infeasible, match="group 1: member 0 has no best trade"):
        economy.cohorts[1].respond(broken)
    economy.quotes = {**economy.quotes, "bond_price": np.nan}
    economy.adjustment = economy.adjuster.start(np.full(7, np.nan), economy.market.limits(10.0))
    assert economy.clear() is Outcome.INFEASIBLE
    assert "member 0" in economy.infeasible
