"""Pictures of the pages of bankruptcy are true of the run."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.bankruptcy import bankruptcy, bankruptcy_capm, pictures
from simulator import palette
from simulator.page_plan import SoFar
from walras.watched import Watched


def looked_at(watched: Watched, rounds: int = 1_000) -> SoFar:
    assert watched.problem == ""
    while watched.running and watched.steps < rounds:
        watched.step()
    return watched.now


def marks(so_far: SoFar) -> dict[str, np.ndarray]:
    """Points of the diagram of net trades by name."""
    (axes,) = pictures.net_trades(so_far).axes
    return {
        str(line.get_label()): np.asarray(line.get_xydata())[0]
        for line in axes.get_lines()
        if line.get_linestyle() == "None"
    }


def test_eichberger_rheinberger_summer_2014_figure_1_at_rest() -> None:
    so_far = looked_at(Watched(bankruptcy.SCENARIO))
    quotes, known = so_far.quotes, so_far.ends[-1].closed_form
    sold, price, rate = known["promised"], quotes["bond_price"], quotes["repayment_rate"]
    drawn = marks(so_far)
    assert drawn["borrower plans"] == pytest.approx([price * sold, -sold], rel=1e-6)
    assert drawn["lender plans"] == pytest.approx([-price * sold, rate * sold], rel=1e-6)
    assert drawn["seized"] == pytest.approx([price * sold, -0.5], rel=1e-6)
    assert pictures.net_trades_text(so_far).endswith("it is bankrupt.")


def test_the_diagram_follows_the_rounds_and_nothing_is_seized_of_the_solvent() -> None:
    watched = Watched(bankruptcy.SCENARIO)
    first, later = marks(looked_at(watched, 2)), marks(looked_at(watched, 4))
    assert not np.allclose(first["borrower plans"], later["borrower plans"])
    solvent = looked_at(Watched(bankruptcy.SCENARIO, short_limit="0.3"))
    assert "seized" not in marks(solvent)
    assert "bankrupt" not in pictures.net_trades_text(solvent)


@pytest.mark.parametrize(
    ("control", "said"),
    [
        pytest.param({"penalty": "1.0"}, "Debtors choose", marks=pytest.mark.slow),
        ({"short_limit": "0"}, "Nobody"),
    ],
)
def test_where_there_is_no_diagram_it_says_why(control: dict[str, str], said: str) -> None:
    so_far = looked_at(Watched(bankruptcy.SCENARIO, **control))  # type: ignore[arg-type]
    (axes,) = pictures.net_trades(so_far).axes
    assert [text.get_text()[: len(said)] for text in axes.texts] == [said]


def test_repayment_and_security_market_line_at_rest() -> None:
    so_far = looked_at(Watched(bankruptcy_capm.SCENARIO))
    table = pictures.rates(so_far)
    quotes = so_far.quotes
    assert table["quoted"].tolist() == [quotes[f"repayment_rate[{s}]"] for s in (1, 2, 3)]
    assert table["realised"].to_numpy() == pytest.approx(table["quoted"].to_numpy())
    assert "state 2: quoted 0.8631, realised 0.8631" in pictures.repayment_text(so_far)
    (axes,) = pictures.security_market_line(so_far).axes
    line, equity, lent, owed = axes.get_lines()
    assert line.get_color() == palette.CLOSED_FORM
    (x0, x1), (y0, y1) = np.asarray(line.get_xydata()).T
    beta, value = np.asarray(equity.get_xydata())[0]
    assert value == pytest.approx(y0 + (y1 - y0) * (beta - x0) / (x1 - x0), abs=1e-8)
    prices = so_far.quotes["bond_price"]
    assert np.asarray(owed.get_ydata())[0] == pytest.approx(1.0 / prices)
    assert np.asarray(lent.get_ydata())[0] < np.asarray(owed.get_ydata())[0]
