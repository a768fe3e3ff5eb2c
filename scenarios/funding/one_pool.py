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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from markets.quote import BoolArray, FloatArray
from scenarios.funding.closed_form import Kind

NARROWEST = 1e-13
"""Width of a stretch, as a share of its premium, that is not cut any further: two roots in it are
one, a fold."""

TOUCHES = 1e-13
"""Share of the amounts that it is the difference of; a shortfall below it is zero at a fold."""

CURVE_POINTS, BEYOND = 401, 1.1
"""Premia at which the shortfall of funding is worked out, up to a multiple of the highest root."""

PREMIUM = 1e-15
"""Bracket of a premium, as a share of it."""


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

        1. Between two premia at which assets drop out, N is smooth and its slope has bounds. Cut
           every stretch in halves until N is monotone in each, or surely not zero.
        2. A monotone stretch has a root exactly if N changes its sign; narrow it down.
        3. Add no premium and the highest one, where they are equilibria.
        """
        ends = np.unique([0.0, *self._drops_out.tolist()])
        roots: list[tuple[float, Kind, bool]] = []
        short, last = (float(self.shortfall(ends[[k]], cash)[0]) for k in (0, -1))
        if short <= 0.0:
            roots.append((0.0, "funded", True))
        low, high = ends[:-1], ends[1:]
        while low.size:
            monotone, empty = self._settled(low, high, cash)
            narrow = ~monotone & ~empty & (high - low <= NARROWEST * high)
            for a, b in zip(low[monotone], high[monotone], strict=True):
                roots += self._crossing(float(a), float(b), cash)
            for a, b in zip(low[narrow], high[narrow], strict=True):
                roots += self._crossing(float(a), float(b), cash) or self._fold(float(b), cash)
            left = ~(monotone | empty | narrow)
            middle = 0.5 * (low[left] + high[left])
            low, high = np.append(low[left], middle), np.append(middle, high[left])
        if last > 0.0 or not roots:
            roots.append((float(ends[-1]), "wiped out", True))
        return [
            PoolRoot(premium, self.prices(premium), kind, stable)
            for premium, kind, stable in sorted(roots)
        ]

    def _settled(
        self, low: FloatArray, high: FloatArray, cash: float
    ) -> tuple[BoolArray, BoolArray]:
        r"""Whether N is monotone between two premia, and whether it surely has no root there.

        :math:`N' = \sum_j m_{0j} u_j^2 B_j` over the assets held, with :math:`u_j = 1 / (1 - a_j
        t_j \lambda)` and :math:`B_j = a_j t_j |Z_j| + a_j x_{0j} - s_j m_{0j} u_j (1 + a_j t_j
        \lambda)`, each monotone: their ends are their bounds.
        """
        tilt = self._side * self.margin_slope
        held = low[:, None] < self._drops_out
        ends = np.stack([low, high])[:, :, None]
        left = np.where(held, 1.0 - tilt * ends, 1.0)
        weight = np.where(held, self.margin_base, 0.0) / left**2
        inner = tilt * np.abs(self.supply) + self._side * self.endowment
        inner = inner - self.appetite * self.margin_base * (1.0 + tilt * ends) / left
        products = weight[:, None] * inner[None, :]
        least, most = (np.sum(bound(products, axis=(0, 1)), axis=1) for bound in (np.min, np.max))
        at = self.shortfall(0.5 * (low + high), cash)
        empty = np.abs(at) > np.maximum(np.abs(least), np.abs(most)) * 0.5 * (high - low)
        return (least >= 0.0) | (most <= 0.0), empty

    def _crossing(self, low: float, high: float, cash: float) -> list[tuple[float, Kind, bool]]:
        """The root between two premia if N changes its sign; one at the first counts as funded."""
        from scipy.optimize import brentq

        def short(premium: float) -> float:
            return float(self.shortfall(np.array([premium]), cash)[0])

        before, after = short(low), short(high)
        if (before > 0.0) == (after > 0.0) or (low == 0.0 and before == 0.0):
            return []
        root = float(brentq(short, low, high, xtol=PREMIUM * high))
        return [(root, "constrained", before > 0.0)]

    def _fold(self, premium: float, cash: float) -> list[tuple[float, Kind, bool]]:
        """The double root of a stretch in which N turns, if it is zero there but for rounding."""
        away = self._concession(np.array([premium]))[0]
        margin = self.margin_base + self._side * self.margin_slope * away
        amounts = margin * np.abs(self.supply) + np.abs(self.endowment * self.fundamental)
        short = float(self.shortfall(np.array([premium]), cash)[0])
        touches = abs(short) <= TOUCHES * (float(np.sum(amounts)) + abs(cash))
        return [(premium, "constrained", False)] if touches else []

    def prices(self, premium: float) -> FloatArray:
        """Price of every asset at a premium."""
        away = self._concession(np.array([premium]))[0]
        prices: FloatArray = self.fundamental - self._side * away
        return prices

    def shortfall_by_premium(self, cash: float, roots: Sequence[PoolRoot]) -> pd.DataFrame:
        """N over the premia around some equilibria; their own rows say what they are.

        Columns ``funding_premium``, ``shortfall`` and ``textbook_rule``, which is empty elsewhere.
        """
        room = BEYOND * roots[-1].premium
        curve = np.unique(
            [*np.linspace(0.0, room, CURVE_POINTS), *self._drops_out[self._drops_out < room]]
        )
        table = pd.DataFrame(
            {"funding_premium": curve, "shortfall": self.shortfall(curve, cash)}
        ).assign(textbook_rule="")
        zeros = pd.DataFrame(
            {
                "funding_premium": root.premium,
                "shortfall": float(self.shortfall(np.array([root.premium]), cash)[0]),
                "textbook_rule": "stable" if root.stable else "unstable",
            }
            for root in roots
        )
        return pd.concat([table, zeros]).sort_values("funding_premium", ignore_index=True)

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

    def shortfall(self, premium: FloatArray, cash: float) -> FloatArray:
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
