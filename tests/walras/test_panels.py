"""The panels of the page, drawn without a browser."""

import io
from collections.abc import Callable

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from markets.repo.quotes import RepoQuotes
from scenarios.funding import margin_spiral
from scenarios.promises import collateral_equilibrium
from scenarios.repo import margin_hike
from simulator import palette
from simulator.outcome import Outcome
from walras import panels
from walras.catalogue import find
from walras.moment import Moment
from walras.watched import Watched

PANELS = [panels.quotes, panels.excess, panels.positions]

MARKETS = [
    ("margin-hike", "short"),
    ("margin-spiral", "spiral"),
    *(
        ("collateral-equilibrium", case)
        for case in ("none", "borrowing", "tranching", "default-swaps")
    ),
]
"""Scenarios whose page has a line of traders, and their cases."""


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


@pytest.fixture(scope="module", params=MARKETS, ids=" ".join)
def market(request: pytest.FixtureRequest) -> Watched:
    """A market that cleared at two dates."""
    name, case = request.param
    shown = Watched(
        find(name), case=case, given=(("traders", 300),) if name == "margin-hike" else ()
    )
    for date in (1, 2):
        if date == 2:
            shown.announce(shown.planned)
        while shown.running:
            shown.step()
        assert shown.outcome is Outcome.CLEARED
    return shown


def picture(figure: Figure) -> np.ndarray:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    buffer.seek(0)
    return np.asarray(matplotlib.image.imread(buffer, format="png"))[:, :, :3]


def has(drawn: np.ndarray, colour: str) -> bool:
    return bool(np.any(np.all(np.abs(drawn - to_rgb(colour)) < 0.01, axis=2)))


@pytest.mark.parametrize("draw", PANELS)
def test_axes_have_names_and_units(draw: Callable[[Moment], Figure], market: Watched) -> None:
    for shown in (market, Watched(market.what, case=market.chosen)):
        for axes in draw(shown.now).axes:
            labels = [axes.get_ylabel(), axes.get_title("left")]
            assert any("(" in label for label in labels)
        assert "(" in draw(shown.now).axes[-1].get_xlabel()


@pytest.mark.parametrize("draw", PANELS)
def test_no_text_is_cut_off(draw: Callable[[Moment], Figure], market: Watched) -> None:
    figure = draw(market.now)
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= 0.0
    assert box.y0 >= 0.0
    assert box.x1 <= width
    assert box.y1 <= height


def test_colours_mean_what_the_palette_says(watched: Watched) -> None:
    quotes, positions = picture(panels.quotes(watched.now)), picture(panels.positions(watched.now))
    for colour in (palette.PRICE, palette.REPO_RATE, palette.CLOSED_FORM):
        assert has(quotes, colour)
    for colour in palette.HOLDERS.values():
        assert has(positions, colour)


def test_slack_at_a_limit_is_told_from_a_gap(watched: Watched) -> None:
    legend = panels.excess(watched.now).axes[0].get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["security", "reinvestment", "reinvestment: slack at limit", "cleared"]


def test_marginal_traders_are_marked_where_they_are(watched: Watched) -> None:
    assert watched.economy is not None
    posted = watched.economy.posted
    assert isinstance(posted, RepoQuotes)
    long, short = posted.marginal_beliefs
    assert long < short
    said = [text.get_text() for text in panels.positions(watched.now).axes[0].texts]
    assert said == [f"marginal\nlong {long:.3f}", f"marginal\nshort {short:.3f}"]


def test_marks_of_believers_are_those_of_the_run() -> None:
    """The least optimistic who is long, and the least pessimistic who is short, of the README."""
    run = collateral_equilibrium.SCENARIO.run(low_payoff=[0.2])
    for row, case in enumerate(run.dates["case"]):
        shown = Watched(collateral_equilibrium.SCENARIO, case=case, low_payoff=0.2)
        while shown.running:
            shown.step()
        assert shown.economy is not None
        assert shown.page.line is not None
        marks = shown.page.line.marks(shown.economy)
        date = run.dates.iloc[row]
        assert marks["marginal buyer"] == pytest.approx(date["marginal_buyer"], abs=1e-12)
        assert ("marginal short" in marks) == np.isfinite(date["marginal_short"])
        if "marginal short" in marks:
            assert marks["marginal short"] == pytest.approx(date["marginal_short"], abs=1e-12)


def test_schedules_mirror_each_other_where_the_market_clears() -> None:
    shown = Watched(margin_spiral.SCENARIO, experts_wealth=-4.6)
    while shown.running:
        shown.step()
    assert shown.economy is not None
    assert shown.page.line is not None
    orders = shown.page.line.traders(shown.economy, 400).groupby("price")["order"].sum()
    places, price = orders.index.to_numpy(), shown.economy.quotes["security_price"]
    assert np.interp(price, places, orders) == pytest.approx(0.0, abs=1e-3)
    assert (orders[places < price - 0.01] > 0.0).all()
    assert (orders[places > price + 0.01] < 0.0).all()
