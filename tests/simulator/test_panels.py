"""The panels of the page, drawn without a browser."""

import io
from collections.abc import Callable

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from scenarios.repo_margins import margin_hike
from simulator import palette, panels
from simulator.watched import Watched

PANELS = [panels.quotes, panels.excess, panels.positions, panels.amounts]


@pytest.fixture(scope="module")
def watched() -> Watched:
    """A market that cleared twice, first with the repo rate at zero and then below."""
    market = Watched(margin_hike.SCENARIO, given=(("traders", 300),))
    for haircut in (None, 0.4):
        if haircut is not None:
            market.announce(haircut)
        while market.running:
            market.step()
    return market


def picture(figure: Figure) -> np.ndarray:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    buffer.seek(0)
    return np.asarray(matplotlib.image.imread(buffer, format="png"))[:, :, :3]


def has(drawn: np.ndarray, colour: str) -> bool:
    return bool(np.any(np.all(np.abs(drawn - to_rgb(colour)) < 0.01, axis=2)))


@pytest.mark.parametrize("draw", PANELS)
def test_axes_have_names_and_units(draw: Callable[[Watched], Figure], watched: Watched) -> None:
    for market in (watched, Watched(margin_hike.SCENARIO)):
        for axes in draw(market).axes:
            labels = [axes.get_ylabel(), axes.get_title("left")]
            assert any("(" in label for label in labels)
        assert "(" in draw(market).axes[-1].get_xlabel()


@pytest.mark.parametrize("draw", PANELS)
def test_no_text_is_cut_off(draw: Callable[[Watched], Figure], watched: Watched) -> None:
    figure = draw(watched)
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= 0.0
    assert box.y0 >= 0.0
    assert box.x1 <= width
    assert box.y1 <= height


def test_colours_mean_what_the_palette_says(watched: Watched) -> None:
    quotes, positions = picture(panels.quotes(watched)), picture(panels.positions(watched))
    for colour in (palette.PRICE, palette.REPO_RATE, palette.CLOSED_FORM):
        assert has(quotes, colour)
    for colour in palette.HOLDERS.values():
        assert has(positions, colour)
    assert has(picture(panels.amounts(watched)), palette.HOUSE)


def test_slack_at_a_limit_is_told_from_a_gap(watched: Watched) -> None:
    legend = panels.excess(watched).axes[0].get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["security", "reinvestment", "reinvestment: slack at limit", "cleared"]


def test_marginal_traders_are_marked_where_they_are(watched: Watched) -> None:
    assert watched.economy is not None
    long, short = margin_hike.marginal_beliefs(watched.economy.posted)
    assert long < short
    told = [text.get_text() for text in panels.positions(watched).axes[0].texts]
    assert told == [f"marginal\nlong {long:.3f}", f"marginal\nshort {short:.3f}"]
