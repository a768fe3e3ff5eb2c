"""Propositions 2 and 3 at simulated states: as printed they fail, as corrected they hold."""

from typing import Any

import numpy as np
import pytest

from agents.bankruptcy.investors import Investors
from benchmarks.random_bankruptcies import SIZES, draw
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.bankruptcy import bond_scenario
from scenarios.bankruptcy.bankruptcy_capm import SCENARIO
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.certificate import arbitrage, multipliers
from scenarios.bankruptcy.propositions import (
    aggregates,
    applies,
    prices,
    sharing_rule,
    sharing_rule_as_printed,
)
from scenarios.bankruptcy.state import State, read
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.point import RestingPoint
from simulator.run import Run, simulate


def run(seed: int = 0, **given: object) -> Run[BankruptcyCapm]:
    """Without the study of endowment risk, which is a run per risk."""
    return simulate(SCENARIO, parse(BankruptcyCapm, given), seed=seed, studies=False)


ROUNDING = 1e-12


def state(**given: Any) -> State:
    ended = run(polish=True, **given)
    assert ended.outcome is Outcome.CLEARED
    return bond_scenario.state_of(ended.parameters, ended.points[-1])


INSTANCE = state()


def product(here: State, x: FloatArray, y: FloatArray) -> float:
    return float(here.probabilities @ (x * y))


@pytest.mark.slow
def test_propositions_hold_in_random_economies() -> None:
    rng = np.random.default_rng(3)
    checked = bankrupt = 0
    for _ in range(60):
        drawn = draw(rng, *SIZES[0])
        economy = drawn.economy()
        assert economy.clear() is Outcome.CLEARED
        (cohort,) = economy.cohorts
        assert isinstance(cohort, Investors)
        resting = RestingPoint("x", 1, dict(economy.quotes), cohort.table(), True)
        here = read(cohort.instruments, 10.0, resting)
        economy.close()
        if not applies(here):
            continue
        checked += 1
        bankrupt += bool(np.min(here.rates) < 1.0 - 1e-9)
        assert np.max(np.abs(sharing_rule(here) - here.later)) < 1e-7
        np.testing.assert_allclose(prices(here).equities, here.equity_prices, rtol=1e-8)
    assert checked >= 10
    assert bankrupt >= 3


def cohorts_of_both_dates(**changed: Any) -> dict[str, Any]:
    cohorts = [c.model_dump(exclude_none=True) for c in BankruptcyCapm().cohorts]
    for cohort, satiation in zip(cohorts, (12.0, 14.0, 13.0), strict=True):
        cohort |= {"utility": "quadratic at both dates", "satiation": satiation, **changed}
        if not changed:
            del cohort["weight"]
    return {"cohorts": cohorts}


def test_quadratic_at_both_dates_the_standard_model_prices_from_the_primitives() -> None:
    """Magill and Quinzii: the weight of date 0 is all satiation less all goods at date 0."""
    here = state(**cohorts_of_both_dates())
    assert np.all(here.rates == 1.0)
    goods = np.array([3.4, 2.36, 6.35])
    kernel = here.probabilities * (39.0 - goods) / (39.0 - 11.8)
    assert here.bond_price == pytest.approx(np.sum(kernel), rel=ROUNDING)
    np.testing.assert_allclose(here.equity_prices, kernel @ here.payoffs, rtol=ROUNDING)


def test_quadratic_at_both_dates_both_propositions_hold_with_bankruptcies() -> None:
    """With own marginal utilities at date 0 in place of a_0, whatever the weights."""
    drawn = cohorts_of_both_dates(weight=1.0)
    drawn["cohorts"][1] |= {"weight": 1.1, "endowment_later": [0.5, 0.5, 0.5]}
    here = state(**drawn)
    assert applies(here)
    assert np.min(here.rates) < 0.97
    told = prices(here)
    np.testing.assert_allclose(told.equities, here.equity_prices, rtol=ROUNDING)
    assert told.bond_lending == pytest.approx(here.bond_price, rel=ROUNDING)
    assert told.bond_borrowing == pytest.approx(here.bond_price, rel=ROUNDING)
    assert np.max(np.abs(sharing_rule(here) - here.later)) < ROUNDING


def test_erratum_1_equities_owned_are_missing_in_all_three_formulas() -> None:
    gap = np.abs(sharing_rule_as_printed(INSTANCE) - INSTANCE.later)
    assert np.all(np.max(gap, axis=1) > 0.1)
    owned = INSTANCE.endowed_equities @ INSTANCE.payoffs.T
    others = INSTANCE.bond >= 0.0
    added = sharing_rule_as_printed(INSTANCE) + owned
    np.testing.assert_allclose(added[others], INSTANCE.later[others], atol=ROUNDING)


def test_erratum_2_the_sign_of_the_borrowers_term() -> None:
    owned = INSTANCE.endowed_equities @ INSTANCE.payoffs.T
    borrowers = INSTANCE.bond < 0.0
    added = sharing_rule_as_printed(INSTANCE) + owned
    gap = np.abs(added[borrowers] - INSTANCE.later[borrowers])
    assert np.max(gap) > 0.01
    assert np.max(np.abs(sharing_rule(INSTANCE) - INSTANCE.later)[borrowers]) < ROUNDING


def test_erratum_3_the_kernel_has_to_be_divided_by_the_weight() -> None:
    total = aggregates(INSTANCE)
    printed = product(INSTANCE, total.kernel, INSTANCE.payoffs[:, 0])
    assert printed > 10.0 * INSTANCE.equity_prices[0]
    assert printed / total.weight == pytest.approx(INSTANCE.equity_prices[0], rel=ROUNDING)


def test_erratum_4_products_have_to_be_weighted_by_probabilities() -> None:
    total = aggregates(INSTANCE)
    unweighted = float(total.kernel @ INSTANCE.payoffs[:, 0]) / total.weight
    assert abs(unweighted - INSTANCE.equity_prices[0]) > 1.0


def test_erratum_5_a_binding_limit_lifts_the_bond_price_above_its_bound() -> None:
    here = state(short_limit=0.35)
    assert here.bond_price == pytest.approx(1.0769, abs=5e-5)
    assert here.bond_price > prices(here).highest + 1e-3


def test_erratum_6_equities_cost_something_in_the_appendix_too() -> None:
    lender = int(np.argmax(INSTANCE.bond))
    later = INSTANCE.marginal_later()[lender]
    pays = product(INSTANCE, later, INSTANCE.payoffs[:, 0])
    cost = INSTANCE.marginal_now()[lender] * INSTANCE.equity_prices[0]
    assert abs(pays - cost) < 1e-11
    assert abs(pays + cost) > 1.0


def test_erratum_7_satiation_must_lie_above_endowments_with_equities() -> None:
    """Aggregate goods are 3.4, .96 and 3.45 + 2.9 with equities, and less than 3 without."""
    cohorts = [c.model_dump(exclude_none=True) for c in BankruptcyCapm().cohorts]
    bare = max(sum(c["endowment_later"][s] for c in cohorts) for s in range(3))
    cohorts[0]["satiation"] = bare + 0.5
    with pytest.raises(Refused, match=r"cohorts\[0\].satiation is 3.4; it must be at least 6.35"):
        run(cohorts=cohorts)


def test_erratum_8_the_test_of_lemma_2_lets_an_arbitrage_pass() -> None:
    """Buying the second equity for .5 and selling two bonds at 1 costs nothing and never loses."""
    payoffs = np.array([[0.0, 2.0], [1.0, 3.0], [2.0, 4.5]])
    assert np.all(payoffs[:, 1] - 2.0 >= 0.0)
    one, none = np.ones(1), np.zeros((1, 2))
    fields: dict[str, Any] = {
        "probabilities": np.full(3, 1 / 3), "payoffs": payoffs, "short_limit": np.inf,
        "bond_price": 1.0, "rates": np.ones(3), "cohort": np.array(["x"], dtype=object),
        "quadratic": np.array([True]), "first": one, "second": 9 * one, "endowed_now": one,
        "endowed_later": np.ones((1, 3)), "endowed_equities": none, "bond": 0 * one,
        "equities": none, "now": one, "later": np.ones((1, 3)),
    }  # fmt: skip
    assert arbitrage(State(**fields, equity_prices=np.array([0.9, 0.5]))) > 0.0
    assert arbitrage(State(**fields, equity_prices=np.array([0.9, 3.0]))) == 0.0


def test_erratum_9_a_small_limit_does_not_give_the_standard_bond_price() -> None:
    here = state(short_limit=0.2)
    assert np.all(here.rates == 1.0)
    assert here.bond_price > prices(here).highest + 0.01
    assert float(np.sum(multipliers(here).limit)) > 0.1
