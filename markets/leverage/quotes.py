r"""Terms, quotes and book of the markets at the nodes of a tree of news."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from markets.ladder import Rung
from markets.leverage.news_tree import NewsTree
from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class LeverageTerms:
    """What the clearing house announces.

    Attributes
    ----------
    root : int
        Node of the tree at which traders stand.
    most_leverage : array of shape (M,)
        Largest value of the asset as a multiple of the down payment, at each open node, at least
        1; infinity where nobody limits it.
    loan_due : float
        What was promised on each asset at the date before, cash; 0 at the first.
    forward_price : float
        What was quoted for this news at the date before; NaN at the first.
    rest : array of shape (M,), optional
        Coordinates at which the date before came to rest.
    """

    root: int
    most_leverage: FloatArray
    loan_due: float = 0.0
    forward_price: float = math.nan
    rest: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class LeverageQuotes:
    r"""What the markets post in a round.

    Attributes
    ----------
    tree : NewsTree
        The news.
    terms : LeverageTerms
        What was announced.
    price : array of shape (M + L,)
        p, cash per asset at every open node, and the payoff at the settled ones.
    buyer : tuple of Rung
        Belief of the marginal buyer of every open node, and the share of orders waiting there that
        is filled.
    coordinates : array of shape (M,), optional
        Where the markets stand, if they posted these quotes.
    """

    tree: NewsTree
    terms: LeverageTerms
    price: FloatArray
    buyer: tuple[Rung, ...]
    coordinates: FloatArray | None = None

    @property
    def loan(self) -> FloatArray:
        r"""Largest loan on an asset, at every open node, shape (M,).

        The largest promise that is kept after either news, :math:`\min(p_g, p_b)`, unless leverage
        is limited: :math:`p - \ell \ge p / L`.
        """
        price, tree = self.price, self.tree
        safe = np.minimum(price[tree.good], price[tree.bad])
        return np.minimum(safe, (1.0 - 1.0 / self.terms.most_leverage) * price[: tree.count])

    @property
    def recovery(self) -> float:
        """Share of the loans due that is paid: the assets at most, where they are worth less."""
        due = self.terms.loan_due
        return 1.0 if due == 0.0 else min(1.0, float(self.price[self.terms.root]) / due)

    def worth(self, belief: FloatArray) -> tuple[FloatArray, FloatArray]:
        r"""What a unit of cash is worth to traders at every node, and what buying adds to it.

        Backwards from the settled nodes, where :math:`V = 1`,

        .. math::

           C_n &= h V_g + (1 - h) V_b, \\
           A_n &= h V_g p_g + (1 - h) V_b p_b, \\
           V_n &= \max \{ C_n,\ (A_n - \ell_n C_n) / (p_n - \ell_n) \} .

        Parameters
        ----------
        belief : array of shape (rows,)
            h.

        Returns
        -------
        value : array of shape (M + L, rows)
            V.
        gain : array of shape (M, rows)
            :math:`A_n - p_n C_n`, positive where a trader buys with the largest loan.
        """
        value = np.ones((self.price.size, belief.size))
        gain = np.empty((self.tree.count, belief.size))
        paid = self.price[: self.tree.count] - self.loan
        for node in reversed(range(self.tree.count)):
            value[node], gain[node] = worth_at(
                node, self.tree, self.price, float(paid[node]), belief, value
            )
        return value, gain

    def indifferent(self, node: int, belief: float) -> float:
        r"""Price at which a belief would be a node's marginal buyer's, other prices as they are.

        :math:`A_n / C_n` of :meth:`worth`, which does not depend on the loan.
        """
        value, _ = self.worth(np.array([belief]))
        good, bad = self.tree.good[node], self.tree.bad[node]
        up, down = belief * float(value[good, 0]), (1.0 - belief) * float(value[bad, 0])
        return float((up * self.price[good] + down * self.price[bad]) / (up + down))


def worth_at(
    node: int,
    tree: NewsTree,
    price: FloatArray,
    paid: float,
    belief: FloatArray,
    value: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    r"""One step back of :meth:`LeverageQuotes.worth`: V and gain at a node, from V at later ones.

    ``paid`` is the down payment on an asset, :math:`p_n - \ell_n`; where it is zero nobody gains.
    """
    good, bad = tree.good[node], tree.bad[node]
    up, down = belief * value[good], (1.0 - belief) * value[bad]
    gain = up * (price[good] - price[node]) - down * (price[node] - price[bad])
    return up + down + (np.maximum(gain, 0.0) / paid if paid > 0.0 else 0.0), gain


class Matched(NamedTuple):
    """What becomes of orders that leave a small excess demand where the rounds rest.

    ``lent`` is the share of what is saved that is lent, the same for every saver; ``asset`` and
    ``saved`` are factors, within the precision of clearing of one, that make what all hold exactly
    what there is.
    """

    lent: float
    asset: float
    saved: float


@dataclass(frozen=True, slots=True)
class LeverageBook:
    """Orders of a cohort for every open node, and their sum over cohorts; arrays of shape (M,).

    Attributes
    ----------
    asset : array
        Assets held.
    owed : array
        Borrowed against them, cash; repaid at the next date without interest.
    saved : array
        Held in cash, or lent, by those who do not buy.
    endowed_cash, endowed_asset : float
        What there is, all that is carried and owed added up.
    """

    asset: FloatArray
    owed: FloatArray
    saved: FloatArray
    endowed_cash: float
    endowed_asset: float
