"""Best plans with a penalty: bound and solver from outside, deliveries, derivatives, bounds."""

from __future__ import annotations

import numpy as np
import pytest

from agents.bankruptcy.default_response import Penalised, best_plans
from agents.bankruptcy.plans import Plans, consumed
from benchmarks.random_bankruptcies import problem
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from markets.refused import Infeasible

MEMBERS = 60


def drawn(
    seed: int, *, exponential: bool = False
) -> tuple[Penalised, BondAndEquities, BondQuotes, Plans]:
    endowment, instruments, quotes = problem(seed, MEMBERS, exponential=exponential)
    penalty = np.random.default_rng(seed).uniform(0.5, 9.0, (MEMBERS, instruments.states))
    return Penalised(endowment, penalty), instruments, quotes, Plans.none(MEMBERS, instruments)


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
@pytest.mark.parametrize("seed", range(4))
def test_members_deliver_as_long_as_a_good_is_worth_less_than_the_penalty(
    seed: int, exponential: bool
) -> None:
    members, instruments, quotes, none = drawn(seed, exponential=exponential)
    plans = best_plans(members, instruments, quotes, none).plans
    eaten = consumed(members.endowment, plans, instruments, quotes)
    value = members.endowment.utility.marginal_later(eaten.later)
    owed = plans.promised[:, None] - plans.delivered
    for array in (plans.lent, plans.promised, plans.delivered, owed, eaten.now, eaten.later):
        assert np.min(array) >= -1e-11
    assert np.min(plans.equities + members.endowment.equities) >= -1e-11
    assert np.max(plans.promised) <= quotes.short_limit
    some = 1e-6  # well off the bounds
    eats = eaten.later > some  # whoever eats nothing has nothing left to deliver
    owes = (owed > some) & eats
    assert np.all(value[owes] >= members.penalty[owes] * (1.0 - 1e-6))
    eats &= plans.delivered > some
    assert np.all(value[eats] <= members.penalty[eats] * (1.0 + 1e-6))


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
def test_derivatives_are_those_of_the_plans(exponential: bool) -> None:
    members, instruments, quotes, none = drawn(1, exponential=exponential)
    slopes = best_plans(members, instruments, quotes, none).slopes
    h = 1e-5

    def at(k: int, change: float) -> FloatArray:
        values = np.concatenate([[quotes.bond_price], quotes.equity_prices, quotes.repayment_rates])
        values[k] += change
        moved = BondQuotes(float(values[0]), values[1:3], values[3:], quotes.short_limit)
        return best_plans(members, instruments, moved, none).plans.array

    for k in range(slopes.shape[2]):
        found = (at(k, h) - at(k, -h)) / (2.0 * h)
        gap = np.max(np.abs(found - slopes[:, :, k]), axis=1)
        # a bound may begin to bind within h of a few members' plans
        assert np.quantile(gap, 0.9) < 1e-4


def test_inertia_keeps_plans_close_and_is_gone_where_they_rest() -> None:
    members, instruments, quotes, before = drawn(2)
    first = best_plans(members, instruments, quotes, before).plans
    again = best_plans(members, instruments, quotes, first).plans
    assert not np.allclose(first.array, again.array)
    for _ in range(60):
        again = best_plans(members, instruments, quotes, again).plans
    last = best_plans(members, instruments, quotes, again).plans
    step = np.max(np.abs(last.array - again.array), axis=1)
    assert np.median(step) < 1e-6


def test_a_kept_promise_of_a_bond_that_pays_in_full_is_not_lent_to_oneself() -> None:
    members, instruments, quotes, none = drawn(3)
    rich = Penalised(members.endowment, np.full_like(members.penalty, 1e3))
    full = BondQuotes(quotes.bond_price, quotes.equity_prices, np.ones(4), quotes.short_limit)
    plans = best_plans(rich, instruments, full, none).plans
    assert np.max(np.minimum(plans.lent, plans.promised)) == 0.0
    np.testing.assert_allclose(plans.delivered, np.tile(plans.promised, (4, 1)).T, atol=1e-9)


def test_a_search_that_cannot_end_names_the_member() -> None:
    members, instruments, quotes, none = drawn(1)
    broken = BondQuotes(np.nan, quotes.equity_prices, quotes.repayment_rates, 1.0)
    with pytest.raises(Infeasible, match=r"member \d+ has no best plan within reach"):
        best_plans(members, instruments, broken, none)
