"""Sides and instruments, read off tables of positions."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from markets.instruments import Security
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from scenarios.promises.collateral_equilibrium import SCENARIO
from scenarios.promises.economy import CollateralEquilibrium
from scenarios.promises.sides import SIDES, Sides, instrument_table, side_table
from simulator.run import Run

ASSET = Security(0.2, 1.0)


@cache
def everything() -> Run[CollateralEquilibrium]:
    """The default run: four markets, three dates."""
    return SCENARIO.run()


def table_of(menu: Menu, **columns: list[float]) -> pd.DataFrame:
    """Positions of traders who own one unit of cash and of the asset each."""
    count = len(next(iter(columns.values())))
    belief = np.linspace(0.1, 0.9, count)
    names = ["cash", "asset", *(f"{w}_{n}" for w in ("bought", "sold") for n in menu.names)]
    return pd.DataFrame(
        {"weight": 1.0, "belief": belief, "belief_low": belief, "belief_high": belief,
         "endowed_cash": 1.0, "endowed_asset": 1.0, **dict.fromkeys(names, 0.0), **columns}
    )  # fmt: skip


def levered() -> Sides:
    """A pessimist keeps cash, one lends, an optimist holds all of the asset on credit."""
    menu = Menu.of(ASSET, [loan(0.2)])
    agents = table_of(
        menu, cash=[1.4, 1.6, 0.0], asset=[0.0, 0.0, 3.0], **{"bought_loan_0.2": [1.0, 0.0, 0.0]}
    )
    agents.loc[0, ["cash", "bought_loan_0.2"]] = [1.0, 3.0]
    agents.loc[2, "sold_loan_0.2"] = 3.0
    return Sides.of(agents, {"asset_price": 0.6, "price_loan_0.2": 0.2}, menu)


def test_the_sides_of_a_levered_market() -> None:
    sides = levered()
    assert sides.margin() == pytest.approx(1.0 - 0.2 / 0.6)
    assert sides.marginal_buyer() == 0.9
    assert np.isnan(sides.marginal_short())
    lent, long = SIDES.index("lender"), SIDES.index("long")
    assert sides.invested[0, lent] == pytest.approx(0.6 / 1.6)
    assert sides.invested[2, long] == pytest.approx((1.8 - 0.6) / 1.6)
    table = side_table(sides).set_index("side")
    assert table["traders"].to_dict() == {"cash": 2.0, "long": 1.0}
    assert table.loc["cash", "promises_bought"] == pytest.approx(0.6)
    assert table.loc["long", "promises_sold"] == pytest.approx(0.6)


def test_writing_protection_is_long_and_buying_it_is_short() -> None:
    menu = Menu.of(ASSET, [down_tranche(ASSET), default_swap(ASSET)])
    agents = table_of(
        menu, cash=[0.0, 1.6], bought_default_swap=[2.0, 0.0], sold_default_swap=[0.0, 2.0],
        asset=[0.0, 2.0],
    )  # fmt: skip
    quotes = {"asset_price": 0.6, "price_down_tranche": 0.1, "price_default_swap": 0.4}
    sides = Sides.of(agents, quotes, menu)
    assert side_table(sides)["side"].tolist() == ["short", "long"]
    assert sides.marginal_short() == 0.1
    assert sides.margin() == 1.0  # nothing is lent against the asset
    swap = instrument_table(sides).set_index("instrument").loc["default_swap"]
    assert swap["collateral"] == "0.8 cash"
    assert swap["margin"] == pytest.approx(0.5)
    assert swap["held_by"] == "short"
    assert np.isnan(swap["promised_return"])


def test_the_instrument_table_has_terms_prices_and_volume() -> None:
    table = instrument_table(levered()).set_index("instrument")
    assert table.loc["asset", "traded"] == 3.0
    loans = table.loc["loan_0.2"]
    assert loans["traded"] == 3.0
    assert (loans["owed_good"], loans["delivered_bad"]) == pytest.approx((0.2, 0.2))
    assert loans["promised_return"] == pytest.approx(0.0, abs=1e-12)
    assert loans["margin"] == pytest.approx(1.0 - 0.2 / 0.6)
    assert loans["held_by"] == "lender"


def test_sides_cover_the_line_of_beliefs_and_hold_all_there_is() -> None:
    table = SCENARIO.report(everything())
    for _, part in table.groupby(["case", "date"]):
        assert part["traders"].sum() == pytest.approx(100_000.0)
        assert part["asset"].sum() == pytest.approx(100_000.0, rel=1e-9)
        assert part["cash"].sum() == pytest.approx(100_000.0, rel=1e-9)
        assert part["promises_bought"].sum() == pytest.approx(part["promises_sold"].sum())
    swaps = table[(table["case"] == "default-swaps") & (table["date"] == 1)]
    assert swaps["side"].tolist() == ["short", "long"]
    borrowing = table[(table["case"] == "borrowing") & (table["date"] == 1)]
    assert borrowing["side"].tolist() == ["cash", "lender", "long"]
    assert borrowing["belief_low"].iloc[-1] == pytest.approx(0.686141, abs=1e-6)


def test_who_owns_nothing_keeps_cash_and_an_asset_that_nobody_holds_has_no_margin() -> None:
    menu = Menu.of(ASSET)
    agents = table_of(menu, cash=[0.0, 1.6], asset=[0.0, 0.0])
    agents.loc[0, ["endowed_cash", "endowed_asset"]] = 0.0
    sides = Sides.of(agents, {"asset_price": 0.6}, menu)
    assert sides.invested[:, SIDES.index("cash")].tolist() == [1.0, 1.0]
    assert sides.invested.sum() == 2.0
    assert np.isnan(sides.margin())
    assert side_table(sides)["side"].tolist() == ["cash"]
