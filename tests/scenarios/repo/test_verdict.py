"""Short, long or neither: which side of the market is the more leveraged one.

Source: Bottazzi, Pascoa and Ramirez (slides), definition of short and long markets.
"""

import dataclasses
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from scenarios.repo.verdict import NOBODY_TRADES, verdict
from tests.scenarios.repo.equilibria import HIGH, LOW, State, equilibrium, short_market, special


def called(state: State) -> tuple[str, str, str]:
    found = verdict(**vars(state))
    return found.market, found.longs_constrained_by, found.shorts_constrained_by


@pytest.mark.parametrize(
    ("market", "haircut", "expected"),
    [
        ("short", 0.0, ("neither", "solvency", "solvency")),
        ("short", 0.01, ("short", "solvency", "margin")),
        ("short", 0.03, ("short", "solvency", "margin")),
        ("short", 0.05, ("short", "solvency", "margin")),
        ("short", 0.30, ("neither", "margin", "margin")),
        ("long", 0.01, ("long", "margin", "solvency")),
        ("long", 0.05, ("long", "margin", "solvency")),
        ("long", 0.30, ("neither", "margin", "margin")),
    ],
)
def test_markets_are_named_as_in_the_slides(
    market: Literal["short", "long"], haircut: float, expected: tuple[str, str, str]
) -> None:
    assert called(equilibrium(market, haircut)) == expected


def test_side_constrained_by_solvency_does_not_react_at_a_zero_rate() -> None:
    """Slides: T = (1 + q)/(q (1-h)) + 1 for a short, whose elasticity follows by hand."""
    state = short_market()
    found = verdict(**vars(state))
    size = (1.0 + state.security_price) / (state.security_price * state.haircut)
    assert found.long_elasticity == 0.0
    assert found.short_elasticity == pytest.approx(0.99 / 0.01 * size / (size + 1.0), rel=1e-12)


@pytest.mark.parametrize("market", ["short", "long"])
@pytest.mark.parametrize("haircut", [0.01, 0.05, 0.10, 0.30])
def test_elasticities_are_those_of_the_best_response(
    market: Literal["short", "long"], haircut: float
) -> None:
    """Against differences of the slides' formulas, at the same quotes and the same traders."""
    state = equilibrium(market, haircut)
    found = verdict(**vars(state))
    up, down = state.agents[["income_up", "income_down"]].iloc[0]
    q, rate = state.security_price, state.repo_rate

    def net_trades(margin: float) -> tuple[float, float]:
        by_margin = (1.0 + q) / (q * margin)
        e1, e2 = q * (1.0 + rate * (1.0 - margin)), q * (1.0 + rate * (1.0 + margin))
        long = min(by_margin, (up + 1.0 + q) / (e1 - LOW))
        return long - 1.0, min(by_margin, (down + 1.0 + q) / (HIGH - e2)) + 1.0

    step = 1e-6 * haircut
    before, after = np.log(net_trades(haircut + step)), np.log(net_trades(haircut - step))
    slope = (after - before) / (2.0 * step) * (1.0 - haircut)
    assert found.long_elasticity == pytest.approx(slope[0], rel=1e-6, abs=1e-9)
    assert found.short_elasticity == pytest.approx(slope[1], rel=1e-6, abs=1e-9)


def test_market_without_income_is_neither_long_nor_short() -> None:
    """No income at date 1: solvency constrains both sides, whatever the haircut."""
    q = 0.911805429431
    m = (HIGH - q) / (HIGH - LOW)
    longs, shorts = (1.0 + q) / (q - LOW), (1.0 + q) / (HIGH - q)
    base = {"cohort": "traders", "endowed_cash": 1.0, "endowed_securities": 1.0}
    base |= {"income_up": 0.0, "income_down": 0.0}
    wealth, funding = 1.0 + q, q * 0.01
    agents = pd.DataFrame(
        [
            base
            | {"weight": m, "belief": 0.1, "cash": wealth - funding * longs, "security": longs}
            | {"repo_lending": 0.0, "repo_borrowing": longs},
            base
            | {"weight": 1 - m, "belief": 0.9, "cash": wealth - funding * shorts}
            | {"security": -shorts, "repo_lending": shorts, "repo_borrowing": 0.0},
        ]
    )
    state = State(0.01, q, 0.0, agents)
    assert state.certified()["optimality"].holds
    assert state.certified()["security market"].residual < 1e-10
    assert called(state) == ("neither", "solvency", "solvency")
    found = verdict(**vars(state))
    assert (found.long_elasticity, found.short_elasticity) == (0.0, 0.0)


def test_side_of_unlike_traders_may_be_constrained_by_both() -> None:
    """One short has less income than full leverage needs, and holds what solvency allows."""
    state = short_market()
    q = state.security_price
    size = (2.0 + 1.0 + q) / (HIGH - q)
    poor = state.row(
        "short",
        income_down=2.0,
        security=-size,
        repo_lending=size,
        cash=1.0 + q - q * state.haircut * size,
    )
    assert poor.certified(complete=False).holds
    assert called(poor) == ("short", "solvency", "both")
    alike = verdict(**vars(state)).short_elasticity
    assert 0.0 < verdict(**vars(poor)).short_elasticity < alike


def test_sides_nobody_is_on() -> None:
    state = equilibrium("long", 0.01)
    longs = state.agents[state.agents["kind"] == "long"]
    assert called(dataclasses.replace(state, agents=longs)) == ("long", "margin", "nobody")
    special_state = special()
    cash = special_state.agents[special_state.agents["kind"] == "cash"]
    assert called(dataclasses.replace(special_state, agents=cash)) == (
        "neither",
        "nobody",
        "nobody",
    )


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9, 1.0])
@pytest.mark.parametrize(
    ("market", "haircut"), [("short", 0.01), ("long", 0.01), ("short", 0.05), ("long", 0.30)]
)
@pytest.mark.parametrize("side", ["long", "short"])
def test_part_positions_count_in_proportion(
    market: Literal["short", "long"], haircut: float, side: str, share: float
) -> None:
    """A row filled in part counts as two rows, one of each kind of full position.

    Its wealth is all in cash, so that its net trade differs from that of the other rows.
    """
    state = equilibrium(market, haircut, rows=1)
    kinds = state.agents["kind"]
    rest = "cash" if "cash" in set(kinds) else ("short" if side == "long" else "long")
    wealthy = {"endowed_cash": 1.0 + state.security_price, "endowed_securities": 0.0}
    full = state.agents[kinds == side].assign(**wealthy)
    other = state.agents[kinds == rest].assign(**wealthy)
    holdings = ["cash", "security", "repo_lending", "repo_borrowing"]
    mixed = full.assign(weight=1.0)
    mixed[holdings] = share * full[holdings] + (1.0 - share) * other[holdings].to_numpy()
    halves = [full.assign(weight=share), other.assign(weight=1.0 - share)]
    whole = pd.concat([state.agents, mixed], ignore_index=True)
    split = pd.concat([state.agents, *halves], ignore_index=True)
    one = verdict(**vars(dataclasses.replace(state, agents=whole)))
    two = verdict(**vars(dataclasses.replace(state, agents=split)))
    assert one.market == two.market
    assert one.long_elasticity == pytest.approx(two.long_elasticity, rel=1e-9)
    assert one.short_elasticity == pytest.approx(two.short_elasticity, rel=1e-9)


@pytest.mark.parametrize(
    ("market", "haircut", "text"),
    [
        ("short", 0.01, "I: longs solvency, shorts margin"),
        ("long", 0.05, "II: longs margin, shorts solvency, special"),
        ("short", 0.30, "III: both margin, special"),
    ],
)
def test_the_regime_in_words(market: Literal["short", "long"], haircut: float, text: str) -> None:
    assert verdict(**vars(equilibrium(market, haircut))).regime == text


@pytest.mark.filterwarnings("error")
def test_where_all_keep_their_endowments_nobody_trades_and_neither_side_leads() -> None:
    """A worthless bad state: wealth is the security alone, and solvency allows no more of it."""
    agents = pd.DataFrame(
        {
            "cohort": "traders", "weight": 1.0, "belief": [0.2, 0.4], "endowed_cash": 0.0,
            "endowed_securities": 1.0, "income_up": 0.0, "income_down": 0.0, "cash": 0.0,
            "security": 1.0, "repo_lending": 0.0, "repo_borrowing": 0.0,
        }
    )  # fmt: skip
    found = verdict(**vars(State(0.01, 2.0, 0.0, agents, 0.0, 100.0)))
    assert found.market == "neither"
    assert found.regime == NOBODY_TRADES
    assert (found.long_elasticity, found.short_elasticity) == (0.0, 0.0)
