"""Schedules of cautious households: their conditions, and their slopes against differences."""

from __future__ import annotations

import numpy as np
import pytest

from agents.credit.auction import Schedule
from agents.credit.households import Households
from agents.credit.interior import Interior
from markets.credit.market import CreditMarket
from markets.quote import FloatArray
from scenarios.credit import housing, prepayment
from scenarios.credit.economy import AuctionedEconomy, build
from scenarios.credit.parameters import CreditTree

CAUTION = 1e-2


def _open(parameters: CreditTree) -> tuple[AuctionedEconomy, CreditMarket, Households]:
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    for _ in range(20):
        model.step()
    (households,) = model.cohorts
    assert isinstance(households, Households)
    return model, model.market, households


def _settle(
    market: CreditMarket, households: Households, quotes: FloatArray
) -> tuple[Interior, Schedule]:
    """Newton steps at fixed quotes until every plan is best at the caution."""
    inside, nearby = households.enter(0.1), market.nearby(quotes, True)
    told = households.schedule(nearby)
    for _ in range(60):
        inside.aim(np.zeros_like(quotes), CAUTION)
        inside.take(min(1.0, 0.9 * inside.room()))
        told = households.schedule(nearby)
        off = float(np.max(np.abs(inside.plans * inside.slacks - CAUTION)))
        if max(inside.error, off) < 1e-13:
            break
    return inside, told


ECONOMIES = {
    "linear": prepayment.Prepayment(),
    "logarithmic": CreditTree(),
    "two goods": housing.Housing(),
}


@pytest.mark.parametrize("name", ECONOMIES)
def test_a_cautious_plan_meets_its_conditions(name: str) -> None:
    model, market, households = _open(ECONOMIES[name])
    assert model.adjustment is not None
    quotes = np.maximum(model.adjustment.coordinates, 0.1)
    inside, _ = _settle(market, households, quotes)
    assert inside.error < 1e-12
    assert np.allclose(inside.plans * inside.slacks, CAUTION, rtol=1e-10)


@pytest.mark.parametrize("name", ECONOMIES)
def test_schedules_report_how_plans_answer_to_every_quote(name: str) -> None:
    model, market, households = _open(ECONOMIES[name])
    assert model.adjustment is not None
    quotes = np.maximum(model.adjustment.coordinates, 0.1)
    told = _settle(market, households, quotes)[1].answers[:, 2:]
    for place in range(quotes.size):
        move = np.zeros_like(quotes)
        move[place] = 1e-5
        above = _settle(market, households, quotes + move)
        below = _settle(market, households, quotes - move)
        measured = (above[1].plan - below[1].plan) / 2e-5
        assert np.allclose(told[:, place], measured, rtol=1e-4, atol=1e-5), place
