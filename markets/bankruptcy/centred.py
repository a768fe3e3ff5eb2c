r"""Prices in the centre of those that excess demand leaves possible; rates follow once they clear.

Where many members are nearly indifferent, excess demand turns from all to nothing over a sliver of
prices, and its derivative says nothing of what lies beyond. What it does say, if demand falls in
prices, is on which side the equilibrium lies: :math:`z(q) \cdot (\log q^* - \log q) \ge 0` in goods
at the posted prices. Each round cuts the prices that are possible in two.

Sources: Goffin, Haurie and Vial, *Management Science* 38 (1992), for cutting planes and analytic
centres; Judd, *Numerical Methods in Economics* (1998), for the weak axiom as a cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from markets.adjustment.rule import SHARE_TOLERANCE, STEP_TOLERANCE, Adjustment, inward_share
from markets.quote import Excess, FloatArray, Limits

LOWEST_RATE = 1e-12
"""Repayment rate that is not gone below, share of the promise."""

CUTS = 60
"""Cuts remembered, those nearest to their centre first, so that a round's cost does not grow."""

EMPTY = 1e-12
"""Radius of the largest ball among possible log prices below which cuts contradict each other."""

LEAST_RADIUS = 0.03
"""Half of the width of a box of log prices after a step in rates, at least."""

WIDER = 4.0
"""Half of the width of that box as a multiple of the largest move of a log price that is expected;
and of the next box where the centre has run into the walls of one."""

SHORTEST = 1e-3
"""Length of a step in rates below which it is that share of their errors."""

NEWTON_STEPS = 50
"""Newton steps on the way to an analytic centre; about ten are usual."""


class Measures(Protocol):
    """A market that counts excess demand in goods."""

    def in_goods(
        self, coordinates: FloatArray, excess: Excess, depth: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Excess demand in goods and errors of rates, and derivatives by log prices and rates."""
        ...


@dataclass(frozen=True, slots=True)
class Possible:
    """Log prices that are still possible: ``normals @ y <= levels``; the first rows are a box.

    Attributes
    ----------
    normals, levels : arrays of shape (m, n) and (m,)
        The half-spaces.
    radius : float
        Half of the width of the box.
    centre : array of shape (n,)
        Analytic centre of the last round, which the last cut may have cut off.
    ball : float
        Radius of the largest ball inside, of the last round.
    """

    normals: FloatArray
    levels: FloatArray
    radius: float
    centre: FloatArray
    ball: float

    @classmethod
    def around(cls, prices: FloatArray, radius: float) -> Possible:
        """A box."""
        unit = np.eye(prices.size)
        levels = np.concatenate([prices + radius, radius - prices])
        return cls(np.vstack([unit, -unit]), levels, radius, prices, radius)

    def cut(self, prices: FloatArray, excess: FloatArray) -> Possible:
        """Without those that excess demand at some prices rules out."""
        normal = -excess / np.linalg.norm(excess)
        normals, levels = np.vstack([self.normals, normal]), np.append(self.levels, normal @ prices)
        box = 2 * prices.size
        if levels.size > box + CUTS:
            slack = levels[box:] - normals[box:] @ self.centre
            keep = np.concatenate([np.arange(box), box + np.sort(np.argsort(slack)[:CUTS])])
            normals, levels = normals[keep], levels[keep]
        return replace(self, normals=normals, levels=levels)

    def centred(self) -> Possible | None:
        """The same with its analytic centre; None if nothing is possible."""
        start, ball = self._inside()
        if not ball > EMPTY or not np.min(self.levels - self.normals @ start) > 0.0:
            return None
        return replace(self, centre=self._from(start), ball=ball)

    def at_wall(self) -> bool:
        """Whether the centre has run into the box rather than into cuts."""
        box = 2 * self.centre.size
        slack = self.levels[:box] - self.normals[:box] @ self.centre
        return bool(np.min(slack) < 1e-3 * self.radius)

    def _inside(self) -> tuple[FloatArray, float]:
        """Centre and radius of the largest ball inside, by SciPy's HiGHS.

        Lengths are counted in the last radius: the solver's tolerances are absolute.
        """
        from scipy.optimize import linprog

        n = self.centre.size
        solution: Any = linprog(
            np.append(np.zeros(n), -1.0),
            A_ub=np.column_stack([self.normals, np.ones(len(self.levels))]),
            b_ub=(self.levels - self.normals @ self.centre) / self.ball,
            bounds=[(None, None)] * n + [(0.0, None)],
        )
        if solution.status != 0:
            return self.centre, 0.0
        return self.centre + self.ball * solution.x[:n], self.ball * float(solution.x[n])

    def _from(self, start: FloatArray) -> FloatArray:
        """Maximise the sum of the logs of the slacks by damped Newton steps."""
        here = start
        slack = self.levels - self.normals @ here
        for _ in range(NEWTON_STEPS):
            gradient = self.normals.T @ (1.0 / slack)
            curvature = (self.normals.T / slack**2) @ self.normals
            step = -np.linalg.lstsq(curvature, gradient)[0]
            gain = float(-gradient @ step)
            if not gain > 1e-8:
                break
            # a damped step of a self-concordant function stays inside
            here = here + step / (1.0 + np.sqrt(gain))
            slack = self.levels - self.normals @ here
            if not np.min(slack) > 0.0:
                return start
        return here


@dataclass(frozen=True, slots=True)
class CentredState(Adjustment):
    """State of :class:`CentredTatonnement`.

    Attributes
    ----------
    possible : Possible, optional
        Log prices that are possible at these repayment rates.
    newton : int
        Newton steps in a row, and the share of excess demand before them in ``before``.
    base, error, by_rate, slope
        Coordinates where prices last cleared; the errors of the rates there; how log prices and
        errors move with the rates while prices clear.
    time
        Length of the step in rates from there.
    tolerance
        Share of excess demand at which prices count as cleared for the next step in rates.
    """

    possible: Possible | None = None
    newton: int = 0
    before: float = np.inf
    base: FloatArray | None = None
    error: FloatArray | None = None
    by_rate: FloatArray | None = None
    slope: FloatArray | None = None
    time: float = 1.0
    tolerance: float = 1e-6


@dataclass(frozen=True, slots=True)
class CentredTatonnement:
    """Prices clear among those still possible; repayment rates take implicit steps in between.

    1. While prices have not cleared at the posted rates, cut off those that excess demand rules
       out. Take Newton's step in log prices if it stays inside and excess demand halves every
       ``trial`` steps; otherwise go to the analytic centre of what is left.
    2. If nothing is left (excess demand need not fall in prices), begin again with a box around
       the present prices.
    3. When prices have cleared, the rates take an implicit step along the errors that they have
       while prices clear, and prices move with them. If the errors along that step have turned,
       it was too long: back to where it began, with a fifth of the time.

    It settles when the largest share of excess demand is at most ``share_tolerance`` and Newton's
    step at most ``step_tolerance``.

    Parameters
    ----------
    market : Measures
        Counts excess demand in goods.
    prices : int
        Number of prices, the first coordinates; repayment rates follow.
    """

    market: Measures
    prices: int
    radius: float = 6.0
    next_radius: float = 2.0
    longest: float = 3.0
    trial: int = 4
    rate_trust: float = 0.3
    share_tolerance: float = SHARE_TOLERANCE
    step_tolerance: float = STEP_TOLERANCE

    def start(self, coordinates: FloatArray, limits: Limits) -> CentredState:
        """Begin at ``coordinates``."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        return CentredState(
            inside,
            np.full_like(inside, 0.1),
            limits,
            possible=Possible.around(np.log(inside[: self.prices]), self.radius),
        )

    def asks_depth(self, state: Adjustment) -> bool:
        """Yes, in every round."""
        return True

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> CentredState:
        """Answer one round, see the class."""
        if not isinstance(state, CentredState) or state.possible is None or depth is None:
            raise TypeError("CentredTatonnement.adjust needs the state that its start() made")
        here, count = state.coordinates, self.prices
        goods, slope = self.market.in_goods(here, excess, depth)
        own = float(np.max(np.abs(excess.share[:count])))
        share = inward_share(state.limits, here, excess)
        newton = np.linalg.lstsq(-slope, goods)[0]
        state = replace(state, share=share, step=float(np.max(np.abs(newton))))
        if share <= self.share_tolerance and state.step <= self.step_tolerance:
            return replace(state, settled=True, moved=np.zeros_like(here))
        if own > state.tolerance:
            return self._clear_prices(state, own, goods[:count], slope[:count, :count])
        return self._move_rates(state, goods[count:], slope)

    def _clear_prices(
        self, state: CentredState, own: float, goods: FloatArray, slope: FloatArray
    ) -> CentredState:
        """Step 1 and 2: the next prices at the same rates."""
        here, old = np.log(state.coordinates[: self.prices]), state.possible
        assert old is not None
        possible = old.cut(here, goods)
        step = np.linalg.lstsq(-slope, goods)[0]
        target = here + step
        newton, before = state.newton, state.before
        inside = bool(np.all(possible.normals @ target < possible.levels))
        usable = inside and float(np.max(np.abs(step))) <= self.longest
        if usable and newton >= self.trial:
            usable = own <= 0.5 * before
            newton = 0
        if usable:
            newton, before = newton + 1, own if newton == 0 else before
            return self._to(state, target, None, possible, newton=newton, before=before)
        centred = possible.centred()
        if centred is None:
            wider = min(WIDER * old.radius, self.radius)
            radius = wider if old.at_wall() else min(wider, 0.25 * self.next_radius)
            centred = Possible.around(here, radius)
            bounded = np.clip(step, -0.2 * radius, 0.2 * radius)
            return self._to(state, here + bounded, None, centred, newton=0, before=np.inf)
        return self._to(state, centred.centre, None, centred, newton=0, before=np.inf)

    def _move_rates(
        self, state: CentredState, error: FloatArray, slope: FloatArray
    ) -> CentredState:
        """Step 3: the next rates, and prices that go with them."""
        here, count = state.coordinates, self.prices
        if state.base is not None and state.error is not None:
            moved = here[count:] - state.base[count:]
            size, new = np.max(np.abs(state.error)), np.max(np.abs(error))
            turned = error @ moved < -0.5 * (state.error @ moved) and new > 0.5 * size
            if turned and np.max(np.abs(moved)) > self.step_tolerance:
                return self._step_rates(replace(state, time=0.2 * state.time))
            grown = state.time * (3.0 if new < 0.7 * size else 1.5)
            state = replace(state, time=min(grown, 1e10))
        own, cross = -slope[:count, :count], slope[:count, count:]
        by_rate: FloatArray = np.asarray(np.linalg.lstsq(own, cross)[0])
        reduced = slope[count:, count:] + slope[count:, :count] @ by_rate
        near = float(np.max(np.abs(error))) < 1e-4
        return self._step_rates(
            replace(
                state,
                base=here,
                error=error,
                by_rate=by_rate,
                slope=reduced,
                tolerance=self.share_tolerance if near else 1e-6,
            )
        )

    def _step_rates(self, state: CentredState) -> CentredState:
        """An implicit step in the rates from the base, shortened until errors point along it."""
        base, error, by_rate, slope = state.base, state.error, state.by_rate, state.slope
        assert base is not None
        assert error is not None
        assert by_rate is not None
        assert slope is not None
        rates, upper = base[self.prices :], state.limits.upper[self.prices :]
        time = state.time
        step: FloatArray = error * min(time, 0.1)
        while True:
            if time > SHORTEST:
                step = np.asarray(np.linalg.lstsq(np.eye(error.size) / time - slope, error)[0])
            step = step * min(1.0, self.rate_trust / max(float(np.max(np.abs(step))), 1e-300))
            target = np.clip(rates + step, LOWEST_RATE, upper)
            step = target - rates
            agreed = error @ step > 0.1 * np.linalg.norm(error) * np.linalg.norm(step)
            if agreed or time <= SHORTEST:
                break
            time = 0.3 * time
            step = error * min(time, 0.1)
        prices, moves = np.log(base[: self.prices]), by_rate @ step
        far = float(np.max(np.abs(moves)))
        if far < self.next_radius:
            prices = prices + moves
        radius = min(max(WIDER * far, LEAST_RADIUS), self.next_radius)
        possible = Possible.around(prices, radius)
        return self._to(
            replace(state, time=time), prices, target, possible, newton=0, before=np.inf
        )

    def _to(
        self,
        state: CentredState,
        prices: FloatArray,
        rates: FloatArray | None,
        possible: Possible,
        *,
        newton: int,
        before: float,
    ) -> CentredState:
        """Post these log prices, and these rates or the same."""
        here, limits = state.coordinates, state.limits
        lower, upper = limits.lower[: self.prices], limits.upper[: self.prices]
        next_prices = np.clip(np.exp(prices), np.maximum(lower, LOWEST_RATE), 0.999 * upper)
        target = np.concatenate([next_prices, here[self.prices :] if rates is None else rates])
        return replace(
            state,
            coordinates=target,
            moved=np.abs(target - here),
            possible=possible,
            newton=newton,
            before=before,
        )
