r"""Markets for goods that are traded for each other: pure exchange.

Prices :math:`p \in \mathbb{R}^n_{>0}` are quoted in units of the first good, the numeraire. Only
relative prices matter, so the coordinates are :math:`u_k = \log (p_k / p_1)`, :math:`k = 2, \dots,
n`, and what moves each is the excess demand for its good less that for the numeraire:

.. math:: r_k = \log \frac{D_k}{S_k} - \log \frac{D_1}{S_1}, \qquad
          D_k = \sum_i x_{ik}(p), \quad S_k = \sum_i e_{ik}.

The rule ``plain`` is then the textbook tatonnement in which the price of each of the :math:`n`
goods moves with its own excess demand, :math:`\dot p_k / p_k = \log (D_k / S_k) \approx z_k / S_k`
with :math:`z = D - S`, seen relative to the numeraire; which good that is changes nothing. All
residuals vanish only where all markets clear: with equal :math:`D_k / S_k` for all goods, Walras'
law :math:`p \cdot z = 0`, which holds in every round, leaves nothing but :math:`D = S`. So shares
of excess demand are compared with the numeraire's, too. (Shares of the other goods alone may all
vanish where the numeraire, worth next to nothing beside them, does not clear.)

Source: Samuelson, *Econometrica* 9 (1941); Arrow, Block and Hurwicz, *Econometrica* 27 (1959), on
tatonnement with and without a numeraire.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from markets.market import Market
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused
from markets.variable import Variable

WIDEST, TINY = 30.0, 1e-12
"""Largest logarithm of a relative price: one that gets there (1e13) is that of a good that is free,
or alone of value, and double precision could not tell whether such markets clear. Smallest demand,
as a share of the supply, so that logarithms stay finite: less counts as this."""


class Owners(Protocol):
    """What the market learns about a cohort before it opens: totals by good, shape (n,)."""

    owned: FloatArray
    wanted: FloatArray


class ExchangeMarket(Market[None, FloatArray, FloatArray, Owners]):
    """The markets for goods, the first of which is the numeraire.

    They post prices, shape (n,). Orders and book have two rows, shape (2, n): what is wanted at
    these prices, and what there is, in units of each good.

    Parameters
    ----------
    goods : sequence of str
        Names of the goods.
    """

    pace = 0.05  # of log prices; demand that moves with elasticity 1 settles in some 400 rounds

    excess_variables = (
        Variable("excess[{instrument}]", "units", "demand for {instrument} less supply"),
    )

    def __init__(self, goods: Sequence[str]) -> None:
        self.goods, unit = tuple(goods), f"units of {goods[0]}"
        self.quotes = tuple(
            Quote(f"price[{k}]", unit, f"price of {k}", "price[{instrument}]") for k in goods
        )
        self.excess_names = tuple(f"excess[{k}]" for k in goods[1:])

    def open(self, cohorts: Sequence[Owners]) -> None:
        """Learn what there is, and refuse a good that nobody owns or nobody wants."""
        self.supply = np.sum([cohort.owned for cohort in cohorts], axis=0)
        wanted = np.sum([cohort.wanted for cohort in cohorts], axis=0)
        for k in np.flatnonzero(np.minimum(self.supply, wanted) <= 0.0):
            raise Refused(
                f"good {self.goods[k]}: somebody must own it (endowment), want it (weights)"
            )

    def random_quotes(self, rng: np.random.Generator) -> dict[str, float]:
        """Prices between a half and two."""
        return self.named(np.exp(rng.uniform(-np.log(2.0), np.log(2.0), len(self.goods))))

    def first_quotes(self) -> dict[str, float]:
        """Prices at which what there is of every good is worth the same."""
        return self.named(self.supply[0] / self.supply)

    def limits(self, terms: None) -> Limits:
        """A wide box; no equilibrium with positive prices is at its sides."""
        wide = np.full(len(self.goods) - 1, WIDEST)
        return Limits(-wide, wide, wide < 0.0, wide < 0.0)

    def locate(self, quotes: Mapping[str, float], terms: None) -> FloatArray:
        """Logarithms of relative prices."""
        logs = np.log([quotes[quote.name] for quote in self.quotes])
        return np.asarray(logs[1:] - logs[0])

    def post(self, coordinates: FloatArray, terms: None, moved: FloatArray) -> FloatArray:
        """Prices in units of the numeraire."""
        return np.asarray(np.exp(np.append(0.0, coordinates)))

    def named(self, posted: FloatArray) -> dict[str, float]:
        """The prices by name."""
        return dict(zip((quote.name for quote in self.quotes), posted.tolist(), strict=True))

    def excess(self, posted: FloatArray, book: FloatArray) -> Excess:
        """How far the markets are from clearing: units of each good but the numeraire.

        Residuals and shares are relative to the numeraire's, shares halved to stay in [-1, 1].
        """
        demand, supply = book
        push = np.log(np.maximum(demand / supply, TINY))
        share = (demand - supply) / (demand + supply)
        return Excess(push[1:] - push[0], 0.5 * (share[1:] - share[0]), (demand - supply)[1:])
