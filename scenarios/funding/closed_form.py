r"""Prices of assets whose experts are short of funding, from the equations of the source.

One asset. Customers sell :math:`S(q) = Z - s (v - q)`, a position of one needs the margin
:math:`m(q) = m_0 + t (v - q)`, experts start with cash :math:`\eta` and :math:`x_0` assets. With
:math:`a = \operatorname{sign} Z` (long experts for 1, short ones for -1) and the concession
:math:`d = a (v - q) \ge 0`, an equilibrium is

* *funded*: :math:`d = 0` if :math:`m_0 |Z| \le \eta + x_0 v`;
* *constrained*: :math:`G(d) = (m_0 + a t d)(|Z| - s d) - x_0 (v - a d) = \eta` with
  :math:`0 \le d \le |Z| / s`, a quadratic;
* *wiped out*: :math:`d = |Z| / s` if :math:`\eta + x_0 q \le 0` there.

Where it is constrained, wealth moves the price by

.. math:: \frac{dq}{d\eta} = \frac{a}{s\, m - a x_0 + m'(q)\, x_1}, \qquad x_1 = S(q),

the printed formula (for longs, a = 1). Tatonnement is stable there exactly if the denominator is
positive: it is minus the slope of :math:`G`. Where it vanishes the price jumps, a *fold*.

Several assets in one pool of funding: :mod:`scenarios.funding.one_pool`.

Source: Brunnermeier, Eisenbach and Sannikov (survey), section 3.2, after Brunnermeier and
Pedersen (2009). Nothing here is used to trade.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Kind = Literal["funded", "constrained", "wiped out"]

BRANCH_POINTS = 401
"""Prices at which the branch of constrained equilibria is worked out."""

SAME = 1e-12
"""Concessions closer than this share of the largest one are one root."""


@dataclass(frozen=True, slots=True)
class Amplification:
    r"""What one more unit of cash does to the price, in three parts that add up.

    All at the same state: with neither spiral the price would move by ``direct``
    :math:`= a / (s m)`; that experts gain on what they hold adds ``loss``; that the margin falls
    as the price rises adds ``margin``. A part is infinite where its denominator is not positive.

    Attributes
    ----------
    direct, loss, margin, total : float
        Cash per asset for a unit of cash.
    stability : float
        Denominator of ``total`` as a share of that of ``direct``: 1 without spirals, 0 at a fold,
        negative at an unstable price.
    """

    direct: float
    loss: float
    margin: float
    total: float
    stability: float


@dataclass(frozen=True, slots=True)
class Root:
    """One equilibrium of the market.

    Attributes
    ----------
    price, position, margin : float
        q, x1 and m at the equilibrium.
    kind : str
        ``"funded"``, ``"constrained"`` or ``"wiped out"``.
    stable : bool
        Whether tatonnement returns to it.
    """

    price: float
    position: float
    margin: float
    kind: Kind
    stable: bool


@dataclass(frozen=True, slots=True)
class Spiral:
    """The market for one asset; fields as in the module's docstring.

    Attributes
    ----------
    fundamental, supply, appetite : float
        v, Z and s.
    margin_base, margin_slope : float
        m0 and t.
    endowment : float
        x0.
    """

    fundamental: float
    supply: float
    appetite: float
    margin_base: float
    margin_slope: float
    endowment: float

    @property
    def side(self) -> float:
        """Which side experts take: 1 long, -1 short."""
        return 1.0 if self.supply >= 0.0 else -1.0

    @property
    def widest(self) -> float:
        """Concession at which customers need no expert."""
        return abs(self.supply) / self.appetite

    def price(self, concession: float) -> float:
        """Price at a concession d."""
        return self.fundamental - self.side * concession

    def margin(self, price: float) -> float:
        """Margin on one asset at a price."""
        return self.margin_base + self.margin_slope * (self.fundamental - price)

    def position(self, price: float) -> float:
        """What customers leave to experts at a price."""
        return self.supply - self.appetite * (self.fundamental - price)

    def wealth_needed(self, price: float) -> float:
        """Cash eta at which the market clears with constrained experts at a price: G."""
        return self.margin(price) * abs(self.position(price)) - self.endowment * price

    def denominator(self, price: float) -> float:
        """Denominator of the printed formula."""
        return (
            self.appetite * self.margin(price)
            - self.side * self.endowment
            - self.margin_slope * self.position(price)
        )

    def amplification(self, price: float) -> Amplification:
        """Decompose the effect of wealth at a constrained price."""
        direct = self.appetite * self.margin(price)
        with_loss = direct - self.side * self.endowment
        whole = with_loss - self.margin_slope * self.position(price)
        first, second, third = (
            self.side / part if part > 0.0 else math.inf for part in (direct, with_loss, whole)
        )
        known = math.isfinite(second) and math.isfinite(third)
        return Amplification(
            direct=first,
            loss=second - first,
            margin=third - second if known else math.inf,
            total=third,
            stability=whole / direct,
        )

    def equilibria(self, cash: float) -> list[Root]:
        """Every equilibrium at some cash of the experts, in falling order of the price."""
        places: list[tuple[float, Kind, bool]] = []
        left = cash + self.endowment * self.fundamental - self.margin_base * abs(self.supply)
        if left >= 0.0:
            places.append((0.0, "funded", True))
        for d in self._constrained(cash):
            stable = self.denominator(self.price(d)) > 0.0
            places.append((d, "constrained", stable))
        wealth = cash + self.endowment * self.price(self.widest)
        if wealth <= 0.0 and (self.widest > 0.0 or not places):
            places.append((self.widest, "wiped out", True))
        if not places:  # a root at an end of the range, but for rounding
            nearer: Kind = "funded" if abs(left) <= abs(wealth) else "wiped out"
            places.append((0.0 if nearer == "funded" else self.widest, nearer, True))
        roots = []
        for d, kind, stable in places:
            q = self.price(d)
            roots.append(Root(q, self.position(q), self.margin(q), kind, stable))
        return sorted(roots, key=lambda root: -root.price)

    def fold(self) -> tuple[float, float] | None:
        """Price and cash of the fold, where the denominator vanishes; None if it does nowhere."""
        if self.margin_slope == 0.0:
            return None
        a, t, s = self.side, self.margin_slope, self.appetite
        d = (t * abs(self.supply) + self.endowment - a * s * self.margin_base) / (2.0 * s * t)
        if not 0.0 < d < self.widest:
            return None
        price = self.price(d)
        return price, self.wealth_needed(price)

    def edge(self) -> float:
        """Least cash at which experts can fund the whole position at the fundamental price."""
        return self.margin_base * abs(self.supply) - self.endowment * self.fundamental

    def branches(self, low: float, high: float) -> pd.DataFrame:
        """Every equilibrium over a range of the experts' cash, branch by branch.

        Columns: ``kind`` and ``stable``, ``experts_wealth`` and ``security_price``, and ``fold``,
        which marks the row of the fold. Rows lead from the fundamental value outwards; the funded
        and the wiped-out branch have their two ends only.
        """
        fold = self.fold()
        prices = self.fundamental - self.side * np.linspace(0.0, self.widest, BRANCH_POINTS)
        if fold is not None:
            prices = np.union1d(prices, fold[0])[:: -int(self.side)]
        rows: list[tuple[Kind, bool, float, float]] = [
            ("funded", True, cash, self.fundamental)
            for cash in (max(high, self.edge()), self.edge())
        ]
        for price in prices.tolist():
            stable = self.denominator(price) > 0.0
            rows.append(("constrained", stable, self.wealth_needed(price), price))
        last = self.price(self.widest)
        gone = -self.endowment * last
        rows += [("wiped out", True, cash, last) for cash in (gone, min(low, gone))]
        table = pd.DataFrame(rows, columns=["kind", "stable", "experts_wealth", "security_price"])
        marked = (table["kind"] == "constrained") & (fold is not None)
        table["fold"] = marked & (table["security_price"] == (fold or (math.nan,))[0])
        return table

    def rest(self, cash: float, start: float) -> Root:
        """Equilibrium that the price drifts to from ``start`` while cash stays what it is.

        Away from the fundamental the price falls behind where more than the cash is needed, and
        recovers where less is: the next stable root that way.
        """
        begin = min(max(self.side * (self.fundamental - start), 0.0), self.widest)
        roots = self.equilibria(cash)
        places = [self.side * (self.fundamental - root.price) for root in roots]
        near = SAME * max(self.widest, 1.0)
        short = self._short(cash, begin)
        for root, place in zip(roots, places, strict=True):
            if root.stable and abs(place - begin) <= near:
                return root
        wider = [
            (place, root)
            for root, place in zip(roots, places, strict=True)
            if root.stable and (place > begin if short else place < begin)
        ]
        # none that way, but for rounding: the start is as good as at one
        every = list(zip(places, roots, strict=True))
        found = wider or [pair for pair in every if pair[1].stable] or every
        chosen = min(found, key=lambda pair: abs(pair[0] - begin))
        return chosen[1]

    def path(self, cash: Sequence[float]) -> list[Root]:
        """Equilibria along a slow path of cash, from the fundamental price."""
        path: list[Root] = []
        price = self.fundamental
        for amount in cash:
            root = self.rest(amount, price)
            path.append(root)
            price = root.price
        return path

    def _short(self, cash: float, concession: float) -> bool:
        """Whether experts lack funding at a concession, so that it has to widen."""
        price = self.price(concession)
        wealth = max(cash + self.endowment * price, 0.0)
        return self.margin(price) * abs(self.position(price)) > wealth

    def _constrained(self, cash: float) -> list[float]:
        """Concessions of the constrained equilibria, roots of a quadratic."""
        a, t, s = self.side, self.margin_slope, self.appetite
        size = abs(self.supply)
        squared = -a * t * s
        linear = a * t * size - s * self.margin_base + a * self.endowment
        constant = self.margin_base * size - self.endowment * self.fundamental - cash
        return [d for d in _roots(squared, linear, constant) if 0.0 < d < self.widest]


def _roots(squared: float, linear: float, constant: float) -> list[float]:
    """Real roots of a quadratic, without cancellation, in rising order."""
    if squared == 0.0:
        return [-constant / linear] if linear != 0.0 else []
    inside = linear * linear - 4.0 * squared * constant
    if inside < 0.0:
        return []
    far = -0.5 * (linear + math.copysign(math.sqrt(inside), linear))
    roots = {far / squared} | ({constant / far} if far != 0.0 else set())
    return sorted(roots)
