"""Building a bankruptcy economy: the rule, its pace, the polish, the short limit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from markets.adjustment.anderson import AndersonTatonnement
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.polished import Polished
from markets.bankruptcy.centred import CentredTatonnement
from markets.bankruptcy.relay import Relay
from markets.refused import Refused
from scenarios.bankruptcy.bankruptcy import economy as two
from scenarios.bankruptcy.bankruptcy_capm import SCENARIO, economy
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.economy import NEWTON_IN_LOGS, POLISH, SEARCH, BondParameters
from simulator.parameters import parse
from simulator.run import simulate


def made(**given: object) -> object:
    return economy(parse(BankruptcyCapm, given), np.random.default_rng(0)).adjuster


def test_implicit_steps_are_the_default_and_other_rules_wait() -> None:
    rule = made()
    assert isinstance(rule, Relay)
    assert rule.first == ImplicitTatonnement()
    assert NEWTON_IN_LOGS in rule.others
    assert isinstance(rule.others[0], CentredTatonnement)
    assert rule.longer == (SEARCH,)


def test_other_rules_are_used_alone() -> None:
    assert made(rule="newton") == NewtonTatonnement()


LENDERS = [(38.0, 165.0, 11.2, 16.6), (74.0, 1856.0, 1.0, 41.6), (220_000.0, 207.0, 7.5, 0.7)]
"""Weight, satiation, goods at both dates: marginal rates of substitution from .001 to 24."""


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0]])
def test_prices_many_times_the_first_ones_are_found_where_nobody_may_borrow(
    order: list[int],
) -> None:
    """The first price is an average over members; the equilibrium's is that of the keenest."""
    cohorts = [
        {"weight": weight, "satiation": satiation, "endowment_now": now, "endowment_later": [later]}
        for weight, satiation, now, later in (LENDERS[k] for k in order)
    ]
    parameters = parse(
        BankruptcyCapm,
        {"cohorts": cohorts, "states": {"probabilities": [1.0]}, "equities": {"payoffs": []},
         "short_limit": 0.0},
    )  # fmt: skip
    run = simulate(SCENARIO, parameters, studies=False)
    assert run.outcome == "cleared"
    keenest = max((satiation - later) / weight for weight, satiation, _, later in LENDERS)
    assert run.points[-1].quotes["bond_price"] >= keenest * (1.0 - 1e-12)
    assert keenest > 50.0 * run.rounds["bond_price"].iloc[0]


def test_prices_move_all_the_way_and_rates_by_less() -> None:
    plain, anderson = made(rule="plain"), made(rule="anderson", step=0.5)
    assert isinstance(plain, PlainTatonnement)
    assert isinstance(anderson, AndersonTatonnement)
    np.testing.assert_array_equal(plain.step, [1.0, 1.0, 0.3, 0.3, 0.3])
    np.testing.assert_array_equal(anderson.step, [0.5, 0.5, 0.15, 0.15, 0.15])


def test_polish_goes_on_from_the_chosen_rule() -> None:
    polished = made(polish=True)
    assert isinstance(polished, Polished)
    assert isinstance(polished.rule, Relay)
    assert polished.polish == POLISH
    assert made(polish=True, rule="newton") == Polished(NewtonTatonnement(), POLISH)


def test_no_short_limit_is_an_infinite_one() -> None:
    parameters = BankruptcyCapm()
    assert parameters.limit == 10.0
    assert parse(BankruptcyCapm, {"short_limit": None}).limit == math.inf
    assert BondParameters().limit == math.inf
    house = economy(parameters, np.random.default_rng(0)).house
    assert house.charge({}) == 10.0


def test_unknown_rules_are_refused() -> None:
    with pytest.raises(Refused, match='rule is "matrix"; it must be'):
        made(rule="matrix")


def test_the_two_are_one_member_each() -> None:
    from scenarios.bankruptcy.bankruptcy import TwoInvestors

    built = two(TwoInvestors(), np.random.default_rng(0))
    assert [(c.name, c.members) for c in built.cohorts] == [("borrower", 1), ("lender", 1)]
