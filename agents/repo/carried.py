r"""What members bring from one date to the next: positions marked to the new price, and calls.

At the close of a date, at price :math:`q`, member i has wealth :math:`W_i` and position
:math:`z_i` in the security. Closing out all its repo at the posted quotes leaves it with
:math:`z_i` and the cash :math:`W_i - q z_i`, below zero for a levered long: interest falls due at
date 1 at the rate of the repo then open, so closing out and opening again at the same quotes costs
nothing. At the next price :math:`p = q + d` it is worth :math:`W_i + d z_i`.

Who would be worth less than nothing can't pay. It *defaults*: all it had is taken, it holds nothing
any more, and :math:`U(d) = \sum_i (W_i + d z_i)^-` stays unpaid. The house has no capital, so it
pays that much less to those who gain, all at the same share of their gains (haircutting of
variation margin gains): with :math:`Z` the sum of :math:`|z_i|` over those who gain,

.. math:: W_i(p) = W_i + \frac{g(d)}{|d|}\, d z_i, \qquad g(d) = |d| - U(d) / Z \ge 0,

which conserves cash at every price. Where even :math:`g = 0` does not cover what is unpaid, as far
from where the price was, nobody bears the rest: :attr:`GainsPaid.uncovered`, which must be zero
where an economy rests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from markets.quote import FloatArray
from markets.repo.quotes import RepoQuotes

SOLVENT, CALLED, DEFAULTED, CLOSED_OUT = "solvent", "called", "defaulted", "closed out"

ROUNDING = 1e-12
"""Share of the margin that a position takes: a call of less is rounding, and none."""


class Paid(NamedTuple):
    """What is paid of the gains after a move of the price.

    Attributes
    ----------
    share : float
        Of every gain, in [0, 1].
    gain, slope : float
        Gain that is paid per security, g(d), and its derivative by d.
    unpaid : float
        What defaulters can't pay, U(d), cash.
    uncovered : float
        What of that exceeds all gains, cash: nobody bears it.
    """

    share: float = 1.0
    gain: float = 0.0
    slope: float = 1.0
    unpaid: float = 0.0
    uncovered: float = 0.0


class _Losers(NamedTuple):
    """Those who lose by a move in one direction, in rising order of the move that ruins them.

    ``wealth`` and ``position`` have one more entry than ``ruin``: sums over the first k of them.
    """

    ruin: FloatArray
    wealth: FloatArray
    position: FloatArray

    @classmethod
    def of(cls, wealth: FloatArray, position: FloatArray) -> Self:
        ruin = wealth / position
        order = np.argsort(ruin, kind="stable")
        sums = (np.concatenate([[0.0], np.cumsum(field[order])]) for field in (wealth, position))
        return cls(ruin[order], *sums)

    def unpaid(self, move: float) -> tuple[float, float]:
        """U at a move of this size, and its derivative."""
        ruined = int(np.searchsorted(self.ruin, move, side="left"))
        position = float(self.position[ruined])
        return move * position - float(self.wealth[ruined]), position


class GainsPaid:
    """What the house pays of gains at every price, given what all members of a market bring.

    Parameters
    ----------
    carried : sequence of Carried
        One per cohort.
    """

    def __init__(self, carried: Sequence[Carried]) -> None:
        wealth = np.concatenate([each.wealth for each in carried])
        position = np.concatenate([each.position for each in carried])
        long, short = position > 0.0, position < 0.0
        self._longs = _Losers.of(wealth[long], position[long])
        self._shorts = _Losers.of(wealth[short], -position[short])

    def after(self, move: float) -> Paid:
        """What is paid after a move of the price by ``move``, in cash per security."""
        size = abs(move)
        losers, gainers = (self._shorts, self._longs) if move > 0.0 else (self._longs, self._shorts)
        unpaid, by_size = losers.unpaid(size)
        if not unpaid > 0.0:
            return Paid(gain=size)
        held = float(gainers.position[-1])
        gain = size - unpaid / held if held > 0.0 else 0.0
        if gain > 0.0:
            return Paid(gain / size, gain, 1.0 - by_size / held, unpaid)
        return Paid(0.0, 0.0, 0.0, unpaid, unpaid - size * held)


@dataclass(frozen=True)
class Carried:
    """What the members of a cohort bring from the last date.

    Attributes
    ----------
    price : float
        Price at which the last date closed.
    wealth : array of shape (rows,)
        Wealth at that price, at least 0.
    position : array of shape (rows,)
        Securities held, below zero where sold short.
    edges : array of shape (rows + 1,) or None
        See :class:`agents.repo.primitives.Primitives`; rows are members where it is None.
    gains : GainsPaid or None
        What the house pays of gains; it says so before the next date begins.
    """

    price: float
    wealth: FloatArray
    position: FloatArray
    edges: FloatArray | None = field(default=None, repr=False, compare=False)
    gains: GainsPaid | None = field(default=None, repr=False, compare=False)

    def settled(self, price: float) -> tuple[FloatArray, FloatArray]:
        """Wealth of members at ``self.price`` and by price, as straight lines through a price.

        At ``price`` itself the lines are where calls leave every member: wealth with the gains
        that are paid, nothing for those who default. At ``self.price`` nothing changes, to the last
        bit.
        """
        assert self.gains is not None
        move = price - self.price
        paid = self.gains.after(move)
        if not paid.unpaid > 0.0:
            return self.wealth, self.position
        profit = move * self.position
        alive = self.wealth + profit >= 0.0
        gaining = profit > 0.0
        beyond = np.copysign(paid.gain, move) - move * paid.slope
        wealth = np.where(gaining, self.wealth + beyond * self.position, self.wealth)
        by_price = np.where(gaining, paid.slope * self.position, self.position)
        return np.where(alive, wealth, 0.0), np.where(alive, by_price, 0.0)

    def each(self, rows: NDArray[np.int64], mass: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Wealth and position of a member of each of the chosen rows."""
        return self.wealth[rows] / mass, self.position[rows] / mass


def balance_sheets(
    endowments: dict[str, FloatArray],
    closing_price: float,
    brought: tuple[FloatArray, FloatArray] | None,
    wealth: FloatArray,
    posted: RepoQuotes,
) -> dict[str, Any]:
    """Columns of the table of traders where dates are linked, one row per member.

    * ``first_cash``, ``first_securities``: endowments of the first date.
    * ``closing_price``: price at which the last date closed; NaN at the first date.
    * ``wealth``: at the posted price, once calls are settled.
    * ``profit_and_loss``: how much that is more than at the close of the last date.
    * ``call``: cash that the position carried lacks of its margin at the posted price and haircut;
      who does not pay it in has to unwind.
    * ``status``: ``solvent``, ``called`` (has a call), ``defaulted`` (what it carried is worth less
      than nothing) or ``closed out`` (it defaulted at an earlier date).

    Parameters
    ----------
    endowments : dict
        Cash and securities of the first date.
    closing_price : float
        Price at which the last date closed; NaN at the first date.
    brought : pair of arrays, optional
        Wealth at that price, and position; None at the first date.
    wealth : array
        Wealth once calls are settled.
    posted : RepoQuotes
        The quotes.
    """
    count = wealth.size
    sheet: dict[str, Any] = {f"first_{name}": field for name, field in endowments.items()}
    sheet["closing_price"] = np.full(count, closing_price)
    if brought is None:
        return sheet | {
            "wealth": wealth,
            "profit_and_loss": np.zeros(count),
            "call": np.zeros(count),
            "status": np.full(count, SOLVENT),
        }
    before, position = brought
    margin = posted.haircut * posted.price * np.abs(position)
    left = before + (posted.price - closing_price) * position
    # a profit counts towards the margin as far as it is paid
    call = margin - np.where(left < 0.0, left, wealth)
    call = np.where(call > ROUNDING * margin, call, 0.0)
    endowed = endowments["cash"] + endowments["securities"] > 0.0
    out = (before == 0.0) & (position == 0.0) & endowed
    return sheet | {
        "wealth": wealth,
        "profit_and_loss": wealth - before,
        "call": call,
        "status": np.select(
            [out, left < 0.0, call > 0.0], [CLOSED_OUT, DEFAULTED, CALLED], SOLVENT
        ),
    }
