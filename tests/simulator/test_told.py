"""Captions, and words for those who can't see a figure."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.figure import Figure

import walras
from scenarios.exchange.exchange import ExchangeScenario
from simulator.run import Run
from simulator.told import COMMON, alternative, caption, pictures


@pytest.fixture(scope="module")
def run() -> Run[Any]:
    return walras.run("exchange")


def test_a_caption_is_declared_by_the_scenario_or_common_to_all(run: Run[Any]) -> None:
    figure = Figure()
    figure.suptitle("A title")
    assert caption(run, run.scenario, "net_trades", figure) == COMMON["net_trades"]
    again = f"{COMMON['net_trades']} ({run.points[0].case})"
    assert caption(run, run.scenario, "net_trades_1", figure) == again
    own = ExchangeScenario()
    own.captions = {"net_trades": "Trades", "prices_1": "Prices"}
    assert caption(run, own, "net_trades", figure) == "Trades"
    assert caption(run, own, "net_trades_by_case", figure) == "Trades"
    assert caption(run, own, "prices_1", figure) == "Prices"
    assert pictures(run, own, {"net_trades": figure})["net_trades"].caption == "Trades"


def test_without_a_declaration_it_is_the_title_of_the_figure_or_of_a_panel(run: Run[Any]) -> None:
    figure = Figure()
    panels = figure.subplots(2, 1)
    assert caption(run, run.scenario, "by_day", figure) == "by day"
    panels[1].set_title("Price $p$\nand rate", loc="left")
    assert caption(run, run.scenario, "x", figure) == "Price p and rate"
    figure.suptitle("All quotes")
    assert caption(run, run.scenario, "x", figure) == "All quotes"


def test_the_words_for_a_figure_name_axes_and_curves_of_each_panel() -> None:
    figure = Figure()
    upper, lower = figure.subplots(2, 1)
    assert alternative(figure) == "Figure"
    upper.plot([1, 2], label="simulated")
    upper.plot([1, 2], label="closed form")
    upper.set_ylabel("price\n(cash)")
    upper.set_xlabel("round")
    lower.set_title("Rate")
    words = "Panels: price (cash) against round of simulated, closed form; Rate"
    assert alternative(figure) == words
