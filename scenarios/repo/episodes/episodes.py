"""Seven margin increases of the euro crisis: daily haircuts and 10-year yields.

The data are the tables of the slides "Do security prices rise or fall when margins are
raised?" by Bottazzi, Pascoa and Ramirez; ``EURO_CRISIS.md`` in the folder above has the data
dictionary, the one misprint and what the tables do and do not support.

Units and signs, throughout: haircuts are fractions of the security's value (0.15, not 15);
yields are percent per year; a change is positive when the thing went up; a relative change is
in percent of its starting value; a basis point is a hundredth of a percentage point. All
dates are trading days and every yield is a close.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from typing import Final, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

CAUTION: Final = (
    "Other news moved these yields on the same days (ratings, rescue talks, views of default), "
    "and haircuts tend to be raised after yields have risen: the observed response describes "
    "what happened, it is not the effect of the haircut alone."
)
"""What has to be said wherever an observed response is shown."""

MATURITY_YEARS: Final = 10.0
"""Maturity, in years, of the bonds whose yields are recorded."""

ROUNDING_PERCENTAGE_POINTS: Final = 0.5
"""Half a unit of the last digit of a move reported in whole percent."""

EPISODE_NAMES: Final = (
    "ireland-2010-11",
    "ireland-2011-04",
    "portugal-2011-05",
    "portugal-2011-06",
    "italy-2011-11",
    "spain-2012-06",
    "italy-2012-07",
)
"""The episodes in order of announcement; ``episodes()`` keeps this order."""

_DTYPES: Final = {
    "episode": "string",
    "country": "string",
    "haircut": "float64",
    "haircut_approximate": "bool",
    "haircut_changed": "bool",
    "yield_printed": "float64",
    "yield": "float64",
    "yield_corrected": "bool",
    "change_printed": "float64",
    "note": "string",
    "source": "string",
}
_DATES: Final = ("day", "announced")


@dataclass(frozen=True)
class Episode:
    """One announced increase of a repo haircut on a country's 10-year bond.

    Attributes
    ----------
    name
        identifier, country and month of announcement, as in ``EPISODE_NAMES``.
    country
        the issuer.
    announced
        day of the announcement; its hour is not known.
    effective
        first day in the table at the new haircut (the starred row).
    haircut_before
        haircut on the day before ``effective``, a fraction.
    haircut_after
        haircut from ``effective`` on, a fraction.
    days
        the episode's rows of ``load()``, by day, index from 0.
    """

    name: str
    country: str
    announced: date
    effective: date
    haircut_before: float
    haircut_after: float
    days: pd.DataFrame = field(repr=False, compare=False)

    @property
    def haircut_before_approximate(self) -> bool:
        """Whether the old haircut is only known to be about zero."""
        return bool(self.days.loc[~_since(self, self.effective), "haircut_approximate"].any())


@dataclass(frozen=True)
class ObservedResponse:
    """What haircut, yield and price did around one announcement; see ``observed_response``.

    Attributes
    ----------
    episode
        name of the episode.
    start
        day whose close is the starting point.
    end
        day whose close is the end point.
    horizon
        trading days asked for.
    trading_days
        trading days between ``start`` and ``end``; fewer than ``horizon`` when
        the table ends earlier.
    haircut_change
        new less old haircut, a fraction (0.05 is five points).
    yield_start
        yield at ``start``, percent per year.
    yield_end
        yield at ``end``, percent per year.
    yield_change_percent
        100 (yield_end / yield_start - 1).
    yield_change_basis_points
        100 (yield_end - yield_start).
    price_change_percent
        relative change of the 10-year zero-coupon price, in percent;
        positive when the yield fell.
    """

    episode: str
    start: date
    end: date
    horizon: int
    trading_days: int
    haircut_change: float
    yield_start: float
    yield_end: float
    yield_change_percent: float
    yield_change_basis_points: float
    price_change_percent: float

    @property
    def complete(self) -> bool:
        """Whether the table reaches as far as the horizon asked for."""
        return self.trading_days == self.horizon


@dataclass(frozen=True)
class ReportedMove:
    """A move of the yield that the slides state in their text, apart from their tables.

    Attributes
    ----------
    episode
        name of the episode.
    statement
        what the slides say, paraphrased.
    windows
        (first close, last close) of each move, read off the statement.
    stated_percent
        the relative change of the yield stated for each window, in percent.
    remark
        how the tables compare.
    """

    episode: str
    statement: str
    windows: tuple[tuple[date, date], ...]
    stated_percent: tuple[float, ...]
    remark: str


REPORTED_MOVES: Final = (
    ReportedMove(
        "ireland-2010-11",
        "Haircut up to 15% on 12 November 2010; yield down by 10% in two days.",
        ((date(2010, 11, 11), date(2010, 11, 15)),),
        (-10.0,),
        "Holds from the close before the haircut took effect (11 November). From the close of "
        "the announcement day (10 November) to the same end the yield fell by 7.3%.",
    ),
    ReportedMove(
        "ireland-2011-04",
        "Haircut up to 45% on 1 April 2011; yield down by 10% in the next three market dates.",
        ((date(2011, 4, 1), date(2011, 4, 6)),),
        (-10.0,),
        "The direction holds, the size does not: 5.4%. No three trading days of the table show "
        "10%; the fall from 31 March reaches 10% on 11 April, after seven.",
    ),
    ReportedMove(
        "italy-2011-11",
        "Haircut up from 6.65% to 11.65% on 9 November 2011; yield down by 9% within two days.",
        ((date(2011, 11, 9), date(2011, 11, 11)),),
        (-9.0,),
        "The fall in the table is larger: 10.6%. No window of the table rounds to 9%.",
    ),
    ReportedMove(
        "italy-2012-07",
        "Haircut up to 11.65% again on 23 July 2012; yield down by 10% within three days.",
        ((date(2012, 7, 23), date(2012, 7, 26)),),
        (-10.0,),
        "The direction holds, the size does not: 4.3%, for the yield first rose on 24 July. "
        "The three days after that rise come nearest, 9.4%, and only with the corrected yield.",
    ),
    ReportedMove(
        "spain-2012-06",
        "Haircut updated to 11.8% on 19 June 2012; yield down by 2%, 5%, 2% and 3% on that day "
        "and on the three that followed.",
        (
            (date(2012, 6, 18), date(2012, 6, 19)),
            (date(2012, 6, 19), date(2012, 6, 20)),
            (date(2012, 6, 20), date(2012, 6, 21)),
            (date(2012, 6, 21), date(2012, 6, 22)),
        ),
        (-2.0, -5.0, -2.0, -3.0),
        "All four daily changes hold. Date and haircut differ: the table has 11.8% from its "
        "first day (15 June), and 12.2% announced on 20 June and in force on the 22nd.",
    ),
)
"""Every move stated in the slides' text; there is none for Portugal."""


def load() -> pd.DataFrame:
    """Return all rows of ``episodes.csv``, in file order: by episode, then by day.

    Returns
    -------
    pandas.DataFrame
        46 rows. Text columns have dtype ``string``, flags ``bool``, ``day`` and
        ``announced`` ``datetime64[ns]``, the rest ``float64``. ``change_printed`` is NaN on
        an episode's first day; ``note`` is never missing, but mostly empty.
    """
    resource = files("scenarios.repo.episodes").joinpath("episodes.csv")
    with resource.open("r", encoding="utf-8") as stream:
        table = pd.read_csv(stream, dtype=_DTYPES)
    for column in _DATES:
        table[column] = pd.to_datetime(table[column], format="%Y-%m-%d").astype("datetime64[ns]")
    table["note"] = table["note"].fillna("")
    return table


def episodes() -> tuple[Episode, ...]:
    """Return the seven episodes in the order of ``EPISODE_NAMES``.

    Every call reads the data afresh, so a caller who edits ``days`` changes only its own.
    """
    table = load()
    return tuple(_episode(name, table.loc[table["episode"] == name]) for name in EPISODE_NAMES)


@overload
def zero_coupon_price(yield_percent: float, years: float = ...) -> float: ...
@overload
def zero_coupon_price(yield_percent: ArrayLike, years: float = ...) -> NDArray[np.float64]: ...
def zero_coupon_price(
    yield_percent: ArrayLike, years: float = MATURITY_YEARS
) -> float | NDArray[np.float64]:
    r"""Return the price today of one unit of money paid in ``years`` years.

    With annual compounding at the yield :math:`y` (a fraction) and maturity :math:`T`,

    .. math:: P = (1 + y)^{-T}, \qquad \frac{dP}{P} = -\frac{T}{1 + y}\, dy,

    so the price falls when the yield rises. A quoted bond pays coupons and so has a shorter
    duration than :math:`T`: its price moves less than :math:`P` for the same change of yield.

    Parameters
    ----------
    yield_percent
        yield, percent per year; a number or an array of any shape, above -100.
    years
        time to maturity in years, not negative.

    Returns
    -------
    float or numpy.ndarray
        The price per unit of face value: a float for a number, else an array of the same shape.

    Raises
    ------
    ValueError
        a yield is at or below -100 percent or not finite, or ``years`` is negative
        or not finite.
    """
    rate = np.asarray(yield_percent, dtype=np.float64) / 100.0
    if not np.all(np.isfinite(rate) & (rate > -1.0)):
        raise ValueError("yield_percent must be finite and above -100")
    if not (np.isfinite(years) and years >= 0.0):
        raise ValueError("years must be finite and not negative")
    price = (1.0 + rate) ** -years
    return float(price) if rate.ndim == 0 else np.asarray(price, dtype=np.float64)


def yield_change_percent(episode: Episode, start: date, end: date) -> float:
    """Return the relative change of the (corrected) yield between two closes, in percent.

    Raises
    ------
    ValueError
        ``start`` or ``end`` is not a day of the episode's table.
    """
    first = _row_of(episode, start)
    last = _row_of(episode, end)
    yields = episode.days["yield"].to_numpy(dtype=np.float64)
    return float(100.0 * (yields[last] / yields[first] - 1.0))


def observed_response(episode: Episode, horizon: int = 3) -> ObservedResponse:
    """Measure how yield and price moved after an announcement.

    The rule, the same for every episode:

    1. Start at the last close that is no later than the announcement day and earlier than the
       day on which the new haircut takes effect. This is the close of the announcement day,
       except where the haircut took effect on that very day (Ireland, April 2011): there it is
       the close of the day before.
    2. End at the close ``horizon`` trading days after the start, or at the table's last day if
       that comes first (``complete`` is then false).
    3. Compare the two closes; nothing in between matters.

    Starting no earlier keeps out the rise in yields that led to the higher haircut. Starting no
    later keeps in what traders did once they knew of it. The hour of an announcement is not
    known: one made during the day may have moved the starting close already. ``CAUTION``
    applies to every number returned.

    Parameters
    ----------
    episode
        the episode, from ``episodes()``.
    horizon
        trading days from start to end, at least 1.

    Raises
    ------
    ValueError
        ``horizon`` is below 1, or the table has no close to start from or to end at.
    """
    if horizon < 1:
        raise ValueError("horizon must be at least 1 trading day")
    known = _since(episode, episode.effective) | (
        episode.days["day"] > pd.Timestamp(episode.announced)
    )
    first = int((~known).sum()) - 1
    last = min(first + horizon, len(episode.days) - 1)
    if first < 0 or last == first:
        raise ValueError(f"{episode.name}: no closes on both sides of the announcement")
    yields = episode.days["yield"].to_numpy(dtype=np.float64)
    start_price, end_price = zero_coupon_price(yields[[first, last]])
    start, end = _day(episode.days, first), _day(episode.days, last)
    return ObservedResponse(
        episode=episode.name,
        start=start,
        end=end,
        horizon=horizon,
        trading_days=last - first,
        haircut_change=episode.haircut_after - episode.haircut_before,
        yield_start=float(yields[first]),
        yield_end=float(yields[last]),
        yield_change_percent=yield_change_percent(episode, start, end),
        yield_change_basis_points=float(100.0 * (yields[last] - yields[first])),
        price_change_percent=float(100.0 * (end_price / start_price - 1.0)),
    )


def recomputed_moves(move: ReportedMove) -> tuple[float, ...]:
    """Return what the tables give for each window of a reported move, in percent."""
    episode = next(each for each in episodes() if each.name == move.episode)
    return tuple(yield_change_percent(episode, start, end) for start, end in move.windows)


def is_supported(move: ReportedMove) -> bool:
    """Whether the tables give every stated number, up to rounding to whole percent."""
    return all(
        abs(computed - stated) <= ROUNDING_PERCENTAGE_POINTS
        for computed, stated in zip(recomputed_moves(move), move.stated_percent, strict=True)
    )


def _episode(name: str, rows: pd.DataFrame) -> Episode:
    """Build an episode from its rows; the starred row separates old haircut from new."""
    days = rows.sort_values("day").reset_index(drop=True)
    starred = int(days["haircut_changed"].to_numpy(dtype=np.bool_).argmax())
    haircuts = days["haircut"].to_numpy(dtype=np.float64)
    return Episode(
        name=name,
        country=str(days["country"].iloc[0]),
        announced=pd.DatetimeIndex(days["announced"])[0].date(),
        effective=_day(days, starred),
        haircut_before=float(haircuts[starred - 1]),
        haircut_after=float(haircuts[starred]),
        days=days,
    )


def _since(episode: Episode, day: date) -> pd.Series[bool]:
    """Mark the rows on or after ``day``."""
    return episode.days["day"] >= pd.Timestamp(day)


def _day(days: pd.DataFrame, row: int) -> date:
    """Return the date of a row."""
    return pd.DatetimeIndex(days["day"])[row].date()


def _row_of(episode: Episode, day: date) -> int:
    """Return the row of a day, or say that the table lacks it."""
    rows = np.flatnonzero((episode.days["day"] == pd.Timestamp(day)).to_numpy())
    if rows.size != 1:
        raise ValueError(f"{episode.name}: {day.isoformat()} is not a day of the table")
    return int(rows[0])
