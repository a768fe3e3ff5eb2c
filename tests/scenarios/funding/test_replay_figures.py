"""Figures of a replay show what its tables hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scenarios.funding.laboratory import Replay, replayed
from scenarios.funding.replay_figures import distributions, margins
from scenarios.funding.replay_figures import replayed as drawn


def tables(paths: int) -> dict[str, pd.DataFrame]:
    settings = Replay.model_validate({"dates": 320, "skip": 260, "paths": paths})
    return replayed(settings, 5, np.random.default_rng(0))


def test_every_rule_has_a_panel_with_its_margin_and_its_breaches() -> None:
    path = tables(1)["replay_paths"]
    figure = margins(path, same_average=False)
    upper, *panels = figure.axes
    assert upper.get_title(loc="left") == "Price of path 1"
    for axes, (name, row) in zip(panels, path.groupby("rule", sort=False), strict=True):
        margin, breach = axes.get_lines()
        assert (np.asarray(margin.get_ydata()) == row["margin"]).all()
        hit = row["loss"] > row["margin"]
        assert (np.asarray(breach.get_ydata()) == row["loss"][hit]).all()
        assert axes.get_title(loc="left") == f"{name}: {hit.sum()} breaches in 59 dates"
    rescaled = margins(path, same_average=True).axes[-1].get_lines()[0]
    assert np.asarray(rescaled.get_ydata()) == pytest.approx(row["margin_same_average"])


def test_dates_of_ones_own_prices_are_dates() -> None:
    path = tables(1)["replay_paths"]
    days = pd.bdate_range("2020-01-01", periods=60).strftime("%Y-%m-%d")
    path["date"] = np.tile(days, path["rule"].nunique())
    figure = margins(path, same_average=False)
    assert "2020" in figure.axes[-1].xaxis.get_major_formatter().get_offset() or any(
        "2020" in label.get_text() for label in figure.axes[-1].get_xticklabels()
    )


@pytest.mark.parametrize(("paths", "shown"), [(3, "one series"), (10, "quartiles")])
def test_distributions_show_means_with_their_standard_errors(paths: int, shown: str) -> None:
    made = tables(paths)
    series = made["replay_series"]
    figure = distributions(series, 5)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "largest 5-day increase" in titles
    axes = figure.axes[titles.index("peak-to-trough ratio")]
    (bars,) = axes.containers[-1:]
    means = bars.lines[0].get_xdata()  # type: ignore[attr-defined]
    assert means == pytest.approx(made["replay"]["peak_to_trough"].to_numpy())
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert any(shown in word for word in words)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(
        made["replay"]["rule"]
    )


def test_files_are_named_by_what_they_show() -> None:
    assert set(drawn(tables(1), 5)) == {"replay_margins", "replay_same_average"}
    assert "replay_distributions" in drawn(tables(2), 5)
