"""Quotes and excess demand by round of any run, from tables alone."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from markets.quote import Quote
from simulator import palette
from simulator.certificate import Certificate
from simulator.codebook import Columns
from simulator.outcome import Outcome
from simulator.parameters import Parameters
from simulator.point import DateEnd, RestingPoint
from simulator.results import Results
from simulator.rounds_figures import (
    MARKERS,
    MOST_NAMED,
    MOST_PANELS,
    SMALLEST_SHOWN,
    excess,
    quotes,
)
from simulator.title import Title

TITLE = Title("made-up", "shows nothing", "nobody")


def results(
    lengths: tuple[int, ...] = (6, 5),
    *,
    cases: tuple[str, ...] = ("only",),
    outcome: Outcome = Outcome.CLEARED,
    closed: bool = True,
    units: dict[str, str] | None = None,
) -> Results:
    """Rounds that converge at each date; the rate rests at its limit at every date but the last."""
    units = {"price": "cash", "rate": "per period"} if units is None else units
    tables, ends = [], []
    for case in cases:
        for date, length in enumerate(lengths, start=1):
            fall = 10.0 ** (-2.5 * np.arange(length))
            free = date == len(lengths) > 1
            table = {"case": case, "date": date, "round": np.arange(1, length + 1)}
            for k, name in enumerate(units):
                level = 1.0 + k + 0.1 * date
                table |= {name: level + 0.2 * fall, f"{name}_excess": 0.5 * fall}
                table[f"{name}_excess_share"] = -(0.5**k) * fall
            if not free:
                last = list(units)[-1]
                table[f"{last}_excess_share"] = np.full(length, -2.0)
            rest = {name: 1.0 + k + 0.1 * date for k, name in enumerate(units)}
            point = RestingPoint(case, date, rest, pd.DataFrame(), True)
            last_date = case == cases[-1] and date == len(lengths)
            how = outcome if last_date else Outcome.CLEARED
            reason = "the reason of it" if how is not Outcome.CLEARED else ""
            ends.append(
                DateEnd(point, how, reason, Certificate(()), rest if closed else {}, {}, length, 1)
            )
            tables.append(pd.DataFrame(table | {"share": fall, "step": fall, "evaluations": 1.0}))
    rounds = pd.concat(tables, ignore_index=True)
    columns = Columns(tuple(Quote(name, unit, "") for name, unit in (units or {}).items()))
    return Results(TITLE, Parameters(), 0, tuple(ends), rounds, columns=columns)


def line(axes: Axes, label: str) -> Line2D:
    return next(each for each in axes.get_lines() if each.get_label() == label)


def points(curve: Line2D) -> list[tuple[float, float]]:
    data = np.asarray(curve.get_xydata(), dtype=np.float64)
    return [(float(x), float(y)) for x, y in data if np.isfinite(x) and np.isfinite(y)]


def texts(figure: Figure) -> str:
    found: list[Any] = figure.findobj(Text)
    return " ".join(" ".join(text.get_text() for text in found).split())


def overlapping(figure: Figure, among: tuple[str, ...]) -> list[str]:
    """Pairs of the texts that begin with one of ``among`` and overlap."""
    found: list[Any] = figure.findobj(Text)
    with palette.styled():
        figure.draw_without_rendering()
        boxes = [
            (text.get_text(), text.get_window_extent())
            for text in found
            if text.get_text().startswith(among)
        ]
    return [
        f"{first} | {second}"
        for (first, one), (second, other) in itertools.combinations(boxes, 2)
        if one.x0 + 1 < other.x1
        and other.x0 + 1 < one.x1
        and one.y0 + 1 < other.y1
        and other.y0 + 1 < one.y1
    ]


def test_quotes_run_through_all_dates_beside_their_closed_form() -> None:
    figure = quotes(results())
    upper, lower = figure.axes
    assert [x for x, _ in points(line(upper, "price"))] == list(range(1, 12))
    closed = [each for each in upper.get_lines() if each.get_color() == palette.CLOSED_FORM]
    assert all(each.get_linestyle() == "--" for each in closed)
    ends = np.array([point for each in closed for point in points(each)])
    assert ends == pytest.approx(np.array([(0.5, 1.1), (6.5, 1.1), (6.5, 1.2), (11.5, 1.2)]))
    assert upper.get_ylabel() == "price\n(cash)"
    assert lower.get_ylabel() == "rate\n(per period)"
    assert "date 1 date 2" in texts(figure)


def test_quotes_of_one_unit_share_a_panel_and_are_told_apart_without_colour() -> None:
    figure = quotes(results(units={"a": "cash", "b": "cash", "c": "share"}))
    assert len(figure.axes) == 2
    one, other = line(figure.axes[0], "a"), line(figure.axes[0], "b")
    assert one.get_marker() != other.get_marker()
    assert one.get_linestyle() != other.get_linestyle()
    assert len(set(MARKERS)) == MOST_NAMED


def test_without_a_closed_form_none_is_named() -> None:
    figure = quotes(results(closed=False))
    assert "closed form" not in texts(figure)


def test_only_the_quotes_asked_for_are_drawn() -> None:
    figure = quotes(results(), ["rate"], lambda case, date: f"haircut {date}%")
    assert len(figure.axes) == 1
    assert "haircut 2%" in texts(figure)
    with pytest.raises(ValueError, match="no quote named yield"):
        quotes(results(), ["yield"])


def test_of_many_quotes_the_ones_that_move_most_are_named() -> None:
    units = {f"q{k}": "cash" for k in range(12)}
    figure = quotes(results(units=units))
    named = [text for text in figure.axes[0].get_legend_handles_labels()[1] if text[0] == "q"]
    assert len(named) == MOST_NAMED
    assert "4 further quotes" in texts(figure)


def test_units_beyond_the_last_panel_share_it_and_are_named() -> None:
    figure = quotes(results(units={f"q{k}": f"unit {k}" for k in range(6)}))
    assert len(figure.axes) == MOST_PANELS
    assert "q5 (unit 5)" in texts(figure)


def test_excess_allowed_at_a_limit_is_hollow_and_the_rest_is_not() -> None:
    axes = excess(results()).axes[0]
    hollow = line(axes, "rate excess: allowed at a limit")
    assert hollow.get_markerfacecolor() == "none"
    assert hollow.get_linestyle() == "None"
    assert np.array(points(hollow)) == pytest.approx(np.array([(x, 2.0) for x in range(1, 7)]))
    assert [x for x, _ in points(line(axes, "rate excess"))] == list(range(7, 12))


def test_excess_is_on_a_log_scale_with_the_tolerance_of_the_rule() -> None:
    run = results()
    run.rounds.loc[len(run.rounds) - 1, "price_excess_share"] = 0.0
    figure = excess(run)
    axes = figure.axes[0]
    assert axes.get_yscale() == "log"
    assert "cleared: below 1e-10" in texts(figure)
    low, high = axes.get_ylim()
    heights = [y for _, y in points(line(axes, "price excess"))]
    assert low < min(heights) == SMALLEST_SHOWN
    assert max(heights) < high


@pytest.mark.parametrize("draw", [quotes, excess])
def test_titles_say_how_the_run_ended(draw: Any) -> None:
    assert draw(results()).get_suptitle().endswith("by round")
    figure = draw(results(outcome=Outcome.CYCLES))
    assert "by round: cycles" in figure.get_suptitle()
    assert "the reason of it" in figure.get_suptitle()
    assert "date 2: cycles" in texts(figure)


@pytest.mark.parametrize("draw", [quotes, excess])
def test_cases_are_named_where_they_begin_and_not_joined(draw: Any) -> None:
    figure = draw(results((3, 3), cases=("one", "two")))
    assert "one date 2 two date 2" in texts(figure)
    curve = next(each for each in figure.axes[0].get_lines() if len(points(each)) == 12)
    x = np.asarray(curve.get_xdata(), dtype=np.float64)
    assert np.isnan(x[np.flatnonzero(x == 7.0)[0] - 1])


@pytest.mark.parametrize("draw", [quotes, excess])
@pytest.mark.parametrize("lengths", [(1, 1), (2,)])
def test_two_rounds_are_enough(draw: Any, lengths: tuple[int, ...]) -> None:
    assert draw(results(lengths)).axes[0].get_xlim() == (0.5, 2.5)


@pytest.mark.parametrize("draw", [quotes, excess])
@pytest.mark.parametrize("count", [10, 40, 200])
def test_labels_of_many_dates_keep_apart(draw: Any, count: int) -> None:
    figure = draw(results(tuple([5] * count)))
    assert "date 1" in texts(figure)
    assert overlapping(figure, ("date",)) == []


@pytest.mark.parametrize("draw", [quotes, excess])
def test_long_labels_are_shortened(draw: Any) -> None:
    figure = draw(results((2, 2), cases=tuple(f"case {k}" + 50 * "x" for k in range(6))))
    assert 40 * "x" not in texts(figure)
    assert "xx\N{HORIZONTAL ELLIPSIS}" in texts(figure)


@pytest.mark.parametrize("draw", [quotes, excess])
def test_a_run_without_a_round_is_refused(draw: Any) -> None:
    empty = Results(TITLE, Parameters(), 0, (), pd.DataFrame())
    with pytest.raises(ValueError, match="rounds has no rows"):
        draw(empty)
