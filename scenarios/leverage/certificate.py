r"""Proof that quotes and plans are an equilibrium of the leverage cycle.

Everything is recomputed from the table of plans and the quotes; this module shares no code with the
traders or the market but the tree of news. Each trader's plan is compared with the value of its
linear program over all nodes, see :mod:`scenarios.leverage.program`.

Source: Geanakoplos, "The Leverage Cycle", NBER Macroeconomics Annual 24 (2010).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from markets.leverage.news_tree import NewsTree
from markets.quote import FloatArray
from scenarios.leverage.program import Program
from simulator.certificate import Certificate, Condition
from simulator.population.counted import population_condition

CLEARING: Final = 1e-9
"""Share of what there is: ten times the excess demand at which rounds settle."""

ROUNDING: Final = 1e-11
"""Share of a trader's wealth, or of a price: sums of a few products, rounded."""

OPTIMALITY: Final = 1e-9
"""Expected wealth that a trader forgoes, as a share of what is best: the precision of HiGHS."""

FORWARD: Final = 1e-8
"""Difference of a price from its forward quote, as a share of it: of two points at rest."""

PROGRAMS: Final = 60
"""Rows of traders whose program is solved, evenly along the line, and those around each node's
marginal buyer beside them."""


def certify(
    *,
    agents: pd.DataFrame,
    quotes: Mapping[str, float],
    tree: NewsTree,
    root: int,
    most_leverage: FloatArray,
    below: FloatArray | None,
    complete: bool = True,
) -> Certificate:
    """Check every condition of the equilibrium.

    Parameters
    ----------
    agents : pandas.DataFrame
        Rows of traders, see their ``table``.
    quotes : mapping
        Price at each open node, in their order.
    tree : NewsTree
        News and payoffs.
    root : int
        Node at which traders stand.
    most_leverage : array of shape (M,)
        Cap on leverage at each node, infinity where there is none.
    below : array of shape (rows, 2), optional
        Number of traders who should be below the low and the high end of the beliefs of each row,
        by the distribution of beliefs; None where beliefs were listed.
    complete : bool
        Whether the table shows every trader; if not, only what concerns traders is checked.
    """
    nodes = np.flatnonzero(tree.reached(root))
    price = np.append(np.array(list(quotes.values())), tree.settled)
    after_good, after_bad = price[tree.good[nodes]], price[tree.bad[nodes]]
    between = np.minimum(price[nodes] - np.minimum(after_good, after_bad),
                         np.maximum(after_good, after_bad) - price[nodes])  # fmt: skip
    open_ = bool(np.all(np.isfinite(price)) and np.all(between > 0.0))
    arbitrage = Condition(
        "no arbitrage", float(not open_), 0.0, "each price lies between those after either news"
    )
    if not open_:  # nothing else can be worked out
        return Certificate((arbitrage,))
    asset, owed, saved = (_planned(agents, name, tree, nodes) for name in PLANNED)
    weight, start = _column(agents, "weight"), _column(agents, "wealth")
    cash, loans, owned = (_column(agents, f"endowed_{name}") for name in ("cash", "loans", "asset"))
    due = float(agents["loan_due"].iloc[0])
    here = float(price[root])
    paid = 1.0 if due == 0.0 else min(1.0, here / due)
    worth = cash + paid * loans + max(here - due, 0.0) * owned
    ends = tuple(p[:, None] * asset - owed + saved for p in (after_good, after_bad))
    held = np.empty_like(asset)
    held[0] = start
    for children, wealth in zip((tree.good[nodes], tree.bad[nodes]), ends, strict=True):
        later = children < tree.count
        held[np.searchsorted(nodes, children[later])] = wealth[later]
    spent = price[nodes, None] * asset - owed + saved
    # somebody who is ruined has nothing to compare with; the largest wealth of all dates has
    scale = np.maximum(start, ROUNDING * float(np.max(start)))
    safe = np.minimum(after_good, after_bad)
    most = np.minimum(safe, (1.0 - 1.0 / most_leverage[nodes]) * price[nodes])
    there_is = float(weight @ owned)
    money = float(weight @ (cash + loans)) - due * there_is
    beyond = np.maximum(owed - most[:, None] * asset, 0.0)
    conditions = [
        arbitrage,
        Condition("carried", np.max(np.abs(worth - start) / scale), ROUNDING,
                  "wealth minus what a trader brings: cash, loans, assets less what is owed"),
        Condition("budget", np.max(np.abs(spent - held) / _most(held, scale)), ROUNDING,
                  "cost of a plan minus wealth at a node, as a share of it"),
        Condition("signs", np.max(np.maximum(-np.stack([asset, owed, saved]), 0.0) / scale), 0.0,
                  "no position is negative"),
        Condition("collateral", np.max(beyond / _most(held, scale)), ROUNDING,
                  "loans beyond what assets are worth after the worse news, or beyond the cap"),
        Condition("asset", np.max(np.abs(asset @ weight / there_is - 1.0)), CLEARING,
                  "excess demand for the asset at any node, as a share of what there is"),
        Condition("cash", np.max(np.abs((saved - owed) @ weight - money)
                                 / (money + price[nodes] * there_is)), CLEARING,
                  "cash kept at any node minus what there is, as a share of all wealth"),
        Condition("conservation",
                  abs(float(weight @ start) - money - here * there_is) / (money + here * there_is),
                  CLEARING, "wealth of all minus cash and the value of the asset"),
    ]  # fmt: skip
    program = Program(tree, root, price, most_leverage)
    rows = _chosen(np.flatnonzero(start > 0.0), np.stack([asset, owed, saved]))
    after = np.stack(ends)[:, :, rows]
    forgone = _forgone(agents.iloc[rows], program, after, start[rows])
    conditions.append(
        Condition("optimality", forgone, OPTIMALITY,
                  "expected wealth in the end below the value of the program over all nodes and"
                  " loans, as a share of it", f"{rows.size} of {len(agents)}")
    )  # fmt: skip
    quoted = float(agents["forward_price"].iloc[0])
    if np.isfinite(quoted):
        conditions.append(
            Condition("forward quote", abs(here / quoted - 1.0), FORWARD,
                      "the price minus the one that was quoted for this news before, as a share")
        )  # fmt: skip
    if not complete:
        conditions = [each for each in conditions if each.name not in OF_ALL]
    if below is not None:
        conditions.append(population_condition(agents, below))
    return Certificate(tuple(conditions))


PLANNED: Final = ("asset", "owed", "saved")
"""Columns of the table of traders that every node has."""

OF_ALL: Final = ("asset", "cash", "conservation")
"""Conditions on all traders together, of which a sample tells nothing."""


def _chosen(rich: NDArray[np.int64], plans: FloatArray) -> NDArray[np.int64]:
    """Rows whose program is solved: all, or some along the line and those where plans change."""
    if rich.size <= PROGRAMS:
        return rich
    turns = np.flatnonzero(np.any(np.diff(np.sign(plans[:, :, rich]), axis=2) != 0.0, axis=(0, 1)))
    spread = np.linspace(0, rich.size - 1, PROGRAMS).astype(np.int64)
    near: NDArray[np.int64] = np.unique(np.concatenate([spread, turns, turns + 1]))
    return rich[near]


def _forgone(table: pd.DataFrame, program: Program, after: FloatArray, start: FloatArray) -> float:
    """Largest share of expected wealth that anybody forgoes, at both ends of its beliefs.

    ``after`` is wealth after good and bad news at every node that can be reached, (2, K, rows).
    """
    nodes = np.flatnonzero(program.tree.reached(program.root))
    worst = 0.0
    for end in ("belief_low", "belief_high"):
        beliefs = _column(table, end)
        up, down = program.tree.chances(beliefs, program.root)
        expected = np.sum(up[nodes] * after[0] + down[nodes] * after[1], axis=0)
        best = start * program.value(beliefs)
        worst = max(worst, float(np.max(1.0 - expected / best)))
        if np.array_equal(beliefs, _column(table, "belief_high")):
            break
    return worst


def _planned(
    agents: pd.DataFrame, name: str, tree: NewsTree, nodes: NDArray[np.int64]
) -> FloatArray:
    """What is held at the first of some nodes and planned at the others, (K, rows)."""
    columns = [name, *(f"{name}_after_{tree.names[node]}" for node in nodes[1:])]
    return np.ascontiguousarray(agents[columns].to_numpy(dtype=np.float64).T)


def _most(held: FloatArray, scale: FloatArray) -> FloatArray:
    """Wealth at a node, at least the rounding of wealth at the first."""
    return np.maximum(held, ROUNDING * scale)


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=np.float64)
