"""Pictures of the pages of collateral equilibria are true of the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scenarios.promises import collateral_equilibrium, endogenous_leverage, pictures
from simulator.page_plan import SoFar
from walras.watched import Watched


def rest(watched: Watched) -> SoFar:
    while watched.running:
        watched.step()
    return watched.now


def test_sides_stay_drawn_date_by_date() -> None:
    watched = Watched(collateral_equilibrium.SCENARIO, case="borrowing")
    rest(watched)
    watched.announce(0.1)
    so_far = rest(watched)
    (axes,) = pictures.sides(so_far).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "2"]
    for date in (1, 2):
        sides = pictures.side_rows(so_far, date)
        assert sides["belief_high"].max() == 1.0
        assert float((sides["belief_high"] - sides["belief_low"]).sum()) == pytest.approx(1.0)
    price, margin, low = pictures.by_date(so_far).axes
    for panel, name, scale in ((price, "asset_price", 1.0), (margin, "margin", 100.0),
                               (low, "low_payoff", 1.0)):  # fmt: skip
        drawn = np.asarray(panel.get_lines()[0].get_ydata())
        assert drawn == pytest.approx(scale * so_far.dates[name].to_numpy(np.float64))


def test_geanakoplos_2003_only_the_largest_safe_loan_is_traded() -> None:
    so_far = rest(Watched(collateral_equilibrium.SCENARIO, case="borrowing"))
    table = pictures.by_promise(so_far).set_index("promise")
    assert table["traded"].to_dict() == pytest.approx(
        {"loan_half": 0.0, "loan_low": 1.0, "loan_risky": 0.0}, abs=1e-6
    )
    margin = so_far.ends[-1].described["margin"]
    assert table.loc["loan_low", "margin"] == pytest.approx(margin, rel=1e-6)
    assert "loan_low: price 0.2000" in pictures.promises_text(so_far)


def test_at_rest_trembles_are_taken_away() -> None:
    watched = Watched(endogenous_leverage.SCENARIO)
    watched.step()
    assert watched.economy is not None
    book: Any = watched.economy.book
    live = pictures.by_promise(watched.now)["traded"].to_numpy() * book.endowed_asset
    assert live == pytest.approx(np.minimum(book.bought, book.sold))
    assert (live > 0.0).all()
    so_far = rest(watched)
    instruments = so_far.ends[-1].described["instruments"]
    assert isinstance(instruments, dict)
    table = pictures.by_promise(so_far).set_index("promise")
    assets = so_far.book.endowed_asset
    assert table.loc["loan_0.8", "traded"] == 0.0
    for name in table.index:
        assert table.loc[name, "traded"] == pytest.approx(instruments[name]["traded"] / assets)


def test_nothing_can_be_promised_where_only_the_asset_is_traded() -> None:
    so_far = rest(Watched(collateral_equilibrium.SCENARIO, case="none"))
    upper, _ = pictures.promises(so_far).axes
    assert [text.get_text() for text in upper.texts] == ["no promise can be made"]
