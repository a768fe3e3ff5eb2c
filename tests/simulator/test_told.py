"""Captions, and words for those who can't see a figure."""

from __future__ import annotations

from matplotlib.figure import Figure

from simulator.told import alternative, caption


def test_a_caption_is_the_title_of_the_figure_or_of_a_panel() -> None:
    figure = Figure()
    panels = figure.subplots(2, 1)
    assert caption(figure, "quotes_by_round") == "quotes by round"
    panels[1].set_title("Price $p$\nand rate", loc="left")
    assert caption(figure, "x") == "Price p and rate"
    figure.suptitle("All quotes")
    assert caption(figure, "x") == "All quotes"


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
