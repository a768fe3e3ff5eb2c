"""The equations of the closed form: bounds on positions and the marginal beliefs that meet them.

Source and symbols: :mod:`scenarios.repo.closed_form`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

ABSOLUTE_STEP = 1e-20
"""Bracket width, in units of the unknown, at which a root near zero counts as found."""

RELATIVE_STEP = 4.0 * math.ulp(1.0)
"""Bracket width as a share of the unknown: the smallest that ``brentq`` accepts."""

MOST_STEPS = 2000
"""Far above what bisection needs to shrink any bracket used here to the widths above."""


@dataclass(frozen=True)
class Continuum:
    """The parameters of :func:`scenarios.repo.closed_form.solve`, checked."""

    haircut: float
    low_payoff: float
    high_payoff: float
    cash: float
    securities: float
    income_up: float
    income_down: float
    cdf: Callable[[float], float]
    quantile: Callable[[float], float]
    reuse: bool = True

    def __post_init__(self) -> None:
        """Refuse parameters out of range."""
        if not 0.0 <= self.haircut < 1.0:
            raise ValueError(f"The haircut must be at least 0 and below 1, not {self.haircut}.")
        if not 0.0 <= self.low_payoff < self.high_payoff < math.inf:
            raise ValueError(
                "Payoffs must be finite with 0 <= low_payoff < high_payoff, "
                f"not {self.low_payoff} and {self.high_payoff}."
            )
        if not (0.0 < self.cash < math.inf and 0.0 < self.securities < math.inf):
            raise ValueError(
                "Endowments of cash and securities must be positive and finite, "
                f"not {self.cash} and {self.securities}."
            )
        if not (0.0 <= self.income_up < math.inf and 0.0 <= self.income_down < math.inf):
            raise ValueError(
                "Incomes must be finite and not negative, "
                f"not {self.income_up} and {self.income_down}."
            )

    @property
    def spread(self) -> float:
        """High payoff less low payoff."""
        return self.high_payoff - self.low_payoff

    def price_at(self, belief: float) -> float:
        """Mean payoff under a belief, as a mix so that both ends are met exactly."""
        return (1.0 - belief) * self.high_payoff + belief * self.low_payoff

    def wealth(self, price: float) -> float:
        """W, the endowment at a price."""
        return self.cash + price * self.securities

    def per_margin(self, price: float) -> float:
        """Reciprocal of the largest position that margin allows."""
        return price * self.haircut / self.wealth(price)

    def per_long_solvency(self, belief: float, price: float) -> float:
        """Reciprocal of the largest long position that solvency allows."""
        return (1.0 - belief) * self.spread / (self.income_up + self.wealth(price))

    def per_short_solvency(self, belief: float, price: float) -> float:
        """Reciprocal of the largest short position that solvency allows."""
        return belief * self.spread / (self.income_down + self.wealth(price))


def belief_at_zero_rate(economy: Continuum) -> float:
    r"""The belief :math:`m` with :math:`F(m) \psi - (1 - F(m)) \theta = e_y` at its own price.

    Without reuse of collateral :math:`\theta = 0`.
    """

    def excess_demand(belief: float) -> float:
        # Multiplied by both reciprocals, which keeps it finite where a position is unbounded.
        price = economy.price_at(belief)
        per_long, per_short = reciprocal_positions(economy, belief, price)
        longs = float(economy.cdf(belief))
        if not economy.reuse:
            return longs - economy.securities * per_long
        return (
            longs * per_short - (1.0 - longs) * per_long - economy.securities * per_long * per_short
        )

    return root(excess_demand, 0.0, 1.0)


def reinvestment_suffices(economy: Continuum, belief: float) -> bool:
    r"""Whether :math:`\Psi \le \Psi^*` at a zero rate; always so without a haircut."""
    per_long, _ = reciprocal_positions(economy, belief, economy.price_at(belief))
    target = (1.0 + economy.haircut) * economy.securities
    return 2.0 * economy.haircut * float(economy.cdf(belief)) <= target * per_long


def marginal_long(economy: Continuum, price: float) -> tuple[float, bool]:
    r"""The belief :math:`m_1` that meets :math:`\Psi^*` at a price, and whether margin binds."""
    target = (1.0 + economy.haircut) * economy.securities / 2.0

    def shortfall(belief: float) -> float:
        needed = target * economy.per_long_solvency(belief, price)
        return economy.haircut * float(economy.cdf(belief)) - needed

    by_margin = float(economy.quantile(target * price / economy.wealth(price)))
    by_solvency = root(shortfall, 0.0, 1.0)
    return max(by_margin, by_solvency), by_margin >= by_solvency


def marginal_short(economy: Continuum, price: float) -> tuple[float, bool]:
    r"""The belief :math:`m_2` that meets :math:`\Theta^*` at a price, and whether margin binds."""
    target = (1.0 - economy.haircut) * economy.securities / 2.0

    def shortfall(belief: float) -> float:
        needed = target * economy.per_short_solvency(belief, price)
        return economy.haircut * (1.0 - float(economy.cdf(belief))) - needed

    by_margin = float(economy.quantile(1.0 - target * price / economy.wealth(price)))
    by_solvency = root(shortfall, 0.0, 1.0)
    return min(by_margin, by_solvency), by_margin <= by_solvency


def reciprocal_positions(economy: Continuum, belief: float, price: float) -> tuple[float, float]:
    r""":math:`1/\psi` and :math:`1/\theta` of the marginal belief at a zero rate."""
    per_margin = economy.per_margin(price)
    return (
        max(per_margin, economy.per_long_solvency(belief, price)),
        max(per_margin, economy.per_short_solvency(belief, price)),
    )


def root(function: Callable[[float], float], lower: float, upper: float) -> float:
    """The root between two numbers at which a function differs in sign."""
    from scipy.optimize import brentq

    at_lower, at_upper = function(lower), function(upper)
    if not min(at_lower, at_upper) <= 0.0 <= max(at_lower, at_upper):
        raise ValueError(
            "No equilibrium could be bracketed: check that cdf rises continuously from 0 at "
            "belief 0 to 1 at belief 1 and that quantile is its inverse."
        )
    return float(
        brentq(function, lower, upper, xtol=ABSOLUTE_STEP, rtol=RELATIVE_STEP, maxiter=MOST_STEPS)
    )
