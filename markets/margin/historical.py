r"""Margin rules that read past prices, with the tools against procyclicality that houses use.

A rule turns a measure of risk over the margin period of risk into a haircut, the share of the price
that a position may lose: :math:`1 - e^{R}` at the low return for a long position and
:math:`e^{R} - 1` at the high one for a short position. One haircut for both sides is the larger.

Then, in this order (Commission Delegated Regulation (EU) No 153/2013, Article 28(1), on which see
ESMA, *Guidelines on anti-procyclicality margin measures*, ESMA70-151-1293, 2019):

1. *Stressed observations*, 28(1)(b): the haircut is :math:`(1 - w)` times that of the window plus
   :math:`w \ge 0.25` times that of a stressed period, by the same measure.
2. *Floor*, 28(1)(c): it is at least that by the same measure over a look-back of ten years.
3. *Buffer*, 28(1)(a): a buffer :math:`b \ge 0.25` on top, drawn down before the charge rises:
   :math:`h_t = \min\{\max\{h_{t-1}, w_t\}, (1 + b) w_t\}` with :math:`w_t` the haircut so far.
4. *Speed limit*: the charge rises by at most a share :math:`s` from one date to the next.

The regulation asks for at least one of the first three; each can be switched on by itself.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from markets.margin import measures
from markets.margin.known import Known
from markets.margin.rule import MarginRule, refuse_haircut
from markets.quote import FloatArray
from markets.refused import Refused

Side = Literal["long", "short", "both", "position"]
"""Whose losses the margin is to cover; with ``both`` the larger of the two, with ``position`` those
of the position that is margined, and of both where one haircut is for all."""

HIGHEST = 0.999_999
"""Largest haircut: a short position may lose more than the price, a haircut is below 1."""


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
        if self.window < self.needed:
            raise Refused(
                f"window is {self.window}; confidence {self.confidence:g} over {self.horizon} dates"
                f" needs at least {self.needed} returns"
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

    @abstractmethod
    def tails(self, returns: FloatArray) -> measures.Tails:
        """Low and high log return over the margin period of risk, see :mod:`measures`."""

    def haircut(self, known: Known) -> float:
        """Haircut (1 - loan-to-value ratio), a share in [0, 1), at what is known."""
        returns = known.returns
        if returns.size < self.needed:
            return self._limited(max(self.initial, self.least), known)
        side = self._covered(known.position)
        wanted = self._measured(returns[-self.window :], side)
        if self.stress_weight > 0.0:
            stressed = self._measured(np.asarray(self.stressed, dtype=np.float64), side)
            wanted = (1.0 - self.stress_weight) * wanted + self.stress_weight * stressed
        if self.floor_window:
            wanted = max(wanted, self._measured(returns[-self.floor_window :], side))
        full = (1.0 + self.buffer) * wanted
        charged = full if known.charged is None else known.charged
        return self._limited(max(self.least, min(max(charged, wanted), full)), known)

    def _covered(self, position: float) -> Side:
        """Whose losses are covered of a position of this sign."""
        if self.side != "position":
            return self.side
        return "both" if position == 0.0 else "long" if position > 0.0 else "short"

    def _measured(self, returns: FloatArray, side: Side) -> float:
        """The haircut by the measure alone."""
        low, high = self.tails(returns)
        losses = {"long": -math.expm1(low), "short": math.expm1(min(high, 1.0))}
        loss = max(losses.values()) if side == "both" else losses[side]
        return max(0.0, loss)

    def _limited(self, wanted: float, known: Known) -> float:
        """What the speed limit allows of it."""
        if known.charged is not None and known.charged > 0.0:
            wanted = min(wanted, (1.0 + self.speed_limit) * known.charged)
        return min(wanted, HIGHEST)


class ValueAtRisk(HistoricalRule):
    """Value-at-risk by historical simulation."""

    def tails(self, returns: FloatArray) -> measures.Tails:
        """Quantiles of past returns."""
        return measures.historical_simulation(returns, self.confidence, self.horizon)


class ExpectedShortfall(HistoricalRule):
    """Expected shortfall by historical simulation."""

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


class FilteredValueAtRisk(ByVolatility):
    """Value-at-risk by filtered historical simulation."""

    def tails(self, returns: FloatArray) -> measures.Tails:
        """Quantiles of past returns, rescaled to the volatility now."""
        return measures.filtered_historical_simulation(
            returns, self.confidence, self.horizon, self.decay
        )


class NormalValueAtRisk(ByVolatility):
    """Value-at-risk of a normal law with exponentially weighted volatility."""

    @property
    def needed(self) -> int:
        """Two returns make a volatility."""
        return 2

    def tails(self, returns: FloatArray) -> measures.Tails:
        """Quantiles of a normal law."""
        return measures.normal(returns, self.confidence, self.horizon, self.decay)
