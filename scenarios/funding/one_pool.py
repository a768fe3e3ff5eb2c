r"""Every equilibrium of several assets whose experts fund them from one pool of wealth.

With :math:`a_j = \operatorname{sign} Z_j` the side that experts take, the concession of an asset
that they hold follows from the funding premium :math:`\lambda`,

.. math:: d_j = \lambda (m_{0j} + a_j t_j d_j) \quad\Rightarrow\quad
          d_j(\lambda) = \frac{\lambda m_{0j}}{1 - a_j t_j \lambda},

up to :math:`|Z_j| / s_j`, at which customers need no expert and the asset drops out of the pool. So
all prices depend on one number, and an equilibrium is a root of the shortfall of funding

.. math:: N(\lambda) = \sum_j m_j\,(|Z_j| - s_j d_j)
          - \eta - \sum_j x_{0j} (v_j - a_j d_j) ,

or :math:`\lambda = 0` where :math:`N(0) \le 0` (*funded*), or the highest premium, at which no
asset is held, with :math:`N \ge 0` there (*wiped out*). Where experts are short of funding the
premium rises: a root is stable exactly if N falls through it.

Source: Brunnermeier, Eisenbach and Sannikov (survey), section 3.2; the equations for several assets
are ours. Nothing here is used to trade.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from markets.quote import FloatArray
from scenarios.funding.closed_form import Kind

SCAN = 2_000
"""Cells into which each stretch between two drop-outs is cut; roots closer than one are missed."""

PREMIUM = 1e-15
"""Bracket of a premium."""


@dataclass(frozen=True, slots=True)
class PoolRoot:
    """One equilibrium: premium, prices (one per asset), its kind, and whether it is stable."""

    premium: float
    prices: FloatArray
    kind: Kind
    stable: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """Several assets and one pool of funding; arrays of shape (assets,), named as in the module.

    Attributes
    ----------
    fundamental, supply, appetite, margin_base, margin_slope, endowment : array
        v, Z, s, m0, t and x0.
    """

    fundamental: FloatArray
    supply: FloatArray
    appetite: FloatArray
    margin_base: FloatArray
    margin_slope: FloatArray
    endowment: FloatArray

    def equilibria(self, cash: float) -> list[PoolRoot]:
        """Every equilibrium at some cash of the experts, in rising order of the premium.

        1. Scan N between the premia at which assets drop out, and narrow down every crossing.
        2. Add no premium and the highest one, where they are equilibria.
        """
        from scipy.optimize import brentq

        ends = np.unique([0.0, *self._drops_out.tolist()])
        stretches = [np.linspace(low, high, SCAN) for low, high in pairwise(ends.tolist())]
        grid = np.concatenate([ends[:1], *stretches])
        short = self._shortfall(grid, cash)
        roots: list[tuple[float, Kind, bool]] = []
        if short[0] <= 0.0:
            roots.append((0.0, "funded", True))
        for cell in np.flatnonzero((short[1:] > 0.0) != (short[:-1] > 0.0)).tolist():
            low, high = float(grid[cell]), float(grid[cell + 1])
            if low < high:
                root = brentq(
                    lambda at: float(self._shortfall(np.array([at]), cash)[0]),
                    low, high, xtol=PREMIUM,
                )  # fmt: skip
                roots.append((float(root), "constrained", bool(short[cell] > 0.0)))
        if short[-1] > 0.0:
            roots.append((float(grid[-1]), "wiped out", True))
        return [
            PoolRoot(premium, self.prices(premium), kind, stable) for premium, kind, stable in roots
        ]

    def prices(self, premium: float) -> FloatArray:
        """Price of every asset at a premium."""
        away = self._concession(np.array([premium]))[0]
        prices: FloatArray = self.fundamental - self._side * away
        return prices

    @property
    def _side(self) -> FloatArray:
        return np.where(self.supply >= 0.0, 1.0, -1.0)

    @property
    def _drops_out(self) -> FloatArray:
        """Premium at which each asset drops out."""
        widest = np.abs(self.supply) / self.appetite
        return widest / (self.margin_base + self._side * self.margin_slope * widest)

    def _concession(self, premium: FloatArray) -> FloatArray:
        """Concessions at some premia, shape (premia, assets)."""
        rows = premium[:, None]
        held = rows < self._drops_out
        left = np.where(held, 1.0 - self._side * self.margin_slope * rows, 1.0)
        return np.where(held, rows * self.margin_base / left, np.abs(self.supply) / self.appetite)

    def _shortfall(self, premium: FloatArray, cash: float) -> FloatArray:
        """N at some premia."""
        away = self._concession(premium)
        margin = self.margin_base + self._side * self.margin_slope * away
        needed = margin * (np.abs(self.supply) - self.appetite * away)
        wealth = cash + (self.fundamental - self._side * away) @ self.endowment
        short: FloatArray = np.sum(needed, axis=1) - wealth
        return short


def price_responses(
    *,
    premium: float,
    supply: FloatArray,
    appetite: FloatArray,
    margin: FloatArray,
    slope: FloatArray,
    side: FloatArray,
    position: FloatArray,
    endowment: FloatArray,
) -> FloatArray:
    r"""Effect of a unit of cash on each price where one pool of funding binds.

    With :math:`q_j' = -a_j m_j / (1 + a_j \lambda m_j')` the slope of price j by the premium and
    :math:`F_j' = s_j m_j a_j - x_{0j} + a_j m_j' x_j`, funding :math:`\sum_j F_j = \eta` gives
    :math:`dq_i / d\eta = q_i' / \sum_j F_j' q_j'`. Assets that experts do not hold
    (``side`` zero) rest. At a fold the effect is infinite.
    """
    held = side != 0.0
    by_premium = np.where(held, -side * margin / (1.0 + side * premium * slope), 0.0)
    needed = side * (appetite * margin + slope * position)
    total = float((np.where(held, needed, 0.0) - endowment) @ by_premium)
    with np.errstate(divide="ignore"):
        return np.divide(by_premium, total, out=np.zeros_like(by_premium), where=by_premium != 0.0)
