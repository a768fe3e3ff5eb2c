r"""The linear program of a trader in the leverage cycle, over all nodes and a menu of loans.

At every open node n that can be reached, a trader with a wealth of one chooses assets a, cash c,
loans granted b and taken s of every promise j of the menu, to

.. math::

   \max\; E_h[w_T] \quad \text{subject to} \quad
   p_n a_n + c_n + \sum_j q_{nj} (b_{nj} - s_{nj}) &= w_n, \\
   w_{n'} &= p_{n'} a_n + c_n + \sum_j \min(\varphi_{nj}, p_{n'}) (b_{nj} - s_{nj}), \\
   \sum_j s_{nj} \le a_n, \qquad
   \sum_j q_{nj} s_{nj} &\le (1 - 1 / L_n)\, p_n a_n ,

everything at least 0. A promise :math:`\varphi` against one asset delivers :math:`\min(\varphi,
p_{n'})`. The menu has half of the largest promise that is always kept, that promise itself, and one
midway between the prices after bad and after good news. Each costs what it delivers at the state
prices that price the asset and cash, :math:`\pi_g = (p - p_b) / (p_g - p_b)`: at any other price
borrowers or lenders would gain, so that a trader who forgoes nothing at these has no use for the
loans that nobody trades.

Source: Geanakoplos (2010), where the menu is the set of all promises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from markets.leverage.news_tree import NewsTree
from markets.quote import FloatArray
from simulator.linear_program import maximise

MENU: Final = 3
"""Promises on the menu of a node."""


@dataclass(frozen=True, slots=True)
class Program:
    """The program at some prices.

    Attributes
    ----------
    tree : NewsTree
        News and payoffs.
    root : int
        Node at which one stands.
    price : array of shape (M + L,)
        Price at every open node, and payoff at the settled ones.
    most_leverage : array of shape (M,)
        L, infinity where there is no cap.
    """

    tree: NewsTree
    root: int
    price: FloatArray
    most_leverage: FloatArray

    def promised(self, node: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """The menu of a node: promises, their prices, and deliveries after good and bad news."""
        good, bad = (float(self.price[child[node]]) for child in (self.tree.good, self.tree.bad))
        safe, best = min(good, bad), max(good, bad)
        promised = np.array([0.5 * safe, safe, 0.5 * (safe + best)])
        part = (float(self.price[node]) - bad) / (good - bad)
        delivered = np.minimum(promised, good), np.minimum(promised, bad)
        return promised, part * delivered[0] + (1.0 - part) * delivered[1], *delivered

    def value(self, beliefs: FloatArray) -> FloatArray:
        """Largest expected wealth in the end, per unit of wealth now; NaN if HiGHS finds none.

        Parameters
        ----------
        beliefs : array of shape (rows,)
            Probabilities of good news.
        """
        tree = self.tree
        nodes = np.flatnonzero(tree.reached(self.root))
        width = 2 + 2 * MENU
        place = {int(node): k for k, node in enumerate(nodes)}
        # budgets of all nodes, then their collateral, then their caps
        rows = np.zeros((3 * nodes.size, nodes.size * width))
        gains = np.zeros((beliefs.size, nodes.size * width))
        ends = tree.chances(beliefs, self.root)
        for node, k in place.items():
            own = slice(k * width, (k + 1) * width)
            _, cost, *delivered = self.promised(node)
            price = float(self.price[node])
            rows[k, own] = np.concatenate([[price, 1.0], cost, -cost])
            for child, delivery, chance in zip(
                (int(tree.good[node]), int(tree.bad[node])), delivered, ends, strict=True
            ):
                paid = np.concatenate([[float(self.price[child]), 1.0], delivery, -delivery])
                if child in place:
                    rows[place[child], own] = -paid
                else:
                    gains[:, own] += np.outer(chance[node], paid)
            none = np.zeros(MENU)
            rows[nodes.size + k, own] = np.concatenate([[-1.0, 0.0], none, np.ones(MENU)])
            limit = (1.0 - 1.0 / float(self.most_leverage[node])) * price
            rows[2 * nodes.size + k, own] = np.concatenate([[-limit, 0.0], none, cost])
        most = np.zeros(3 * nodes.size)
        most[place[self.root]] = 1.0
        least = np.where(np.arange(most.size) < nodes.size, most, -np.inf)
        return np.array([maximise(each, rows, most, at_least=least).value for each in gains])
