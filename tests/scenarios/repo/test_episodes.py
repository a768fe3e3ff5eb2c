"""The euro crisis data against the slides' own arithmetic and stated moves.

Source: Bottazzi, Pascoa and Ramirez, slides, tables of haircut, yield and change by day.
"""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from scenarios.repo.episodes.episodes import (
    CAUTION,
    EPISODE_NAMES,
    REPORTED_MOVES,
    Episode,
    ReportedMove,
    episodes,
    is_supported,
    load,
    observed_response,
    recomputed_moves,
    yield_change_percent,
    zero_coupon_price,
)

HALF_PRINTED_CHANGE = 0.005
"""Percentage points: changes are printed to two decimals."""
HALF_PRINTED_YIELD = 0.0005
"""Percent a year: yields are printed to three decimals."""
FLOATING_POINT = 1e-9
"""Percentage points: slack for arithmetic in double precision."""

MISPRINT_EPISODE, MISPRINT_DAY = "italy-2012-07", date(2012, 7, 27)

COLUMNS = [
    "episode", "country", "day", "haircut", "haircut_approximate", "haircut_changed",
    "announced", "yield_printed", "yield", "yield_corrected", "change_printed", "note", "source",
]  # fmt: skip

# name, rows, country, announced, effective, haircut before, haircut after
PUBLISHED = (
    ("ireland-2010-11", 6, "Ireland", date(2010, 11, 10), date(2010, 11, 12), 0.0, 0.15),
    ("ireland-2011-04", 9, "Ireland", date(2011, 4, 1), date(2011, 4, 1), 0.35, 0.45),
    ("portugal-2011-05", 7, "Portugal", date(2011, 5, 10), date(2011, 5, 11), 0.35, 0.45),
    ("portugal-2011-06", 5, "Portugal", date(2011, 6, 28), date(2011, 6, 29), 0.65, 0.80),
    ("italy-2011-11", 5, "Italy", date(2011, 11, 9), date(2011, 11, 10), 0.0665, 0.1165),
    ("spain-2012-06", 8, "Spain", date(2012, 6, 20), date(2012, 6, 22), 0.118, 0.122),
    ("italy-2012-07", 6, "Italy", date(2012, 7, 23), date(2012, 7, 24), 0.095, 0.1165),
)

EVERY_EPISODE = pytest.mark.parametrize("episode", episodes(), ids=EPISODE_NAMES)
EVERY_MOVE = pytest.mark.parametrize("move", REPORTED_MOVES, ids=lambda move: move.episode)


def named(name: str) -> Episode:
    return next(episode for episode in episodes() if episode.name == name)


def days_of(episode: Episode) -> list[date]:
    return [stamp.date() for stamp in pd.DatetimeIndex(episode.days["day"])]


def gaps(episode: Episode, column: str) -> dict[date, tuple[float, float]]:
    """Distance of each printed change from the recomputed one, and its rounding tolerance.

    To first order the change 100 (b / a - 1) moves by 100 (1 / a + b / a^2) times half a unit
    of the yields' last digit. Both are in percentage points.
    """
    found = {}
    yields = episode.days[column].to_numpy(dtype=np.float64)
    printed = episode.days["change_printed"].to_numpy(dtype=np.float64)
    for row, ((a, b), day) in enumerate(
        zip(pairwise(yields), days_of(episode)[1:], strict=True), start=1
    ):
        from_yields = 100.0 * HALF_PRINTED_YIELD * (1.0 / a + b / a**2)
        tolerance = HALF_PRINTED_CHANGE + from_yields + FLOATING_POINT
        found[day] = (abs(100.0 * (b / a - 1.0) - printed[row]), tolerance)
    return found


def test_the_table_is_tidy_and_typed() -> None:
    table = load()
    assert list(table.columns) == COLUMNS
    assert len(table) == 46
    kinds = {name: str(dtype) for name, dtype in table.dtypes.items()}
    for column in ("episode", "country", "note", "source"):
        assert kinds[column] == "string"
    for column in ("day", "announced"):
        assert kinds[column] == "datetime64[ns]"
    for column in ("haircut_approximate", "haircut_changed", "yield_corrected"):
        assert kinds[column] == "bool"
    for column in ("haircut", "yield_printed", "yield", "change_printed"):
        assert kinds[column] == "float64"
    assert not table.drop(columns="change_printed").isna().any().any()
    assert not table.duplicated(["episode", "day"]).any()
    assert tuple(table["episode"].unique()) == EPISODE_NAMES


def test_seven_episodes_as_published() -> None:
    found = tuple(
        (e.name, len(e.days), e.country, e.announced, e.effective, e.haircut_before,
         e.haircut_after)
        for e in episodes()
    )  # fmt: skip
    assert found == PUBLISHED
    announced = [episode.announced for episode in episodes()]
    assert announced == sorted(announced)


@EVERY_EPISODE
def test_days_are_consecutive_business_days(episode: Episode) -> None:
    days = days_of(episode)
    assert all(day.weekday() < 5 for day in days)
    assert all(earlier < later for earlier, later in pairwise(days))
    assert all(np.busday_count(earlier, later) == 1 for earlier, later in pairwise(days))
    assert episode.announced in days
    assert episode.effective in days
    assert episode.announced <= episode.effective


@EVERY_EPISODE
def test_the_haircut_changes_on_the_starred_row_only(episode: Episode) -> None:
    haircuts = episode.days["haircut"].to_numpy(dtype=np.float64)
    assert np.all((haircuts >= 0.0) & (haircuts < 1.0))
    starred = episode.days["haircut_changed"].to_numpy(dtype=np.bool_)
    assert starred.sum() == 1
    assert not starred[0]
    assert np.array_equal(np.diff(haircuts) != 0.0, starred[1:])
    assert episode.haircut_after > episode.haircut_before
    assert episode.days["announced"].nunique() == 1
    assert episode.days["country"].nunique() == 1


def test_only_irelands_first_haircut_is_approximate() -> None:
    table = load()
    approximate = table.loc[table["haircut_approximate"]]
    assert len(approximate) == 3
    assert set(approximate["episode"]) == {"ireland-2010-11"}
    assert (approximate["haircut"] == 0.0).all()
    assert [e.name for e in episodes() if e.haircut_before_approximate] == ["ireland-2010-11"]


def test_exactly_two_changes_fail_as_printed_and_both_come_from_the_misprint() -> None:
    failed = [
        (episode.name, day)
        for episode in episodes()
        for day, (gap, tolerance) in gaps(episode, "yield_printed").items()
        if gap > tolerance
    ]
    assert failed == [(MISPRINT_EPISODE, MISPRINT_DAY), (MISPRINT_EPISODE, date(2012, 7, 30))]


def test_the_misprint_is_kept_flagged_and_alone() -> None:
    table = load()
    differs = table["yield"] != table["yield_printed"]
    assert (differs == table["yield_corrected"]).all()
    row = table.loc[differs].to_dict("records")
    assert len(row) == 1
    assert row[0]["episode"] == MISPRINT_EPISODE
    assert row[0]["day"] == pd.Timestamp(MISPRINT_DAY)
    assert (row[0]["yield_printed"], row[0]["yield"]) == (6.951, 5.951)
    assert "5.951" in row[0]["note"]


def test_zero_coupon_price() -> None:
    assert zero_coupon_price(10.0) == pytest.approx(0.3855432894295314, rel=1e-14)
    assert isinstance(zero_coupon_price(10.0), float)
    assert zero_coupon_price(0.0) == 1.0
    assert zero_coupon_price(7.0, years=0.0) == 1.0
    assert zero_coupon_price(-1.0) > 1.0
    several = zero_coupon_price([[5.0, 10.0], [0.0, 100.0]], years=2.0)
    assert several.shape == (2, 2)
    assert several == pytest.approx(np.array([[1 / 1.1025, 1 / 1.21], [1.0, 0.25]]), rel=1e-14)


@pytest.mark.parametrize("bad", [-100.0, -250.0, float("nan"), float("inf"), [5.0, -100.0]])
def test_zero_coupon_price_refuses_impossible_yields(bad: float | list[float]) -> None:
    with pytest.raises(ValueError, match="yield_percent"):
        zero_coupon_price(bad)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_zero_coupon_price_refuses_impossible_maturities(bad: float) -> None:
    with pytest.raises(ValueError, match="years"):
        zero_coupon_price(5.0, years=bad)


# episode, start, end, trading days, yield change in percent, in basis points, price in percent
OBSERVED = (
    ("ireland-2010-11", date(2010, 11, 10), date(2010, 11, 15), 3, -7.27, -64.0, 6.08),
    ("ireland-2011-04", date(2011, 3, 31), date(2011, 4, 5), 3, -2.18, -22.6, 2.07),
    ("portugal-2011-05", date(2011, 5, 10), date(2011, 5, 13), 3, -6.13, -60.5, 5.68),
    ("portugal-2011-06", date(2011, 6, 28), date(2011, 6, 30), 2, -3.51, -40.9, 3.74),
    ("italy-2011-11", date(2011, 11, 9), date(2011, 11, 14), 3, -8.02, -58.4, 5.61),
    ("spain-2012-06", date(2012, 6, 20), date(2012, 6, 25), 3, -1.34, -9.0, 0.85),
    ("italy-2012-07", date(2012, 7, 23), date(2012, 7, 26), 3, -4.27, -27.0, 2.58),
)


@pytest.mark.parametrize("case", OBSERVED, ids=EPISODE_NAMES)
def test_observed_response(case: tuple[str, date, date, int, float, float, float]) -> None:
    name, start, end, trading_days, percent, basis_points, price = case
    episode = named(name)
    found = observed_response(episode)
    assert (found.episode, found.start, found.end) == (name, start, end)
    assert (found.horizon, found.trading_days) == (3, trading_days)
    assert found.complete == (trading_days == 3)
    assert found.haircut_change == episode.haircut_after - episode.haircut_before
    assert found.yield_change_percent == pytest.approx(percent, abs=0.005)
    assert found.yield_change_basis_points == pytest.approx(basis_points, abs=1e-9)
    assert found.price_change_percent == pytest.approx(price, abs=0.005)
    ratio = zero_coupon_price(found.yield_end) / zero_coupon_price(found.yield_start)
    assert found.price_change_percent == pytest.approx(100.0 * (ratio - 1.0), abs=1e-9)


@EVERY_EPISODE
def test_the_start_is_the_announcement_close_unless_the_haircut_took_effect_that_day(
    episode: Episode,
) -> None:
    start = observed_response(episode).start
    days = days_of(episode)
    if episode.announced < episode.effective:
        assert start == episode.announced
    else:
        assert episode.name == "ireland-2011-04"
        assert start == days[days.index(episode.announced) - 1]


def test_the_response_uses_the_corrected_yield() -> None:
    found = observed_response(named(MISPRINT_EPISODE), horizon=4)
    assert found.end == MISPRINT_DAY
    assert found.yield_end == 5.951
    assert found.yield_change_percent == pytest.approx(-5.79, abs=0.005)


@EVERY_EPISODE
def test_price_and_yield_move_in_opposite_directions(episode: Episode) -> None:
    for horizon in range(1, 9):
        found = observed_response(episode, horizon)
        assert 1 <= found.trading_days <= horizon
        assert np.sign(found.price_change_percent) == -np.sign(found.yield_change_percent)
        assert np.sign(found.yield_change_basis_points) == np.sign(found.yield_change_percent)


def test_bad_requests_are_refused() -> None:
    episode = named("spain-2012-06")
    for horizon in (0, -1):
        with pytest.raises(ValueError, match="horizon"):
            observed_response(episode, horizon)
    with pytest.raises(ValueError, match="2012-06-16"):
        yield_change_percent(episode, date(2012, 6, 16), date(2012, 6, 20))


# --- what the slides' text states, and what of it the tables give ---

SUPPORTED = {
    "ireland-2010-11": True,
    "ireland-2011-04": False,
    "italy-2011-11": False,
    "italy-2012-07": False,
    "spain-2012-06": True,
}
FROM_THE_TABLES = {
    "ireland-2010-11": (-10.39,),
    "ireland-2011-04": (-5.44,),
    "italy-2011-11": (-10.62,),
    "italy-2012-07": (-4.27,),
    "spain-2012-06": (-1.80, -4.94, -2.38, -2.59),
}


@EVERY_MOVE
def test_the_reported_moves(move: ReportedMove) -> None:
    computed = recomputed_moves(move)
    assert computed == pytest.approx(FROM_THE_TABLES[move.episode], abs=0.005)
    assert is_supported(move) == SUPPORTED[move.episode]
    assert all(change < 0.0 for change in computed), "the direction is supported everywhere"


@EVERY_MOVE
def test_no_other_window_rescues_an_unsupported_move(move: ReportedMove) -> None:
    """Within three trading days, or at any length for Italy in 2011, nothing fits."""
    if is_supported(move):
        return
    episode = named(move.episode)
    days = days_of(episode)
    longest = len(days) if move.episode == "italy-2011-11" else 3
    for first, start in enumerate(days):
        for end in days[first + 1 : first + 1 + longest]:
            change = yield_change_percent(episode, start, end)
            assert abs(change - move.stated_percent[0]) > 0.5, (start, end)


def test_the_numbers_in_the_remarks() -> None:
    first, second = named("ireland-2010-11"), named("ireland-2011-04")
    from_announcement = yield_change_percent(first, date(2010, 11, 10), date(2010, 11, 15))
    assert from_announcement == pytest.approx(-7.3, abs=0.05)
    assert yield_change_percent(second, date(2011, 3, 31), date(2011, 4, 8)) > -10.0
    assert yield_change_percent(second, date(2011, 3, 31), date(2011, 4, 11)) < -10.0
    nearest = yield_change_percent(named("italy-2012-07"), date(2012, 7, 24), date(2012, 7, 27))
    assert nearest == pytest.approx(-9.4, abs=0.05)
    spain = named("spain-2012-06").days
    assert (spain["haircut"].head(5) == 0.118).all()


# --- the README's tables ---


def readme_rows(first_cells: tuple[str, ...], columns: int) -> list[list[str]]:
    text = files("scenarios.repo").joinpath("EURO_CRISIS.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    return [row for row in rows if row[0] in first_cells and len(row) == columns]


def test_the_readme_shows_the_observed_responses() -> None:
    expected = [
        [
            found.episode, str(found.start), str(found.end), str(found.trading_days),
            f"{100.0 * found.haircut_change:.2f}", f"{found.yield_change_percent:.2f}",
            f"{found.yield_change_basis_points:.1f}", f"{found.price_change_percent:.2f}",
        ]
        for found in map(observed_response, episodes())
    ]  # fmt: skip
    assert readme_rows(EPISODE_NAMES, 8) == expected


def test_the_readme_shows_what_other_starts_would_give() -> None:
    expected = []
    for episode in episodes():
        days = days_of(episode)
        cells = [episode.name, f"{observed_response(episode).yield_change_percent:.2f}"]
        for first in (days.index(episode.effective) - 1, days.index(episode.announced) - 1):
            if first < 0:
                cells.append("no close")
                continue
            end = days[min(first + 3, len(days) - 1)]
            cells.append(f"{yield_change_percent(episode, days[first], end):.2f}")
        expected.append(cells)
    assert readme_rows(EPISODE_NAMES, 4) == expected


def test_the_readme_shows_the_reported_moves() -> None:
    shown = readme_rows(EPISODE_NAMES, 5)
    assert [row[0] for row in shown] == [move.episode for move in REPORTED_MOVES]
    for row, move in zip(shown, REPORTED_MOVES, strict=True):
        assert row[1] == ", ".join(f"{stated:.0f}" for stated in move.stated_percent)
        assert row[2] == ", ".join(f"{change:.2f}" for change in recomputed_moves(move))
        assert str(move.windows[0][0]) in row[3]
        assert str(move.windows[-1][1]) in row[3]
        assert row[4] == ("yes" if is_supported(move) else "no")


def test_the_readme_describes_every_column_and_the_caution_is_there() -> None:
    described = readme_rows(tuple(f"`{column}`" for column in COLUMNS), 3)
    assert [row[0].strip("`") for row in described] == COLUMNS
    assert "Other news" in CAUTION
