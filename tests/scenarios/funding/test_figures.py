"""The figures of margin spirals: what they show, in words and without colour."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scenarios.funding import figures, funding_contagion, margin_procyclicality, margin_spiral
from simulator.outcome import Outcome
from simulator.run import simulate

WEALTH = [-4.0, -4.6, -4.3]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for drawn in figure.legends for text in drawn.get_texts()]


def looks(axes: Axes) -> list[tuple[Any, ...]]:
    """Dash and marker of the lines of a plot."""
    return [(repr(line.get_linestyle()), repr(line.get_marker())) for line in axes.get_lines()]


def overflow(figure: Figure) -> list[str]:
    """Texts that reach beyond the figure."""
    figure.canvas.draw()
    width, height = figure.bbox.size
    texts = [
        text
        for axes in figure.axes
        for text in (axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts)
    ]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    boxes += [("legend", drawn.get_window_extent()) for drawn in figure.legends]
    return [
        name
        for name, box in boxes
        if box.x0 < 0.0 or box.y0 < 0.0 or box.x1 > width or box.y1 > height
    ]


def test_price_against_wealth_shows_the_branches_and_the_path() -> None:
    run = margin_spiral.SCENARIO.run(experts_wealth=WEALTH)
    figure = run.plot()["price_against_wealth"]
    assert set(legend(figure)) == {
        "stable equilibria", "unstable equilibria", "fold",
        "simulated, dates 1 to 2", "simulated, dates 2 to 3",
    }  # fmt: skip
    assert len(set(looks(figure.axes[0]))) == 5
    assert not overflow(figure)


def test_equilibria_by_premium_shows_all_and_where_the_run_rested() -> None:
    run = funding_contagion.SCENARIO.run(
        assets=["a", "b"], shocked="a", margin_factors=[1.0], fundamental_values=[10.0, 10.0],
        customers_supplies=[3.0, 3.0], volatilities=[0.5**0.5] * 2, margin_bases=[0.5, 0.5],
        margin_slopes=[0.6, 0.6], experts_endowments=[0.6, 0.6], experts_wealth=[-8.6, -9.4, -8.6],
    )  # fmt: skip
    assert run.outcome is Outcome.CLEARED
    report = run.printed
    assert report is not None
    rested = report[report["rested"]]
    assert rested["date"].tolist() == [1, 2, 3]
    assert rested["branch"].tolist() == ["funded", "constrained", "constrained"]  # hysteresis
    figure = run.plot()["equilibria_by_premium"]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Date 1", "Date 3"]
    assert {"stable equilibria", "unstable equilibria", "simulated"} <= set(legend(figure))
    assert len(set(looks(figure.axes[0]))) >= 3
    assert not overflow(figure)
    dates: Any = run.to_json()["dates"]
    listed = dates[0]["every_equilibrium"]
    assert [root["textbook_rule"] for root in listed.values()] == ["stable", "unstable", "stable"]


def test_without_the_study_there_is_no_figure_of_it() -> None:
    parameters = margin_spiral.MarginSpiral(experts_wealth=WEALTH)
    run = simulate(margin_spiral.SCENARIO, parameters, studies=False)
    assert list(run.plot()) == ["amplification"]


def test_a_date_that_did_not_clear_is_marked() -> None:
    run = margin_spiral.SCENARIO.run(experts_wealth=[-4.0, -4.6], max_rounds=2)
    assert run.outcome is Outcome.OUT_OF_ROUNDS
    assert "did not clear" in legend(run.plot()["price_against_wealth"])


def test_parts_of_the_amplification_differ_in_hatch_and_add_up() -> None:
    parts = pd.DataFrame(
        {"direct": [0.4, 0.0], "loss": [0.2, 0.0], "margin": [-0.1, 0.0], "total": [0.5, 0.0]}
    )
    figure = figures.amplification([-4.0, -5.0], parts)
    (axes,) = figure.axes
    hatches = [bars[0].get_hatch() for bars in axes.containers]
    assert len(set(hatches)) == 3
    heights = [bar.get_height() for bars in axes.containers for bar in bars[:1]]
    assert sum(heights) == pytest.approx(0.5)
    assert not overflow(figure)


def test_contagion_tells_assets_apart_without_colour() -> None:
    names = [f"asset_with_a_long_name_{letter}" for letter in "abcdefghij"]
    dates = pd.DataFrame({"date": [1, 2]})
    for k, name in enumerate(names):
        dates[f"margin_{name}"], dates[f"price_{name}"] = k, -k
    figure = figures.contagion(dates, names, names[0])
    assert len(set(looks(figure.axes[0]))) == len(names)
    assert legend(figure) == [f"{names[0]} (its margin is changed)", *names[1:]]
    assert not overflow(figure)
    run = funding_contagion.SCENARIO.run()
    assert not overflow(run.plot()["contagion"])


def test_a_legend_of_long_names_stays_inside_the_figure() -> None:
    names = ["filtered-value-at-risk, ten years of floor", "value-at-risk", "flat", "a", "b", "c"]
    columns = ("date", "security_price", "margin", "fundamental")
    dates = pd.DataFrame([{"case": name, **dict.fromkeys(columns, 1.0)} for name in names])
    assert not overflow(figures.margins_by_rule(dates))


def test_rules_are_told_apart_without_colour() -> None:
    run = margin_procyclicality.SCENARIO.run(dates=8, studies=False)
    figure = run.plot()["margins_by_rule"]
    assert legend(figure) == [*run.parameters.rules, "fundamental value"]
    upper, lower = figure.axes
    assert len({dash for dash, _ in looks(upper)}) >= 4
    assert len(set(looks(upper))) == 5
    assert len(set(looks(lower))) == 4
    assert not overflow(figure)
