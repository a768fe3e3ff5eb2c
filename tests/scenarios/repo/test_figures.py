"""Figures of the repo-margin scenarios and their palette: axes named with units, data drawn."""

import io
import itertools
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from scenarios.repo import figures
from scenarios.repo.episodes.episodes import CAUTION, EPISODE_NAMES, episodes
from scenarios.repo.episodes.figures import euro_crisis
from scenarios.repo.isoleverage import isoleverage
from scenarios.repo.over_haircuts import LEVERED_INCOMES, haircut_grid, slides_points
from simulator import palette

APART = 15.0
"""Distance in CIELAB; about 2 is just noticeable side by side."""

UNITS = ("cash per security", "percent", "share", "number", "probability", "units", "ratio", "day")


def dates(count: int = 2, *, closed: bool = True) -> pd.DataFrame:
    """Resting points of a run."""
    number = np.arange(1, count + 1)
    table = pd.DataFrame(
        {
            "date": number,
            "haircut": 0.01 + 0.02 * (number - 1),
            "security_price": 0.75 + 0.1 * number,
            "repo_rate": np.where((number == count) & (count > 1), -0.2, 0.0),
            "marginal_belief_long": 0.8 - 0.2 * (number > 1),
            "marginal_belief_short": 0.8,
        }
    )
    if closed:
        table["closed_security_price"] = table["security_price"]
        table["closed_repo_rate"] = table["repo_rate"]
    return table


def agents(count: int, on: tuple[int, ...] = (1, 2)) -> pd.DataFrame:
    """Longs to the left, shorts to the right and, from the second date on, cash in between."""
    belief = (np.arange(count) + 0.5) / count
    tables = []
    for date in on:
        first = 0.8 if date == 1 else 0.6
        security = np.where(belief < first, 5.0 / date, np.where(belief > 0.8, -20.0 / date, 0.0))
        tables.append(
            pd.DataFrame({"date": date, "weight": 1.0, "belief": belief, "security": security})
        )
    return pd.concat(tables, ignore_index=True)


def simulated(names: tuple[str, ...] = EPISODE_NAMES) -> pd.DataFrame:
    """A comparison of every kind."""
    kinds = itertools.islice(itertools.cycle(["short", "long", "both", "neither"]), len(names))
    return pd.DataFrame(
        {
            "episode": names,
            "observed_price_change_percent": 2.5,
            "short_price_change_percent": 93.25,
            "long_price_change_percent": -12.5,
            "matching": list(kinds),
        }
    )


DRAWN: dict[str, Callable[[], Figure]] = {
    "positions_by_belief": lambda: figures.positions_by_belief(agents(3000), dates()),
    "against_haircut": lambda: figures.against_haircut(haircut_grid(), slides_points(), dates()),
    "euro_crisis": lambda: euro_crisis(episodes(), simulated()),
    "isoleverage": lambda: figures.isoleverage(lines(), [0.01, 0.03], "short", dates()),
}


def lines() -> pd.DataFrame:
    """Isoleverage lines of the slides."""
    return isoleverage(
        [0.01, 0.03], low_payoff=0.7, high_payoff=1.15, cash=1.0, securities=1.0,
        incomes=LEVERED_INCOMES, quantile=lambda share: share,
    )  # fmt: skip


def saved(figure: Figure, kind: str) -> bytes:
    """The file's bytes, as an export would write them."""
    stream = io.BytesIO()
    with palette.styled():
        figure.savefig(stream, format=kind, metadata={"Date": None} if kind == "svg" else {})
    return stream.getvalue()


@cache
def drawn(name: str) -> Figure:
    """One of the figures, shared by the tests that only look."""
    return DRAWN[name]()


@cache
def file(name: str) -> bytes:
    """The same as a file."""
    return saved(drawn(name), "svg")


def labels(figure: Figure) -> list[str]:
    """Names of all axes that have one."""
    return [
        axis.get_label_text()
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        if axis.get_label_text()
    ]


def written(figure: Figure) -> list[Text]:
    """All texts of a figure."""
    found: list[Any] = figure.findobj(Text)
    return found


def texts(figure: Figure) -> str:
    """Everything that the figure says, on one line."""
    said = [text.get_text() for text in written(figure)]
    return " ".join(" ".join(said).split())


def line(axes: Axes, label: str) -> Line2D:
    """The line with a label."""
    return next(each for each in axes.get_lines() if each.get_label() == label)


def points(curve: Line2D) -> list[tuple[float, float]]:
    """The finite points of a line."""
    data = np.asarray(curve.get_xydata(), dtype=np.float64)
    return [(float(x), float(y)) for x, y in data if np.isfinite(x) and np.isfinite(y)]


def overlapping(figure: Figure) -> list[str]:
    """Pairs of texts whose boxes overlap once the figure is laid out."""
    with palette.styled():
        figure.draw_without_rendering()
        boxes = [
            (text.get_text(), text.get_window_extent())
            for text in written(figure)
            if text.get_visible() and text.get_text().strip()
        ]
    shown = [
        (said, box)
        for said, box in boxes
        # Tick labels beyond the limits of their axis exist, but are not drawn.
        if box.x1 > 0.0 and box.y1 > 0.0 and box.width > 0.0
    ]
    return [
        f"{first} | {second}"
        for (first, one), (second, other) in itertools.combinations(shown, 2)
        if one.x0 + 1 < other.x1
        and other.x0 + 1 < one.x1
        and one.y0 + 1 < other.y1
        and other.y0 + 1 < one.y1
    ]


# ---------------------------------------------------------------------- every figure
@pytest.mark.parametrize("name", DRAWN)
def test_axes_are_named_with_their_units(name: str) -> None:
    figure = drawn(name)
    assert len(labels(figure)) >= 2
    assert [label for label in labels(figure) if not any(unit in label for unit in UNITS)] == []


@pytest.mark.parametrize("name", DRAWN)
def test_a_legend_explains_and_finite_data_are_drawn(name: str) -> None:
    figure = drawn(name)
    assert figure.legends or any(axes.get_legend() for axes in figure.axes)
    finite = [each for axes in figure.axes for each in axes.get_lines() if points(each)]
    assert len(finite) >= 4


@pytest.mark.parametrize("name", DRAWN)
def test_the_image_is_of_moderate_size(name: str) -> None:
    figure = drawn(name)
    width, height = figure.get_size_inches() * palette.DOTS_PER_INCH
    assert width <= 1600
    assert height <= 1000
    assert saved(figure, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["positions_by_belief", "euro_crisis"])
def test_no_texts_overlap(name: str) -> None:
    assert overlapping(drawn(name)) == []


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_tables_give_the_same_file_whatever_the_users_settings(name: str) -> None:
    plain = file(name)
    with mpl.rc_context({"font.size": 30.0, "axes.facecolor": "red", "axes.grid": False}):
        assert saved(DRAWN[name](), "svg") == plain


# ---------------------------------------------------------------------- positions
def test_positions_stand_on_their_sides_in_their_colours() -> None:
    figure = figures.positions_by_belief(agents(1000), dates())
    assert len(figure.axes) == 2
    second = figure.axes[1]
    held = {
        side: [
            point
            for each in second.get_lines()
            if each.get_color() == colour and each.get_marker() == "o"
            for point in points(each)
        ]
        for side, colour in palette.HOLDERS.items()
    }
    assert {side: len(found) for side, found in held.items()} == {
        "long": 600,
        "cash": 200,
        "short": 200,
    }
    assert {y for _, y in held["long"]} == {2.5}
    assert {y for _, y in held["short"]} == {-10.0}
    assert "60% long · 20% cash · 20% short" in texts(figure)
    assert "marginal long 0.600" in texts(figure)
    assert "marginal short 0.800" in texts(figure)
    assert "marginal trader 0.800" in texts(figure)


@pytest.mark.parametrize("count", [2, 10_000])
def test_positions_of_few_and_of_many(count: int) -> None:
    figure = figures.positions_by_belief(agents(count), dates())
    assert len(saved(figure, "svg")) < 500_000
    low, high = figure.axes[0].get_ylim()
    security = agents(count)["security"]
    assert low < security.min()
    assert high > security.max()


def test_of_very_many_traders_a_selection_is_drawn_and_said_to_be() -> None:
    figure = figures.positions_by_belief(agents(30_001, on=(1,)), dates(1))
    stems = [each for each in figure.axes[0].collections if isinstance(each, LineCollection)]
    assert sum(len(each.get_segments()) for each in stems) == figures.MOST_TRADERS
    assert "selection of 20,000 traders" in texts(figure)


def test_positions_of_several_sizes_are_on_a_log_scale() -> None:
    table = agents(100)
    table.loc[table["security"] < 0.0, "security"] *= 100.0
    axes = figures.positions_by_belief(table, dates()).axes[0]
    assert axes.get_yscale() == "symlog"
    assert "log scale" in axes.get_ylabel()


def test_shares_count_what_a_member_stands_for() -> None:
    table = agents(10, on=(1,))
    table.loc[table["security"] > 0.0, "weight"] = 3.0
    assert "92% long · 0% cash · 8% short" in texts(figures.positions_by_belief(table, dates(1)))


def test_first_and_last_dates_are_shown_of_many() -> None:
    on = tuple(range(1, 8))
    figure = figures.positions_by_belief(agents(50, on=on), dates(7))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split(",")[0] for title in titles] == ["date 1", "date 2", "date 6", "date 7"]


@pytest.mark.parametrize("missing", ["column", "number", "everything"])
def test_positions_without_marginal_traders(missing: str) -> None:
    table = dates()
    names = ["marginal_belief_long", "marginal_belief_short"]
    if missing == "number":
        table[names] = np.nan
    else:
        table = table.drop(columns=names)
    shown = agents(20)
    if missing == "everything":
        shown["security"] = 0.0
    assert "marginal long" not in texts(figures.positions_by_belief(shown, table))


# ---------------------------------------------------------------------- over haircuts
def test_the_grid_takes_other_economies() -> None:
    grid = haircut_grid(
        low_payoff=0.5,
        incomes={"no income": (0.0, 0.0)},
        cdf=lambda belief: belief**2,
        quantile=lambda share: share**0.5,
    )
    assert set(grid["market"]) == {"no income"}
    assert "no income market" in texts(figures.against_haircut(grid))
    with pytest.raises(ValueError, match="together"):
        haircut_grid(cdf=lambda belief: belief)


def test_run_and_published_points_are_marked_in_both_windows() -> None:
    figure = drawn("against_haircut")
    assert len(figure.axes) == 6
    for upper in (figure.axes[2], figure.axes[3]):
        resting = np.array(points(line(upper, "this run, date by date")))
        assert resting == pytest.approx(np.array([(0.99, 0.85), (0.97, 0.95)]))
        assert len(points(line(upper, "published (slides)"))) == 2
    assert texts(figure).count("h = 0.97, q = 0.789") == 1


def test_a_grid_of_two_rows() -> None:
    grid = haircut_grid().groupby("market").head(1)
    figure = figures.against_haircut(grid)
    assert len(figure.axes) == 3
    saved(figure, "svg")


# ---------------------------------------------------------------------- euro crisis
def test_every_episode_has_its_panel_and_the_caution_is_said() -> None:
    figure = drawn("euro_crisis")
    titles = [title for axes in figure.axes if (title := axes.get_title(loc="left"))]
    assert titles == [
        "Ireland, November 2010",
        "Ireland, April 2011",
        "Portugal, May 2011",
        "Portugal, June 2011",
        "Italy, November 2011",
        "Spain, June 2012",
        "Italy, July 2012",
    ]
    said = texts(figure)
    assert CAUTION in said
    assert said.count("+93.25%") == 7
    assert said.count("\N{MINUS SIGN}12.50%") == 7
    assert said.count("neither market moves it this way") == 1


def test_yields_are_the_corrected_ones() -> None:
    panels = [axes for axes in drawn("euro_crisis").axes if axes.get_title("left")]
    for panel, episode in zip(panels, episodes(), strict=True):
        yields = [y for _, y in points(panel.get_lines()[1])]
        assert yields == episode.days["yield"].tolist()


def test_one_episode_without_a_comparison() -> None:
    figure = euro_crisis(episodes()[:1], simulated(()))
    assert "moves it" not in texts(figure)
    saved(figure, "svg")


def test_resting_points_stand_in_the_panel_of_their_market() -> None:
    """Those at a zero repo rate; the others lie on no line."""
    short, long = drawn("isoleverage").axes[:2]
    marked = [
        curve for axes in (short, long) for curve in axes.get_lines() if curve.get_marker() == "o"
    ]
    assert [points(curve) for curve in marked] == [[(0.8, 0.85)]]
    assert marked[0].axes is short
    assert len([curve for curve in short.get_lines() if curve.get_color() == palette.HOUSE]) == 2


# ---------------------------------------------------------------------- nothing to draw
@pytest.mark.parametrize(
    ("draw", "what"),
    [
        (lambda: figures.positions_by_belief(agents(5).head(0), dates()), "agents"),
        (lambda: figures.against_haircut(haircut_grid().head(0)), "grid"),
        (lambda: euro_crisis((), simulated()), "episode"),
        (lambda: figures.isoleverage(lines().head(0), [0.01], "short", dates()), "lines"),
    ],
)
def test_an_empty_table_is_refused(draw: Callable[[], Figure], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        draw()


# ---------------------------------------------------------------------- palette
def test_settings_go_back_to_what_they_were() -> None:
    before = dict(mpl.rcParams)
    with palette.styled():
        assert mpl.rcParams["svg.hashsalt"] == "walras"
        assert mpl.rcParams["axes.grid"]
    assert dict(mpl.rcParams) == before


def test_pyplot_is_never_loaded() -> None:
    code = (
        "import sys, scenarios.repo.episodes.figures, scenarios.repo.figures\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def lab(colour: str, deficiency: list[list[float]]) -> np.ndarray:
    """CIELAB of a colour as seen with a deficiency (a matrix on linear RGB)."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(deficiency) @ linear, 0.0, 1.0)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.maximum(np.array(to_xyz) @ seen / [0.9505, 1.0, 1.089], 1e-6))
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


@pytest.mark.parametrize(
    "deficiency",
    [
        pytest.param([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], id="none"),
        # Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color
        # vision deficiency" (2009), full severity.
        pytest.param(
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
            id="protanopia",
        ),
        pytest.param(
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
            id="deuteranopia",
        ),
        pytest.param(
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
            id="tritanopia",
        ),
    ],
)
@pytest.mark.parametrize(
    "together",
    [
        pytest.param((palette.LONG, palette.CASH, palette.SHORT, palette.INK), id="holders"),
        pytest.param((palette.PRICE, palette.CLOSED_FORM), id="price"),
        pytest.param((palette.REPO_RATE, palette.CLOSED_FORM), id="repo rate"),
        pytest.param((palette.PRICE, palette.REPO_RATE, palette.NEUTRAL[0]), id="excess"),
        pytest.param((palette.HOUSE, palette.CASH, palette.LONG, palette.SHORT), id="balances"),
        pytest.param((palette.GOOD, palette.BAD), id="certificate"),
        pytest.param(
            (palette.PRICE, palette.HOUSE, palette.NEUTRAL[3], palette.SHORT, palette.LONG),
            id="euro crisis",
        ),
    ],
)
def test_colours_that_meet_can_be_told_apart(
    together: tuple[str, ...], deficiency: list[list[float]]
) -> None:
    for one, other in itertools.combinations(together, 2):
        apart = np.linalg.norm(lab(one, deficiency) - lab(other, deficiency))
        assert apart > APART, f"{one} and {other} are {apart:.1f} apart"


def test_every_meaning_has_a_colour_of_its_own() -> None:
    meanings = (
        palette.LONG,
        palette.SHORT,
        palette.CASH,
        palette.HOUSE,
        palette.PRICE,
        palette.REPO_RATE,
        palette.CLOSED_FORM,
        palette.GOOD,
        palette.BAD,
        *palette.NEUTRAL,
    )
    assert len(set(meanings)) == len(meanings)
    assert palette.EXCESS[:2] == (palette.PRICE, palette.REPO_RATE)


def test_a_tint_outside_its_range_is_refused() -> None:
    assert palette.tint(palette.LONG, 0.0) == "#ffffff"
    with pytest.raises(ValueError, match="strength"):
        palette.tint(palette.LONG, 1.5)
