r"""News, good or bad at every date, and what an asset pays in the end.

At each of the dates :math:`1, \dots, T` news is good or bad; after k pieces of bad news in T the
asset pays :math:`v_k`. A *node* is what has been heard so far. Where the payoff no longer depends
on what is still to come, the asset is worth that payoff and nothing is left to trade: the node is
*settled*, and all settled nodes of one payoff are the same. The others are *open*: each has a
market of its own, since what traders own there depends on the way that led to it.

Source: Geanakoplos, "The Leverage Cycle", NBER Macroeconomics Annual 24 (2010), where bad news
twice is what leaves the asset with its low payoff.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from markets.quote import FloatArray
from markets.refused import Refused

MOST_NODES = 127
"""Open nodes that a tree may have; a full one of seven dates has as many."""

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NewsTree:
    """The open nodes of a tree, M of them by date, and behind them L settled ones.

    Attributes
    ----------
    names : tuple of str
        What has been heard at each open node, for instance ``bad_bad``; ``now`` at the first.
    date : array of shape (M,)
        Date of each, from 0.
    good, bad : array of shape (M,)
        Node after good and after bad news: below M an open one, else M plus the place of a settled
        one. Numbers are larger than the node's own.
    settled : array of shape (L,)
        Payoff of the settled nodes.
    """

    names: tuple[str, ...]
    date: IntArray
    good: IntArray
    bad: IntArray
    settled: FloatArray

    @classmethod
    def of(cls, payoffs: Sequence[float]) -> NewsTree:
        """The tree of an asset that pays ``payoffs[k]`` after k pieces of bad news.

        Raises
        ------
        Refused
            If there are fewer than two payoffs, one is negative or not finite, they rise, they are
            all the same, or the tree has more than ``MOST_NODES`` open nodes.
        """
        given = np.asarray(payoffs, dtype=np.float64)
        if given.size < 2 or not np.isfinite(given).all() or given.min() < 0.0:
            raise Refused(
                f"payoffs is {list(payoffs)}; it must be two or more numbers of at least 0"
            )
        if np.any(np.diff(given) > 0.0) or given[0] == given[-1]:
            raise Refused(
                f"payoffs is {list(payoffs)}; more bad news must not raise the payoff, and some of"
                " it must lower it"
            )
        last = given.size - 1
        settled, place = np.unique(given, return_inverse=True)
        open_nodes: list[tuple[str, int, int]] = [("", 0, 0)]
        children: list[tuple[int, int]] = []
        for heard, date, bads in open_nodes:  # grows while it is gone through
            pair = []
            for news, more in (("good", 0), ("bad", 1)):
                low, high = bads + more, bads + more + last - date - 1
                if given[low] == given[high]:
                    pair.append(-1 - int(place[low]))
                    continue
                pair.append(len(open_nodes))
                open_nodes.append((f"{heard}_{news}".strip("_"), date + 1, low))
            children.append((pair[0], pair[1]))
            if len(open_nodes) > MOST_NODES:
                raise Refused(
                    f"payoffs has {given.size} entries, whose tree has more than {MOST_NODES} nodes"
                    " at which something is left to trade; let more of them be equal, or fewer"
                )
        count = len(open_nodes)
        numbered = np.array([[n if n >= 0 else count - 1 - n for n in pair] for pair in children])
        return cls(
            names=("now", *(heard for heard, _, _ in open_nodes[1:])),
            date=np.array([date for _, date, _ in open_nodes]),
            good=numbered[:, 0],
            bad=numbered[:, 1],
            settled=settled,
        )

    @property
    def count(self) -> int:
        """Number of open nodes, M."""
        return len(self.names)

    def place(self, heard: str) -> int:
        """Number of the open node at which this has been heard, for instance ``bad``.

        Raises
        ------
        Refused
            If there is no such open node.
        """
        if heard not in self.names:
            raise Refused(
                f'news is "{heard}"; something is left to trade after: {", ".join(self.names)}'
            )
        return self.names.index(heard)

    def reached(self, root: int) -> NDArray[np.bool_]:
        """Open nodes that can still be reached from one of them, itself included, shape (M,)."""
        within = np.zeros(self.count + self.settled.size, dtype=np.bool_)
        within[root] = True
        for node in range(root, self.count):
            if within[node]:
                within[self.good[node]] = within[self.bad[node]] = True
        return within[: self.count]

    def chances(self, belief: FloatArray, root: int) -> tuple[FloatArray, FloatArray]:
        r"""Probability of every branch that ends at a settled node, good and bad apart.

        Parameters
        ----------
        belief : array of shape (rows,)
            h, probability of good news at each date, independently.
        root : int
            Node at which one stands.

        Returns
        -------
        pair of arrays of shape (M, rows)
            Probability of good, and of bad news at each open node; zero where it leads to an open
            node.
        """
        here = np.zeros((self.count + self.settled.size, belief.size))
        here[root] = 1.0
        ends = np.zeros((2, self.count, belief.size))
        for node in range(root, self.count):
            for k, (child, chance) in enumerate(
                ((self.good[node], belief), (self.bad[node], 1.0 - belief))
            ):
                if child < self.count:
                    here[child] += chance * here[node]
                else:
                    ends[k, node] = chance * here[node]
        return ends[0], ends[1]
