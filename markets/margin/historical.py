r"""Margin rules that read past prices, with the tools against procyclicality that houses use.

A rule turns a measure of risk over the margin period of risk into a haircut, the share of the price
that a position may lose: :math:`1 - e^{R}` at the low return for a long position and
:math:`e^{R} - 1` at the high one for a short position. One haircut for both sides is the larger.

Then, in this order (Commission Delegated Regulation (EU) No 153/2013, Article 28(1), on which see
ESMA, *Guidelines on anti-procyclicality margin measures*, ESMA70-151-1293, 2019):

1. *Stressed observations*, 28(1)(b), "at least 25% weight to stressed observations in the lookback
   period": the haircut is :math:`(1 - w)` times that of the window plus :math:`w \ge 0.25` times
   that of a stressed period. The weight is that of the haircut, not of single returns in a sample.
2. *Floor*, 28(1)(c), "not lower than those that would be calculated using volatility estimated over
   a 10 year historical lookback period": it is at least that over the long look-back.
3. *Buffer*, 28(1)(a), "at least equal to 25% of the calculated margins", which may be "temporarily
   exhausted": it is drawn down before the charge rises,
   :math:`h_t = \min\{\max\{h_{t-1}, w_t\}, (1 + b) w_t\}` with :math:`w_t` the haircut so far.
4. *Speed limit*: the charge rises by at most a share :math:`s` from one date to the next.

The regulation asks for at least one of the first three; each can be switched on by itself. Stressed
period and long look-back are measured in the same way as the window, except that all returns weigh
the same: an exponentially weighted volatility would forget what they are there for.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from markets.margin import measures
from markets.margin.anti_procyclical import drawn_down
from markets.margin.known import Known
from markets.margin.rule import MarginRule, refuse_haircut
from markets.quote import FloatArray
from markets.refused import Refused

Side = Literal["long", "short", "both", "position"]
"""Whose losses the margin is to cover; with ``both`` the larger of the two, with ``position`` those
of the position that is margined, and of both where one haircut is for all."""

HIGHEST = 0.999_999
"""Largest haircut: a short position may lose more than the price, a haircut is below 1."""

AT_ONCE = 1_000_000
"""Returns that a replay reads at once, windows times their length."""


@dataclass(frozen=True, kw_only=True)
class HistoricalRule(MarginRule):
    """Base of the rules that read past prices.

    Parameters
    ----------
    confidence : float
        Share of dates on which the margin is to cover the loss, in (1/2, 1).
    horizon : int
        Margin period of risk: dates that it takes to close a position out, at least 1.
    window : int
        Past returns that are read, at least 2.
    side : {"long", "short", "both", "position"}
        Whose losses it covers, see :data:`Side`.
    initial : float
        Haircut while there are too few past returns for the measure, in [0, 1).
    least : float
        The haircut is never below this, in [0, 1).
    stressed : sequence of float
        Log returns of a stressed period; needed where ``stress_weight`` is above 0.
    stress_weight : float
        Weight of that period, in [0, 1]; 0 for none, at least 0.25 by the regulation.
    floor_window : int
        Past returns from which the floor is worked out; 0 for none, 2500 for ten years.
    buffer : float
        Buffer as a share of the haircut; 0 for none, at least 0.25 by the regulation.
    speed_limit : float
        Largest rise of the haircut from one date to the next, as a share; infinite for none.

    Raises
    ------
    Refused
        If one of them lies outside what is allowed.
    """

    confidence: float = 0.99
    horizon: int = 1
    window: int = 250
    side: Side = "both"
    initial: float = 0.05
    least: float = 0.0
    stressed: Sequence[float] = ()
    stress_weight: float = 0.0
    floor_window: int = 0
    buffer: float = 0.0
    speed_limit: float = math.inf

    def __post_init__(self) -> None:
        """Refuse settings that make no sense."""
        if not 0.5 < self.confidence < 1.0:
            raise Refused(f"confidence is {self.confidence}; it must lie between 1/2 and 1")
        for name, least in (("horizon", 1), ("window", 2), ("floor_window", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise Refused(f"{name} is {value}; it must be a whole number of at least {least}")
        if self.side not in get_args(Side):
            allowed = ", ".join(f'"{side}"' for side in get_args(Side))
            raise Refused(f'side is "{self.side}"; it must be one of {allowed}')
        for name in ("window", "floor_window"):
            if getattr(self, name) < self.needed and (name == "window" or self.floor_window):
                raise Refused(
                    f"{name} is {getattr(self, name)}; confidence {self.confidence:g} over"
                    f" {self.horizon} dates needs at least {self.needed} returns"
                )
        refuse_haircut(self.initial)
        refuse_haircut(self.least)
        if not 0.0 <= self.stress_weight <= 1.0:
            raise Refused(f"stress_weight is {self.stress_weight}; it must lie in [0, 1]")
        if not 0.0 <= self.buffer < math.inf:
            raise Refused(f"buffer is {self.buffer}; it must be a number of at least 0")
        if not self.speed_limit > 0.0:
            raise Refused(f"speed_limit is {self.speed_limit}; it must be above 0")
        stressed = np.asarray(self.stressed, dtype=np.float64)
        if not np.isfinite(stressed).all():
            raise Refused("stressed holds a return that is no finite number")
        if self.stress_weight > 0.0 and stressed.size < self.needed:
            raise Refused(
                f"stressed has {stressed.size} returns; this rule needs at least {self.needed}"
            )

    @property
    def needed(self) -> int:
        """Past returns from which on the measure means something."""
        return math.ceil(1.0 / (1.0 - self.confidence) - 1e-9) + self.horizon - 1

    @property
    def covered(self) -> float:
        """Share of periods whose loss on one side is to be covered; NaN where none is promised."""
        return self.confidence

    @abstractmethod
    def tails(self, returns: FloatArray) -> measures.Tails:
        """Low and high log return over the margin period of risk, see :mod:`measures`."""

    def steady_tails(self, returns: FloatArray) -> measures.Tails:
        """Those of a stressed period or a long look-back, in which all returns weigh the same."""
        return self.tails(returns)

    def haircut(self, known: Known) -> float:
        """Haircut (1 - loan-to-value ratio), a share in [0, 1), at what is known."""
        returns = known.returns
        if returns.size < self.needed:
            return self._charge(math.nan, known.charged)
        side, long = self._covered(known.position), returns[-self.floor_window :]
        recent = self._loss(self.tails(returns[-self.window :]), side)
        floor = self._loss(self.steady_tails(long), side) if self.floor_window else np.zeros(())
        return self._charge(float(self._wanted(recent, floor, side)), known.charged)

    def replay(self, prices: FloatArray, position: float = 0.0) -> FloatArray:
        """Haircuts at the close of each date, shape (dates,): :meth:`haircut`, many at once.

        Each date knows the prices up to then, what was charged at the date before, and the position
        (see :class:`~markets.margin.known.Known`).
        """
        returns, side = np.diff(np.log(prices)), self._covered(position)
        recent = self._over_time(returns, self.window, self.tails, side)
        floor = np.zeros(())
        if self.floor_window:
            floor = self._over_time(returns, self.floor_window, self.steady_tails, side)
        haircuts, charged = np.empty(prices.size), None
        for date, wanted in enumerate(self._wanted(recent, floor, side).tolist()):
            haircuts[date] = charged = self._charge(wanted, charged)
        return haircuts

    def _covered(self, position: float) -> Side:
        """Whose losses are covered of a position of this sign."""
        if self.side != "position":
            return self.side
        return "both" if position == 0.0 else "long" if position > 0.0 else "short"

    def _over_time(
        self,
        returns: FloatArray,
        window: int,
        tails: Callable[[FloatArray], measures.Tails],
        side: Side,
    ) -> FloatArray:
        """Losses by the measure at each date, shape (T + 1,); NaN while there are too few returns.

        Windows grow until they are full.
        """
        losses = np.full(returns.size + 1, np.nan)
        for date in range(self.needed, min(window, losses.size)):
            losses[date] = self._loss(tails(returns[:date]), side)
        if returns.size >= window:
            windows, rows = sliding_window_view(returns, window), max(AT_ONCE // window, 1)
            for first in range(0, len(windows), rows):
                some = windows[first : first + rows]
                losses[window + first :][: len(some)] = self._loss(tails(some), side)
        return losses

    @cached_property
    def _stressed_tails(self) -> measures.Tails:
        """The tails of the stressed period."""
        return self.steady_tails(np.asarray(self.stressed, dtype=np.float64))

    def _wanted(self, recent: FloatArray, floor: FloatArray, side: Side) -> FloatArray:
        """Haircut before buffer and speed limit: of the window, the stressed period, the floor."""
        weight = self.stress_weight
        if weight > 0.0:
            recent = (1.0 - weight) * recent + weight * self._loss(self._stressed_tails, side)
        return np.maximum(recent, floor)

    @staticmethod
    def _loss(tails: measures.Tails, side: Side) -> FloatArray:
        """Loss by the measure on one side or both, a share of the price; not negative."""
        low, high = tails
        losses = {"long": -np.expm1(low), "short": np.expm1(np.minimum(high, 1.0))}
        loss = np.maximum(*losses.values()) if side == "both" else losses[side]
        return np.maximum(loss, 0.0)

    def _charge(self, wanted: float, charged: float | None) -> float:
        """Haircut with buffer and speed limit after one that was charged; NaN: too few returns."""
        few = math.isnan(wanted)
        asked = self.initial if few else drawn_down(wanted, self.buffer, charged)
        asked = max(self.least, asked)
        if charged is not None and charged > 0.0:
            asked = min(asked, (1.0 + self.speed_limit) * charged)
        return min(asked, HIGHEST)


class ValueAtRisk(HistoricalRule):
    """Value-at-risk by historical simulation."""

    def tails(self, returns: FloatArray) -> measures.Tails:
        """Quantiles of past returns."""
        return measures.historical_simulation(returns, self.confidence, self.horizon)


class ExpectedShortfall(HistoricalRule):
    """Expected shortfall by historical simulation."""

    @property
    def covered(self) -> float:
        """How often losses exceed the mean of their tail depends on their law."""
        return math.nan

    def tails(self, returns: FloatArray) -> measures.Tails:
        """Means of the tails of past returns."""
        return measures.expected_shortfall(returns, self.confidence, self.horizon)


@dataclass(frozen=True, kw_only=True)
class ByVolatility(HistoricalRule):
    """A rule that follows the volatility.

    ``decay`` is the weight of the past in the estimate of the variance, in [0, 1).
    """

    decay: float = 0.94

    def __post_init__(self) -> None:
        """Refuse settings that make no sense."""
        super().__post_init__()
        if not 0.0 <= self.decay < 1.0:
            raise Refused(f"decay is {self.decay}; it must lie in [0, 1)")

    @abstractmethod
    def tails_by(self, returns: FloatArray, decay: float) -> measures.Tails:
        """The tails with a decay; with a decay of 1 all returns weigh the same."""

    def tails(self, returns: FloatArray) -> measures.Tails:
        """The tails with the rule's own decay."""
        return self.tails_by(returns, self.decay)

    def steady_tails(self, returns: FloatArray) -> measures.Tails:
        """The tails with the volatility of the whole period."""
        return self.tails_by(returns, 1.0)


class FilteredValueAtRisk(ByVolatility):
    """Value-at-risk by filtered historical simulation."""

    def tails_by(self, returns: FloatArray, decay: float) -> measures.Tails:
        """Quantiles of past returns, rescaled to the volatility now."""
        return measures.filtered_historical_simulation(
            returns, self.confidence, self.horizon, decay
        )


class NormalValueAtRisk(ByVolatility):
    """Value-at-risk of a normal law with exponentially weighted volatility."""

    @property
    def needed(self) -> int:
        """Two returns make a volatility."""
        return 2

    def tails_by(self, returns: FloatArray, decay: float) -> measures.Tails:
        """Quantiles of a normal law."""
        return measures.normal(returns, self.confidence, self.horizon, decay)
