"""Building a bankruptcy economy: the rule, its pace, the polish, the short limit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from markets.adjustment.anderson import AndersonTatonnement
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.polished import Polished
from markets.refused import Refused
from scenarios.bankruptcy.bankruptcy import economy as two
from scenarios.bankruptcy.bankruptcy_capm import economy
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.economy import POLISH, BondParameters
from simulator.parameters import parse


def made(**given: object) -> object:
    return economy(parse(BankruptcyCapm, given), np.random.default_rng(0)).adjuster


def test_implicit_steps_are_the_default() -> None:
    assert made() == ImplicitTatonnement()


def test_prices_move_all_the_way_and_rates_by_less() -> None:
    plain, anderson = made(rule="plain"), made(rule="anderson", step=0.5)
    assert isinstance(plain, PlainTatonnement)
    assert isinstance(anderson, AndersonTatonnement)
    np.testing.assert_array_equal(plain.step, [1.0, 1.0, 0.3, 0.3, 0.3])
    np.testing.assert_array_equal(anderson.step, [0.5, 0.5, 0.15, 0.15, 0.15])


def test_polish_goes_on_from_the_chosen_rule() -> None:
    assert made(polish=True) == Polished(ImplicitTatonnement(), POLISH)


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
