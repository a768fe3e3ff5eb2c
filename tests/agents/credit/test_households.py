"""Households with inertia: budgets, best responses at rest, and what they carry on."""

from __future__ import annotations

import numpy as np
import pytest

from agents.credit.households import Households
from markets.credit.quotes import CreditQuotes
from scenarios.credit import housing, prepayment
from scenarios.credit.economy import AuctionedEconomy, build
from scenarios.credit.parameters import CreditTree

ECONOMIES = {
    "linear": prepayment.Prepayment(),
    "logarithmic": CreditTree(),
    "two goods": housing.Housing(),
}


def opened(name: str) -> tuple[AuctionedEconomy, Households]:
    parameters = ECONOMIES[name]
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    model.step()
    (households,) = model.cohorts
    assert isinstance(households, Households)
    return model, households


def at(model: AuctionedEconomy, seed: int) -> CreditQuotes:
    quotes = model.market.random_quotes(np.random.default_rng(seed))
    return model.market.post(model.market.locate(quotes, True), True, np.zeros(0))


@pytest.mark.parametrize("name", ECONOMIES)
@pytest.mark.parametrize("seed", range(3))
def test_orders_meet_every_budget_at_any_quotes(name: str, seed: int) -> None:
    model, households = opened(name)
    posted = at(model, seed)
    households.respond(posted)
    households.remember(posted)
    plan = households.plan
    missed = households.plans @ plan.budgets(posted).T - plan.incomes(posted, households.endowment)
    assert np.max(np.abs(missed)) < 1e-9
    assert households.plans.min() >= 0.0


@pytest.mark.parametrize("name", ECONOMIES)
def test_responding_changes_nothing(name: str) -> None:
    model, households = opened(name)
    posted, before = at(model, 1), households.plans.copy()
    first, second = households.respond(posted), households.respond(posted)
    assert (first.plan == second.plan).all()
    assert (households.plans == before).all()


def test_the_plan_of_the_round_is_carried_on_whatever_else_was_asked() -> None:
    model, households = opened("logarithmic")
    posted, beside = at(model, 1), at(model, 2)
    orders = households.respond(posted)
    other = households.respond(beside)
    assert not np.allclose(orders.plan, other.plan)
    households.remember(posted)
    assert households.plans.sum(axis=0) == pytest.approx(orders.plan)


def test_at_rest_nobody_wants_to_move() -> None:
    model, households = opened("logarithmic")
    model.clear(5_000)
    orders = households.respond(model.posted)
    assert orders.unrest < 1e-9
    assert np.max(np.abs(orders.goods)) < 1e-8


def test_worthless_securities_are_kept_by_their_issuers() -> None:
    model, households = opened("linear")
    model.clear(5_000)
    households.hold(model.posted, None)
    lent = households.plan.parts["lent"][households.plan.obligations.first]
    middle, first = np.nonzero(model.posted.resale == 0.0)
    assert middle.size
    resold = households.plan.parts["resold"][middle, first]
    assert (households.plans[:, resold] == households.plans[:, lent[first]]).all()


def test_the_table_has_one_row_per_member_and_part() -> None:
    _, households = opened("two goods")
    table = households.table()
    assert len(table) == households.members * households.plan.size
    assert table["amount"].to_numpy().reshape(households.members, -1) == pytest.approx(
        households.plans
    )
