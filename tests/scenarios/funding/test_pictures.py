"""Pictures of the pages of margin spirals are true of the run."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from scenarios.funding import funding_contagion, margin_procyclicality, margin_spiral, pictures
from simulator import palette
from simulator.page_plan import SoFar
from walras.watched import Watched


def looked_at(watched: Watched) -> SoFar:
    return watched.now


def rest(watched: Watched) -> SoFar:
    while watched.running:
        watched.step()
    return looked_at(watched)


def test_brunnermeier_pedersen_2009_hysteresis_is_drawn_as_it_is_announced() -> None:
    watched = Watched(margin_spiral.SCENARIO)
    rest(watched)
    for wealth in (-4.4, -4.6, -4.4, -4.0):
        assert watched.announce(wealth)
        rest(watched)
    so_far = looked_at(watched)
    (axes,) = pictures.price_against_wealth(so_far).axes
    drawn = {str(line.get_label()): line for line in axes.get_lines()}
    falls, rises = (drawn[label].get_xydata() for label in ("wealth falls", "wealth rises"))
    assert np.asarray(falls)[:, 0].tolist() == [-4.4, -4.6]
    assert np.asarray(rises)[:, 0].tolist() == [-4.4, -4.0]
    high, low = np.asarray(falls)[0, 1], np.asarray(rises)[0, 1]
    assert high == pytest.approx(10.0)
    assert low < 9.0  # at the same wealth, on the way back
    said = pictures.spiral_text(so_far)
    assert "10.0000 (stable)" in said
    assert said.startswith("Experts' cash is -4, and the price 10.0000.")
    unstable = [line for line in axes.get_lines() if line.get_color() == palette.BAD]
    assert unstable


def test_given_experts_are_drawn_where_their_cash_is() -> None:
    experts = {"cash": [-2.0, -1.9], "endowment": [0.3, 0.3]}
    so_far = rest(Watched(margin_spiral.SCENARIO, given=(("experts", experts),)))
    (axes,) = pictures.price_against_wealth(so_far).axes
    start = next(line for line in axes.get_lines() if line.get_label() == "start")
    assert np.asarray(start.get_xdata()).tolist() == pytest.approx([-3.9])
    assert pictures.spiral_text(so_far).startswith("Experts' cash is -3.9,")


def test_a_margin_on_one_asset_moves_the_prices_of_all() -> None:
    watched = Watched(funding_contagion.SCENARIO)
    rest(watched)
    watched.announce(1.5)
    so_far = rest(watched)
    upper, lower = pictures.contagion(so_far).axes
    margins, prices = (
        {str(line.get_label()): np.asarray(line.get_ydata()) for line in axes.get_lines()}
        for axes in (upper, lower)
    )
    assert np.diff(margins["stock"])[0] == pytest.approx(0.75)
    assert np.diff(margins["other"])[0] == 0.0
    assert all(np.diff(prices[name])[0] < 0.0 for name in ("stock", "twin", "other"))
    assert f"stock: margin 2.25, price {prices['stock'][-1]:.4f}" in pictures.contagion_text(so_far)


def test_volatility_is_that_which_the_rule_charges_for() -> None:
    watched = Watched(margin_procyclicality.SCENARIO, case="volatility", dates=5)
    so_far = rest(watched)
    drawn = pictures.volatility(so_far)
    margins = so_far.dates["margin"].to_numpy(np.float64)
    assert len(margins) == 5
    # the margin of a date is charged by what was known at its start: the closes before
    assert margins[2:] / margins[1] == pytest.approx(drawn[1:-1] / drawn[0])
    parameters = so_far.parameters
    multiple = norm.ppf(parameters.confidence) * np.sqrt(parameters.horizon)
    assert margins[1:] == pytest.approx(multiple * drawn[:-1])
    assert pictures.margin_text(so_far).startswith("Rule volatility: at date 5 ")
