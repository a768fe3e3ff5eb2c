r"""The best trade of every member in a bond that may not be repaid and in equities.

A member with endowment :math:`w_0` at date 0 and :math:`W_s = w_s + Y_s \delta` at date 1 chooses a
net bond position :math:`b \ge -\kappa` (lending if positive) and equity trades
:math:`e \ge -\delta` to maximise

.. math::

   v_0(x_0) + \sum_s \rho_s v_1(x_s), \qquad
   x_0 = w_0 - q_b b - q_e e \ge 0, \qquad
   x_s = W_s + Y_s e + \begin{cases} r_s b & b \ge 0 \\ b & b < 0 . \end{cases}

As :math:`r_s \le 1` the objective is concave with a kink at :math:`b = 0`, so nobody gains by
lending and borrowing at the same time. The kink is treated like a bound: a member stays
at it until lending, or borrowing, raises its utility.

All members are solved together by a primal active-set Newton method. In each pass, for the members
that have not finished:

1. Where a full step has brought the gradient in the free trades to zero, look at the multipliers
   of the bounds: a member whose multipliers all have the right sign has finished, any other
   releases the bound whose multiplier is most wrong.
2. Elsewhere take the Newton step in the free trades (with :math:`x_0 = 0` kept where it binds).
3. Shorten it at the first bound in its way, which then binds, and until utility rises.

With linear-quadratic utility every Newton step is exact, and the number of passes is the number of
bounds that change, plus one.

Source: Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium" (2014), equations
(3) and (5).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from agents.bankruptcy.trade_slopes import newton_matrix, solve_each
from agents.bankruptcy.trades import Consumption, Endowment, Trades, consumption
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import BoolArray, FloatArray
from markets.refused import Infeasible

FLAT = 1e-13
"""Gradient below this share of its own parts is zero."""

WRONG = 1e-12
"""A multiplier beyond this share of its own parts has the wrong sign; above FLAT, so that rounding
on the free trades is not mistaken for a reason to move."""

LAST_DIGITS = 4.0 * float(np.finfo(np.float64).eps)
"""Rounding of consumption, as a share of the endowment and the trades that it adds up. Where trades
at high prices cancel, that is many times consumption itself, and the gradient is no more exact."""

ROUNDING = 1e-14
"""Change of utility, as a share of what it is made of, that is lost in rounding."""

BLOCK = 1 << 12
"""Members who are solved at a time, so that what is worked out for them stays in fast memory."""

PASSES = 1_000
"""Passes before a search is given up; a handful is usual."""

HALVINGS = 60
"""Halvings of a step that lowers utility, and doublings of one that is too short."""

TOO_SHORT = 0.75
"""Share of the gain promised by its slope from which Newton's step is doubled. A step that reaches
the top of a parabola gains half; where quotes allow an arbitrage, constant risk aversion makes
steps of one unit of risk tolerance, each of which gains nearly all there is."""

SATED = 1e-150
"""Marginal utilities, as a share of those at the endowment, at which a member is content. With
constant risk aversion that is a gain of 345 times the risk tolerance, which only an arbitrage
brings; beyond it they are soon too small for a number to hold."""

AFRESH = 1e-30
"""Marginal utilities, as a share of those at the endowment, at which a search does not begin: some
of the second derivatives are lost there beside others."""


def best_trades(
    endowment: Endowment,
    instruments: BondAndEquities,
    quotes: BondQuotes,
    start: Trades | None = None,
) -> Trades:
    """Best response of every member to the quotes.

    Parameters
    ----------
    endowment : Endowment
        Of the members.
    instruments : BondAndEquities
        What is traded.
    quotes : BondQuotes
        The posted quotes.
    start : Trades, optional
        Trades to begin the search at; no trade unless given. They change how long the search
        takes, and its result by no more than rounding.

    Raises
    ------
    Infeasible
        If a member's search does not end, with the member's row.
    """
    members, equities = endowment.equities.shape
    best = Trades.none(members, equities) if start is None else start.rows(slice(None))
    _make_feasible(best, endowment, quotes)
    stepped = np.zeros(members, dtype=np.bool_)
    _forget(best, _Search(endowment, instruments, quotes, best, stepped).sated(AFRESH))
    for first in range(0, members, BLOCK):
        _improve(best, endowment, instruments, quotes, stepped, first)
    return best


def _improve(
    best: Trades,
    endowment: Endowment,
    instruments: BondAndEquities,
    quotes: BondQuotes,
    stepped: BoolArray,
    first: int,
) -> None:
    """Improve the trades of a block of members, from ``first`` on, until they are best."""
    todo = np.arange(first, min(first + BLOCK, stepped.size))
    for _ in range(PASSES):
        if todo.size == 0:
            return
        search = _Search(endowment.rows(todo), instruments, quotes, best.rows(todo), stepped[todo])
        finished = search.advance()
        stepped[todo] = search.stepped
        best.trade[todo], best.side[todo] = search.at.trade, search.at.side
        best.held[todo], best.spent[todo] = search.at.held, search.at.spent
        todo = todo[~finished]
    if todo.size == 0:
        return
    raise Infeasible(
        f"member {int(todo[0])} has no best trade within reach at the posted quotes: its search has"
        f" not ended after {PASSES} passes; a short limit on bonds would bound its trades"
    )


def _make_feasible(trades: Trades, endowment: Endowment, quotes: BondQuotes) -> None:
    """Scale earlier trades down to what can be paid now, and forget bounds that moved."""
    prices = np.append(quotes.bond_price, quotes.equity_prices)
    if np.any(trades.trade[:, 0] < -quotes.short_limit):
        trades.trade[:, 0] = np.maximum(trades.trade[:, 0], -quotes.short_limit)
    cost = trades.trade @ prices
    over = cost > endowment.now
    trades.trade[over] *= (endowment.now[over] / cost[over])[:, None]
    trades.spent[...] &= over
    bond = trades.trade[:, 0]
    trades.side[bond == 0.0] = 0
    trades.held[:, 0] = (bond == 0.0) | (bond == -quotes.short_limit)
    trades.held[:, 1:] &= trades.trade[:, 1:] == -endowment.equities


def _forget(trades: Trades, rows: BoolArray) -> None:
    """Let some of the members begin at no trade."""
    none = Trades.none(int(np.sum(rows)), trades.trade.shape[1] - 1)
    trades.trade[rows], trades.side[rows] = none.trade, none.side
    trades.held[rows], trades.spent[rows] = none.held, none.spent


def _spend_all(trade: FloatArray, at: Trades, now: FloatArray, prices: FloatArray) -> None:
    """Let those who spend all spend exactly that: rounding goes to their largest free purchase.

    Newton's step keeps spending to rounding of its own system, in which a small member's goods can
    be lost beside its marginal utility.
    """
    cost = trade * prices
    free = np.where(at.held, -np.inf, np.abs(cost))
    largest, every = np.argmax(free, axis=1), np.arange(now.size)
    missing = np.where(np.isfinite(free[every, largest]), now - np.sum(cost, axis=1), 0.0)
    trade[every, largest] += np.where(at.spent, missing, 0.0) / np.where(
        at.spent, prices[largest], 1.0
    )


class _Search:
    """One pass over the members whose search has not ended."""

    def __init__(
        self,
        endowment: Endowment,
        instruments: BondAndEquities,
        quotes: BondQuotes,
        at: Trades,
        stepped: BoolArray,
    ) -> None:
        self.endowment, self.instruments, self.quotes, self.at = endowment, instruments, quotes, at
        self.stepped = stepped
        self.prices = np.append(quotes.bond_price, quotes.equity_prices)
        self.consumed = consumption(endowment, at, instruments, quotes)
        rho = instruments.probabilities
        self.now_value = endowment.utility.marginal_now(self.consumed.now)
        self.later_value = endowment.utility.marginal_later(self.consumed.later) * rho
        long = (at.side >= 0)[:, None]
        self.bond_pays = np.where(long, quotes.repayment_rates, 1.0)

    def advance(self) -> BoolArray:
        """Finish members, release bounds, and step; returns who has finished."""
        gains, size = self._gains()
        free = ~self.at.held
        value, flat = self._flat(gains, size, free)
        flat &= self.stepped
        released = self._release(value, size, flat)
        finished = flat & ~released | self.sated(SATED)
        self.stepped = finished.copy()
        moving = np.flatnonzero(~flat & ~finished)
        if moving.size:
            self._step(moving, gains[moving])
        return np.asarray(finished, dtype=np.bool_)

    def sated(self, share: float) -> BoolArray:
        """Whether marginal utilities are at most a share of those at the endowment."""
        utility, rho = self.endowment.utility, self.instruments.probabilities
        first = utility.marginal_now(self.endowment.now)
        first = first + utility.marginal_later(self.endowment.later) @ rho
        here = np.abs(self.now_value) + np.sum(np.abs(self.later_value), axis=1)
        return np.asarray(here <= share * first, dtype=np.bool_)

    def _gains(self) -> tuple[FloatArray, FloatArray]:
        """Gradient in each trade (of lenders and the undecided: of lending), and its size.

        The size is what it is the difference of, or more where rounding is more than ``FLAT`` of
        that: then ``FLAT`` of the size is the rounding.
        """
        cost = self.prices * self.now_value[:, None]
        bond = np.einsum("is,is->i", self.later_value, self.bond_pays)
        equities = self.later_value @ self.instruments.payoffs
        pays = np.column_stack([bond, equities])
        repaid = np.ones(self.instruments.states)
        size = cost + np.abs(self.later_value) @ np.column_stack([repaid, self.instruments.payoffs])
        return pays - cost, np.maximum(size, self._noise() / FLAT)

    def _noise(self) -> FloatArray:
        r"""Error of the gradient in each trade by rounding of consumption, shape of the trades.

        Consumption is a sum of endowments and trades, and exact to ``LAST_DIGITS`` of the sum of
        their sizes; curvature times that error is the error of a marginal utility.
        """
        utility, trade = self.endowment.utility, np.abs(self.at.trade)
        now = LAST_DIGITS * (self.endowment.now + trade @ self.prices)
        now = now * -utility.curvature_now(self.consumed.now)
        later = self.endowment.later + trade[:, :1] * self.bond_pays
        later = LAST_DIGITS * (later + trade[:, 1:] @ self.instruments.payoffs.T)
        later = later * -utility.curvature_later(self.consumed.later)
        later = later * self.instruments.probabilities
        bond = np.einsum("is,is->i", later, self.bond_pays)
        equities = later @ self.instruments.payoffs
        return np.asarray(now[:, None] * self.prices + np.column_stack([bond, equities]))

    def _flat(
        self, gains: FloatArray, size: FloatArray, free: BoolArray
    ) -> tuple[FloatArray, BoolArray]:
        """Value of a good at date 0 beyond its marginal utility, and whether the face is flat."""
        price = np.where(free, self.prices, 0.0)
        bought = np.einsum("ij,ij->i", price, price)
        value = np.where(
            self.at.spent & (bought > 0.0),
            np.einsum("ij,ij->i", price, gains) / np.where(bought > 0.0, bought, 1.0),
            0.0,
        )
        left = np.where(free, gains - value[:, None] * self.prices, 0.0)
        return value, np.all(np.abs(left) <= FLAT * size, axis=1)

    def _release(self, value: FloatArray, size: FloatArray, flat: BoolArray) -> BoolArray:
        """Release the bound with the most wrong multiplier of each member at a flat point."""
        at, quotes = self.at, self.quotes
        worth = self.now_value + value
        lending = self.later_value @ quotes.repayment_rates - worth * quotes.bond_price
        borrowing = worth * quotes.bond_price - np.sum(self.later_value, axis=1)
        equities = self.later_value @ self.instruments.payoffs
        equities = equities - worth[:, None] * quotes.equity_prices
        kink, cap = at.side == 0, (at.side < 0) & at.held[:, 0]
        can_borrow = kink & (quotes.short_limit > 0.0)
        wrong = np.column_stack(
            [
                np.where(kink, lending, np.where(cap, -borrowing, -np.inf)) / size[:, 0],
                np.where(can_borrow, borrowing, -np.inf) / size[:, 0],
                np.where(at.held[:, 1:], equities, -np.inf) / size[:, 1:],
                np.where(at.spent, -value, -np.inf) / np.where(at.spent, self.now_value, 1.0),
            ]
        )
        worst = np.argmax(wrong, axis=1)
        every = np.arange(worst.size)
        release = flat & (wrong[every, worst] > WRONG)
        lends, borrows = release & (worst == 0), release & (worst == 1)
        at.held[lends | borrows, 0] = False
        at.side[lends & kink], at.side[borrows] = 1, -1
        last = wrong.shape[1] - 1
        sold = release & (worst >= 2) & (worst < last)
        at.held[every[sold], worst[sold] - 1] = False
        at.spent[release & (worst == last)] = False
        return np.asarray(release, dtype=np.bool_)

    def _step(self, rows: NDArray[np.int64], gains: FloatArray) -> None:
        """Newton step of some members, up to the first bound in its way."""
        at = self.at.rows(rows)
        endowment = self.endowment.rows(rows)
        matrix = newton_matrix(
            endowment.utility,
            Consumption(self.consumed.now[rows], self.consumed.later[rows]),
            at,
            self.instruments,
            self.quotes,
        )
        free = ~at.held
        right = np.zeros((rows.size, gains.shape[1] + 1, 1))
        right[:, :-1, 0] = np.where(free, gains, 0.0)
        move = solve_each(matrix, right)[:, :-1, 0]
        reach, stop = self._reach(at, endowment, self.consumed.now[rows], move)
        slope = np.einsum("ij,ij->i", move, right[:, :-1, 0])
        length = self._rise(at, endowment, rows, move, slope, reach)
        trade = at.trade + length[:, None] * move
        hit = length >= reach
        every = np.arange(rows.size)
        bond, sold, spent = hit & (stop <= 1), hit & (stop >= 2), hit & (stop == move.shape[1] + 1)
        sold &= ~spent
        trade[hit & (stop == 0), 0] = 0.0
        trade[hit & (stop == 1), 0] = -self.quotes.short_limit
        at.side[hit & (stop == 0)] = 0
        at.held[bond, 0] = True
        trade[every[sold], stop[sold] - 1] = -endowment.equities[every[sold], stop[sold] - 2]
        at.held[every[sold], stop[sold] - 1] = True
        at.spent[spent] = True
        _spend_all(trade, at, endowment.now, self.prices)
        self.stepped[rows] = (length == 1.0) & ~hit
        self.at.trade[rows], self.at.side[rows] = trade, at.side
        self.at.held[rows], self.at.spent[rows] = at.held, at.spent

    def _reach(
        self, at: Trades, endowment: Endowment, now: FloatArray, move: FloatArray
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Length at which the first bound is met, and which: kink, limit, equities, date 0."""
        bond, by = at.trade[:, 0], move[:, 0]
        to_kink = np.where((at.side * by < 0.0), -bond, np.inf)
        to_limit = np.where((at.side < 0) & (by < 0.0), -self.quotes.short_limit - bond, -np.inf)
        down = move[:, 1:] < 0.0
        to_nothing = np.where(down, -endowment.equities - at.trade[:, 1:], -np.inf)
        cost = move @ self.prices
        spends = ~at.spent & (cost > 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            lengths = np.column_stack(
                [
                    np.where(np.isfinite(to_kink), to_kink / by, np.inf),
                    np.where(np.isfinite(to_limit), to_limit / by, np.inf),
                    np.where(down, to_nothing / np.where(down, move[:, 1:], 1.0), np.inf),
                    np.where(spends, np.maximum(now, 0.0) / np.where(spends, cost, 1.0), np.inf),
                ]
            )
        stop = np.argmin(lengths, axis=1)
        return lengths[np.arange(stop.size), stop], stop

    def _rise(
        self,
        at: Trades,
        endowment: Endowment,
        rows: NDArray[np.int64],
        move: FloatArray,
        slope: FloatArray,
        reach: FloatArray,
    ) -> FloatArray:
        """Halve steps until utility rises by a ten-thousandth of what its slope promises.

        Double those that gain nearly all of what it promises, up to the bound, while utility rises.
        """
        rho = self.instruments.probabilities
        before = endowment.utility.value(self.consumed.now[rows], self.consumed.later[rows], rho)
        turnover = np.abs(self.consumed.now * self.now_value)
        turnover += np.einsum("is,is->i", np.abs(self.consumed.later), np.abs(self.later_value))
        slack = ROUNDING * (np.abs(before) + turnover[rows])

        def gain(some: NDArray[np.int64], length: FloatArray) -> FloatArray:
            part, owner = at.rows(some), endowment.rows(some)
            tried = replace(part, trade=part.trade + length[:, None] * move[some])
            consumed = consumption(owner, tried, self.instruments, self.quotes)
            value = owner.utility.value(consumed.now, consumed.later, rho)
            return np.asarray(value - before[some])

        length = np.minimum(reach, 1.0)
        todo = rising = np.flatnonzero(slope > 0.0)
        gained = np.zeros_like(length)
        for _ in range(HALVINGS):
            if todo.size == 0:
                break
            gained[todo] = gain(todo, length[todo])
            enough = gained[todo] >= 1e-4 * length[todo] * slope[todo] - slack[todo]
            todo = todo[~enough]
            length[todo] *= 0.5
        short = (gained > TOO_SHORT * slope) & (length == 1.0) & (reach > 1.0)
        todo = rising[short[rising] & (gained[rising] > slack[rising])]
        for _ in range(HALVINGS):
            if todo.size == 0:
                break
            longer = np.minimum(2.0 * length[todo], reach[todo])
            more = gain(todo, longer)
            better = (more > gained[todo] + slack[todo]) & (longer > length[todo])
            todo = todo[better]
            gained[todo], length[todo] = more[better], longer[better]
        return length
