"""Pictures of the pages of margin-hike and euro-crisis are true of the run."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.repo import euro_crisis, margin_hike, pictures
from scenarios.repo.closed_form import solve
from scenarios.repo.economy import MarginHike
from simulator.page_plan import SoFar
from walras.watched import Watched


def rest(watched: Watched) -> SoFar:
    while watched.running:
        watched.step()
    return watched.now


def test_the_announced_path_lies_on_the_closed_form() -> None:
    watched = Watched(margin_hike.SCENARIO, traders=2_000)
    rest(watched)
    watched.announce(0.03)
    so_far = rest(watched)
    (axes,) = pictures.price_against_haircut(so_far).axes
    dots = next(line for line in axes.get_lines() if line.get_label() == "rested")
    found = np.asarray(dots.get_xydata())
    assert found[:, 0].tolist() == [1.0, 3.0]
    known = [end.closed_form["security_price"] for end in so_far.ends]
    assert found[:, 1] == pytest.approx(known, abs=1e-3)
    assert f"3% the price rested at {found[1, 1]:.4f}" in pictures.haircut_text(so_far)


def test_the_closed_form_that_is_drawn_is_that_of_the_parameters() -> None:
    curve = pictures.closed_form(MarginHike(market="long", high_payoff=1.3))
    row = curve.iloc[30]
    up, down = MarginHike(market="long").incomes
    assert isinstance(up, float)
    assert isinstance(down, float)
    one = solve(
        haircut=row["haircut"], low_payoff=0.7, high_payoff=1.3, cash=1.0, securities=1.0,
        income_up=up, income_down=down, cdf=lambda b: b, quantile=lambda b: b,
    )  # fmt: skip
    assert row["security_price"] == pytest.approx(one.security_price)


def test_no_point_is_drawn_on_isoleverage_lines_where_the_repo_rate_is_negative() -> None:
    watched = Watched(margin_hike.SCENARIO, traders=1_000, haircuts=0.2)
    so_far = rest(watched)
    assert so_far.quotes["repo_rate"] < 0.0
    (axes,) = pictures.isoleverage_lines(so_far).axes
    assert [text.get_text()[:13] for text in axes.texts] == ["The repo rate"]
    assert "on no such line" in pictures.isoleverage_text(so_far)


@pytest.mark.parametrize("market", ["short", "long"])
def test_the_simulated_move_is_set_beside_the_observed_one(market: str) -> None:
    watched = Watched(euro_crisis.SCENARIO, case=f"{market}, portugal-2011-05", traders=100)
    so_far = rest(watched)
    assert pictures.moves(so_far)["matching"] == ""
    watched.announce()
    so_far = rest(watched)
    before, after = (end.point.quotes["security_price"] for end in so_far.ends)
    found = pictures.moves(so_far)
    change = found[f"{market}_price_change_percent"]
    assert change == pytest.approx(100.0 * (after / before - 1.0))
    assert isinstance(change, float)
    observed = found["observed_price_change_percent"]
    assert isinstance(observed, float)
    agrees = change * observed > 0.0
    assert (found["matching"] == market) == agrees
    written = [text.get_text() for axes in pictures.episode(so_far).axes for text in axes.texts]
    assert f"{change:+.2f}%".replace("-", "\N{MINUS SIGN}") in written
