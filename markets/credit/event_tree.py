r"""Event trees: dates 0, 1 and 2, with any number of branches, and goods that last.

A bundle :math:`v` consumed at a node becomes :math:`Y_\mu v` at each node :math:`\mu` that follows
it. Numbers are kept as exact fractions: what a file says as ``"9/22"`` stays that.

Source: Iraola and Torres-Martinez, "Liquidity contractions and prepayment risk on collateralized
asset markets" (SDT 364, 2012), section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from markets.quote import FloatArray
from markets.refused import Refused

Bundle = tuple[Fraction, ...]
"""An amount of each good, in the order of the tree's goods."""

Matrix = tuple[Bundle, ...]
"""One row per good: how much of it each unit of every good becomes."""

DATES = 3


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree.

    Parameters
    ----------
    name : str
        Its name, without ``@``, ``[`` or ``]``.
    after : str or None
        The node it follows; None for the first node.
    keeps : Matrix
        :math:`Y`: entry (l, k) is what a unit of good k consumed at the predecessor leaves of
        good l. Not used at the first node.
    """

    name: str
    after: str | None
    keeps: Matrix = ()


@dataclass(frozen=True)
class EventTree:
    """Nodes at dates 0, 1 and 2, and the goods that are traded at each of them.

    Parameters
    ----------
    nodes : sequence of Node
        The first node, then the others in any order in which predecessors come first.
    goods : sequence of str
        Names of the goods; prices are in units of the first.

    Raises
    ------
    Refused
        If the nodes are no tree of dates 0, 1, 2, or a transformation is not one.
    """

    nodes: tuple[Node, ...]
    goods: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what is not a tree."""
        if not self.goods:
            raise Refused("goods is empty; an economy has at least one good")
        _distinct(self.goods, "good")
        _distinct([node.name for node in self.nodes], "node")
        roots = [node.name for node in self.nodes if node.after is None]
        if len(roots) != 1:
            names = ", ".join(f'"{name}"' for name in roots) or "none"
            raise Refused(
                "nodes: exactly one node has no predecessor (the first, without after);"
                f" the nodes without one are {names}"
            )
        known: dict[str, int] = {}
        for node in self.nodes:
            self._check(node, known)
            known[node.name] = 0 if node.after is None else known[node.after] + 1
        for node in self.nodes:
            date = known[node.name]
            if date < DATES - 1 and not self.after(node.name):
                raise Refused(
                    f'node "{node.name}" is at date {date} and nothing follows it; every branch'
                    " reaches date 2"
                )

    def _check(self, node: Node, known: Mapping[str, int]) -> None:
        """Refuse a node that does not fit on what is there."""
        if any(mark in node.name for mark in "@[]"):
            raise Refused(f'node "{node.name}": a name has no "@", "[" or "]"')
        if node.after is None:
            return
        if node.after not in known:
            raise Refused(
                f'node "{node.name}" follows "{node.after}", which is no node named before it'
            )
        if known[node.after] >= DATES - 1:
            raise Refused(
                f'node "{node.name}" follows "{node.after}", which is at date 2; dates are 0 to 2'
            )
        size = len(self.goods)
        if len(node.keeps) != size or any(len(row) != size for row in node.keeps):
            raise Refused(f'node "{node.name}": keeps is not a {size} by {size} matrix')
        for row in node.keeps:
            for entry in row:
                if entry < 0:
                    raise Refused(
                        f'node "{node.name}": keeps has the entry {entry}; a transformation has'
                        " no negative entries"
                    )

    # ------------------------------------------------------------------ who follows whom
    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the nodes."""
        return tuple(node.name for node in self.nodes)

    @cached_property
    def root(self) -> str:
        """The first node."""
        return next(node.name for node in self.nodes if node.after is None)

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def node(self, name: str) -> Node:
        """The node of a name."""
        return self._by_name[name]

    def before(self, name: str) -> str:
        """Predecessor of a node that has one."""
        after = self.node(name).after
        assert after is not None
        return after

    def after(self, name: str) -> tuple[str, ...]:
        """Immediate successors of a node."""
        return tuple(node.name for node in self.nodes if node.after == name)

    def date(self, name: str) -> int:
        """Date of a node: 0, 1 or 2."""
        after = self.node(name).after
        return 0 if after is None else 1 + self.date(after)

    @cached_property
    def middle(self) -> tuple[str, ...]:
        """The nodes of date 1."""
        return self.after(self.root)

    @cached_property
    def last(self) -> tuple[str, ...]:
        """The nodes of date 2."""
        return tuple(name for name in self.names if self.date(name) == DATES - 1)

    # ------------------------------------------------------------------ goods over time
    def become(self, bundle: Bundle, node: str) -> Bundle:
        """What a bundle consumed at the predecessor of ``node`` has become there."""
        return tuple(
            sum((y * v for y, v in zip(row, bundle, strict=True)), Fraction(0))
            for row in self.node(node).keeps
        )

    @cached_property
    def carried(self) -> FloatArray:
        """Transformations as numbers, shape (D, L, L); zero at the first node."""
        size = len(self.goods)
        carried = np.zeros((len(self.nodes), size, size))
        for place, node in enumerate(self.nodes):
            if node.after is not None:
                carried[place] = [[float(entry) for entry in row] for row in node.keeps]
        return carried

    def autarky(self, endowment: FloatArray) -> FloatArray:
        """What each of H members has at each node if nobody trades, (H, D, L), from endowments."""
        owned = endowment.copy()
        for node, before in enumerate(self.predecessors):
            if before >= 0:
                owned[:, node] += owned[:, before] @ self.carried[node].T
        return owned

    @cached_property
    def places(self) -> dict[str, int]:
        """Place of each node in every array with one row per node."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def predecessors(self) -> list[int]:
        """Place of each node's predecessor; -1 at the first."""
        return [-1 if n.after is None else self.places[n.after] for n in self.nodes]


def _distinct(names: Sequence[str], kind: str) -> None:
    for name in names:
        if list(names).count(name) > 1:
            raise Refused(f'{kind} "{name}" is named twice; names are distinct')
