"""Default at the debtors' choice, with a separable penalty: closed form, limits, certificate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.bankruptcy import bankruptcy, bankruptcy_capm, bond_scenario
from scenarios.bankruptcy.bankruptcy import TwoInvestors
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.closed_form_default import solve
from scenarios.bankruptcy.default_certificate import certify_default
from scenarios.bankruptcy.default_state import DefaultState
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run, simulate


def two(**given: Any) -> Run[TwoInvestors]:
    return simulate(bankruptcy.SCENARIO, parse(TwoInvestors, given), studies=False)


def three(**given: Any) -> Run[BankruptcyCapm]:
    return simulate(bankruptcy_capm.SCENARIO, parse(BankruptcyCapm, given), studies=False)


def state_of(run: Run[BankruptcyCapm]) -> DefaultState:
    state = bond_scenario.state_of(run.parameters, run.points[-1])
    assert isinstance(state, DefaultState)
    return state


@pytest.fixture(scope="module", name="run")
def run_() -> Run[BankruptcyCapm]:
    return three(penalty=8.7)


def test_a_penalty_below_the_value_of_goods_leaves_no_repayment_and_no_trade() -> None:
    """The smaller the penalty: at 2 the borrower's goods are worth as much to it as the penalty."""
    for penalty in (1.9, 0.3):
        run = two(penalty=penalty)
        assert run.outcome is Outcome.NO_TRADE
        assert run.dates["promised"].item() == 0.0
        assert run.equilibrium["repayment_rate"] < 0.5
        assert run.closed_form is None or run.closed_form == {}
    with pytest.raises(Refused, match=r"penalty is 0\.0; it must be above 0"):
        two(penalty=0.0)


@pytest.mark.slow
def test_with_an_ever_larger_penalty_nobody_defaults_or_goes_bankrupt() -> None:
    run = three(penalty=1e3)
    assert run.outcome is Outcome.CLEARED
    here = state_of(run)
    assert np.all(here.rates == 1.0)
    assert np.min(here.later) >= 0.0
    np.testing.assert_allclose(here.delivered, np.tile(here.sold, (3, 1)).T, atol=1e-9)
    # every penalty that deters all default gives the same economy
    assert run.equilibrium["bond_price"] == pytest.approx(
        three(penalty=20.0).equilibrium["bond_price"], abs=1e-8
    )


def test_equities_are_priced_by_the_standard_model_whatever_is_defaulted(
    run: Run[BankruptcyCapm],
) -> None:
    """Derived: consumption adds up to all goods, so no shortfall corrects the market portfolio."""
    assert run.outcome is Outcome.CLEARED
    here = state_of(run)
    assert 0.7 < np.min(here.rates) < 0.9
    assert list(run.closed_form or {}) == ["equity_price[1]"]
    assert (run.closed_form or {})["equity_price[1]"] == pytest.approx(0.932034615385, abs=1e-12)
    assert run.equilibrium["equity_price[1]"] == pytest.approx(0.932034615385, abs=1e-9)


def test_what_is_not_delivered_is_the_penalty_and_the_pool_pays_what_is(
    run: Run[BankruptcyCapm],
) -> None:
    here = state_of(run)
    value = here.marginal_later()
    defaulted = here.sold[:, None] - here.delivered > 1e-6
    assert defaulted.any()
    np.testing.assert_allclose(value[defaulted], 8.7, atol=1e-6)
    np.testing.assert_allclose(np.sum(here.delivered, axis=0) / here.promises, here.rates)


CHANGES: dict[str, Any] = {
    "budget": lambda s: {"now": s.now + 1e-6},
    "bounds": lambda s: {"delivered": s.delivered + 1e-3},
    "optimal_choice": lambda s: {"bond_price": s.bond_price * 1.001},
    "optimal_by_highs": lambda s: {"penalty": 0.9 * s.penalty},
    "monotone": lambda s: {"second": 0.1 * s.second},
    "quotes_in_range": lambda s: {"rates": s.rates * 1.3},
    "bond_clears": lambda s: {"sold": s.sold * 1.01, "bond": s.bond - 0.01 * s.sold},
    "equities_clear": lambda s: {"equities": s.equities + 1e-6},
    "feasible_consumption": lambda s: {"later": s.later * 1.001},
    "repayment_rates": lambda s: {"rates": s.rates - 1e-6},
}


@pytest.mark.parametrize("condition", CHANGES)
def test_every_condition_of_the_certificate_can_fail(
    run: Run[BankruptcyCapm], condition: str
) -> None:
    here = state_of(run)
    assert certify_default(here).holds
    assert not certify_default(replace(here, **CHANGES[condition](here)))[condition].holds


def test_exponential_utility_has_slsqp_and_a_penalty_per_cohort_and_state() -> None:
    each: dict[str, Any] = {"utility": "constant risk aversion", "risk_aversion": 1.0}
    run = three(
        cohorts=[
            {**each, "patience": 0.7, "endowment_now": 0.3, "endowment_later": [0.3, 1.0, 2.0],
             "equities": [0.2], "penalty": [0.4, 0.9, 0.9]},
            {**each, "patience": 1.3, "endowment_now": 3.0, "endowment_later": [0.5, 0.6, 0.7],
             "equities": [1.0]},
        ],
        penalty=2.0, short_limit=2.0,
    )  # fmt: skip
    assert run.outcome is Outcome.CLEARED
    assert run.certificate["optimal_by_slsqp"].holds
    here = state_of(run)
    np.testing.assert_array_equal(here.penalty, [[0.4, 0.9, 0.9], [2.0, 2.0, 2.0]])
    assert here.rates[0] < 0.9
    poorer = certify_default(replace(here, now=here.now - 1e-5 * here.endowed_now))
    assert not poorer["budget"].holds


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"penalty": -1.0}, "penalty is -1.0; it must be"),
        ({"penalty": [1.0, 2.0]}, "penalty has 2 entries; it must have 3, one per state"),
        ({"penalty": 0.0}, "penalty is 0.0; it must be above 0 in a state"),
    ],
)
def test_penalties_that_do_not_fit_are_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused) as error:
        parse(BankruptcyCapm, given)
    assert str(error.value).startswith(sentence)


def test_where_one_cohort_has_a_penalty_all_must() -> None:
    cohorts = [c.model_dump(exclude_none=True) for c in BankruptcyCapm().cohorts]
    cohorts[0]["penalty"] = 5.0
    with pytest.raises(Refused, match=r"cohorts\[1\].penalty is missing"):
        parse(BankruptcyCapm, {"cohorts": cohorts})


def test_the_closed_form_says_where_it_has_none() -> None:
    pair = ((2.0, 1.0), (2.5, 4.0), (1.0, 3.0), (0.5, 1.0))
    assert solve(*pair, 1.9) is None  # nothing would be delivered
    other = solve((1.0, 1.5), (2.5, 6.0), (1.0, 3.0), (1.5, 0.5), 2.0)
    assert other is None  # the lender would default too
