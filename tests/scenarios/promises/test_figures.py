"""Figures: what they show is what the tables say, and nothing depends on colour alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scenarios.promises import figures
from scenarios.promises.collateral_equilibrium import SCENARIO
from scenarios.promises.economy import MARKETS, CollateralEquilibrium
from simulator.palette import styled
from simulator.run import Run


@cache
def everything() -> Run[CollateralEquilibrium]:
    """The default run: four markets, three dates."""
    return SCENARIO.run()


@cache
def failed() -> Run[CollateralEquilibrium]:
    """A run whose rounds end before the markets clear."""
    return SCENARIO.run(assets="tranching", max_rounds=2)


def labels(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def line(axes: Axes, label: str) -> Line2D:
    (found,) = [drawn for drawn in axes.get_lines() if drawn.get_label() == label]
    return found


def test_a_run_has_its_figures_and_by_date_only_where_there_are_several() -> None:
    always = {"marginal_buyers", "quotes_by_round", "excess_demand_by_round"}
    assert set(everything().plot()) == {*always, "margin_by_date"}
    assert set(SCENARIO.run(assets="none", low_payoff=0.2).plot()) == always


def test_bars_cover_the_line_of_beliefs_at_every_date() -> None:
    axes = everything().plot()["marginal_buyers"].axes[0]
    assert len(labels(axes)) == 12
    width = np.zeros(12)
    for bar in axes.patches:
        width[round(bar.get_y() + 0.5 * bar.get_height())] += bar.get_width()  # type: ignore[attr-defined]
    assert width == pytest.approx(np.ones(12), abs=1e-9)


def test_sides_differ_in_hatch_and_markets_in_marker() -> None:
    assert len({hatch for _, hatch, _ in figures.SIDE_LOOK.values()}) == 4
    assert len({marker for _, marker, _ in figures.MARKETS.values()}) == 5
    assert set(figures.MARKETS) == {*MARKETS, "loans-and-swaps"}


def test_dates_that_are_no_equilibria_are_named() -> None:
    drawn = failed().plot()
    assert all("(ran out of rounds)" in text for text in labels(drawn["marginal_buyers"].axes[0]))
    upper = drawn["margin_by_date"].axes[0]
    rings = line(upper, "not an equilibrium")
    assert np.array_equal(rings.get_ydata(), failed().dates["asset_price"])
    cleared = everything().plot()["margin_by_date"].axes[0].get_lines()
    assert "not an equilibrium" not in [drawn.get_label() for drawn in cleared]


def test_price_and_margin_by_date_are_those_of_the_table() -> None:
    upper, lower = everything().plot()["margin_by_date"].axes
    dates = everything().dates
    for case in MARKETS:
        label = figures.MARKETS[case][2]
        part = dates[dates["case"] == case]
        assert np.array_equal(line(upper, label).get_ydata(), part["asset_price"])
        assert np.array_equal(line(lower, label).get_ydata(), part["margin"])
    assert np.array_equal(line(upper, "closed form").get_ydata(), dates["closed_asset_price"])


@pytest.mark.slow
def test_long_runs_show_some_of_their_dates() -> None:
    run = SCENARIO.run(assets="none", low_payoff=[0.2 + 0.01 * k for k in range(26)])
    drawn = run.plot()
    axes = drawn["marginal_buyers"].axes[0]
    shown = labels(axes)
    assert len(shown) <= figures.MOST_BARS
    assert "date 1," in shown[0]
    assert "date 26," in shown[-1]
    assert "of 26 dates" in drawn["marginal_buyers"].get_suptitle()
    assert len(drawn["margin_by_date"].axes[1].get_xticks()) <= figures.MOST_TICKS


@pytest.mark.parametrize("name", ["marginal_buyers", "margin_by_date"])
def test_nothing_is_cut_off(name: str) -> None:
    for run in (everything(), failed()):
        with styled():
            assert_inside(run.plot()[name])


def assert_inside(figure: Figure) -> None:
    """Every label lies inside the figure, to a pixel."""
    width, height = figure.get_size_inches() * figure.dpi
    figure.draw_without_rendering()
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert box is not None
        assert box.x0 >= -1.0
        assert box.y0 >= -1.0
        assert box.x1 <= width + 1.0
        assert box.y1 <= height + 1.0
