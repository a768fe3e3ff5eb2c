"""Figures and pictures of the leverage cycle are true of the run."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from scenarios.leverage import pictures
from scenarios.leverage.captions import CAPTIONS
from scenarios.leverage.leverage_cycle import SCENARIO
from simulator.page_plan import SoFar
from walras.watched import Watched


def bars(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def test_figures_draw_what_the_tables_say() -> None:
    run = SCENARIO.run()
    shown = run.plot()
    assert set(CAPTIONS) < set(shown)
    for axes, name in zip(shown["cycle"].axes, ("price", "margin", "leverage"), strict=True):
        for line, (_, part) in zip(
            axes.get_lines(), run.dates.groupby("case", sort=False), strict=True
        ):
            assert np.asarray(line.get_ydata()) == pytest.approx(part[name].to_numpy())
    assert run.printed is not None
    widths = [bar.get_width() for bar in bars(shown["crash"].axes[0])]
    parts = run.printed[["bad_news", "ruined_optimists", "tighter_margins"]].to_numpy()
    assert widths == pytest.approx(parts.T.ravel().tolist())
    for axes, (_, part) in zip(
        shown["buyers"].axes, run.dates.groupby("case", sort=False), strict=True
    ):
        heights = np.array([bar.get_height() for bar in bars(axes)]).reshape(3, -1)
        assert heights.sum(axis=0) == pytest.approx(1.0)
        assert heights[1] == pytest.approx(part["buyers"].to_numpy())


def rest(watched: Watched) -> SoFar:
    while watched.running:
        watched.step()
    return watched.now


def test_pictures_follow_the_news_that_is_announced() -> None:
    watched = Watched(SCENARIO, case="chosen")
    before = rest(watched)
    planned = pictures.posted_now(before)
    assert planned["date"].tolist() == [1, 2]
    assert pictures.crashes(before).empty
    assert "has not arrived" in pictures.crash_text(before)
    watched.announce()
    after = rest(watched)
    assert planned["price"].to_numpy() == pytest.approx(after.dates["price"].to_numpy(float))
    report = SCENARIO.report(SCENARIO.run(leverage="chosen"))
    assert report is not None
    found = pictures.crashes(after).iloc[0]
    assert found["ruined_optimists"] == pytest.approx(report["ruined_optimists"].iloc[0])
    (axes,) = pictures.crash(after).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["2"]
    price, margin, leverage = pictures.by_news(after).axes
    for axes, name in ((price, "price"), (margin, "margin"), (leverage, "leverage")):
        drawn = np.asarray(axes.get_lines()[0].get_ydata())
        assert drawn == pytest.approx(after.dates[name].to_numpy(float))
    assert "13.0% are ruined" in pictures.owners_text(after)
    assert len(pictures.owners(after).axes[0].patches) == 6
