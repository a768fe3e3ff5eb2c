r"""Proof that quotes and positions are a collateral equilibrium.

Everything is worked out again from the table of positions, the quotes and what was promised for
what collateral; nothing here has traded. A trader with belief h solves the linear program

.. math:: \max\; x + a E_h[v] + \sum_j (b_j - s_j) E_h[R_j], \quad
          x + p\,a + \sum_j q_j (b_j - s_j) \le W, \quad \sum_j s_j C_j \le (x, a), \quad
          x, a, b, s \ge 0 .

Its value is :math:`\Lambda(h) W`, and :math:`\Lambda` is convex in h: between two beliefs at which
HiGHS has solved it, it lies below the chord. So beliefs are added where the chord might be too
high, and then *every* trader is held against the chord, at both ends of the beliefs it stands for.

Source: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, after Geanakoplos (1997, 2003).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from markets.quote import FloatArray
from simulator.certificate import Certificate, Condition

CLEARING_TOLERANCE: Final = 1e-9
"""Share of all wealth: ten times what rounds may leave."""

BUDGET_TOLERANCE: Final = 1e-11
"""Share of a trader's wealth: sums of a few products, rounded."""

COLLATERAL_TOLERANCE: Final = 1e-11
"""Collateral that is missing, as a share of a trader's wealth."""

OPTIMALITY_TOLERANCE: Final = 1e-9
"""Expected consumption that a trader forgoes, as a share of what is best."""

CHORD: Final = 1e-11
"""Relative distance of chord and value below which no more beliefs are added."""

POPULATION_TOLERANCE: Final = 1e-9
"""Traders that are missing, or too many, as a share of all, below any belief."""

MOST_PROGRAMS: Final = 4_000
"""Programs solved before the certificate gives up; a kink takes about forty."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What is owed after good and after bad news, for what collateral."""

    name: str
    owed: tuple[float, float]
    pledged_asset: float
    pledged_cash: float


def certify(
    *,
    agents: pd.DataFrame,
    quotes: Mapping[str, float],
    payoff: tuple[float, float],
    promises: Sequence[Promise],
    below: FloatArray | None,
) -> Certificate:
    """Check every condition of the equilibrium.

    Parameters
    ----------
    agents : pandas.DataFrame
        Rows of believers, see their ``table``.
    quotes : mapping
        ``asset_price`` and ``price_<promise>``.
    payoff : pair of float
        Of the asset after good and after bad news.
    promises : sequence of Promise
        What may be traded.
    below : array of shape (rows, 2), optional
        Number of traders who should be below the low and the high end of the beliefs of each row,
        by the distribution they were drawn from; None where beliefs were listed.
    """
    price = quotes["asset_price"]
    prices = np.array([quotes[f"price_{promise.name}"] for promise in promises])
    program = _Program.of(price, prices, np.array(payoff), promises)
    weight, cash, asset = (_column(agents, name) for name in ("weight", "cash", "asset"))
    own = _column(agents, "endowed_cash"), _column(agents, "endowed_asset")
    shape = (len(agents), len(promises))
    bought, sold = (
        np.array([_column(agents, f"{side}_{p.name}") for p in promises]).T.reshape(shape)
        for side in ("bought", "sold")
    )
    wealth = own[0] + price * own[1]
    whole = float(weight @ wealth)
    spent = cash + price * asset + (bought - sold) @ prices
    held = np.stack([cash, asset], axis=1)
    missing = np.maximum(sold @ program.pledged - held, 0.0) * np.array([1.0, price])
    negative = np.maximum(-np.column_stack([held, bought, sold]), 0.0)
    net = np.array([
        weight @ (cash - own[0]), price * (weight @ (asset - own[1])),
        *(prices * (weight @ (bought - sold))),
    ])  # fmt: skip
    after = held @ np.stack([np.ones(2), program.payoff]) + (bought - sold) @ program.delivery
    there_is = weight @ (own[0][:, None] + own[1][:, None] * program.payoff)
    conditions = [
        Condition("quotes", 0.0 if np.all(np.isfinite([price, *prices])) and
                  min(price, *prices, np.inf) > 0.0 else 1.0, 0.0,
                  "every quote is a positive number"),
        Condition("budget", np.max(np.abs(spent - wealth) / wealth), BUDGET_TOLERANCE,
                  "what a trader pays less what it owns, as a share of it"),
        Condition("signs", np.max(negative / wealth[:, None]), 0.0,
                  "nobody holds less than nothing"),
        Condition("collateral", np.max(missing / wealth[:, None]), COLLATERAL_TOLERANCE,
                  "collateral that an issuer lacks, as a share of its wealth"),
        Condition("clearing", np.max(np.abs(net)) / whole, CLEARING_TOLERANCE,
                  "excess demand for cash, the asset and every promise, as a share of wealth"),
        Condition("deliveries", np.max(np.abs(weight @ after - there_is) / there_is),
                  CLEARING_TOLERANCE,
                  "consumption less what there is after good and bad news, as a share of it"),
        Condition("optimality", program.forgone(agents, after / wealth[:, None]),
                  OPTIMALITY_TOLERANCE,
                  "expected consumption forgone against the linear program, as a share of it"),
    ]  # fmt: skip
    if below is not None:
        number = np.cumsum(weight)
        counted = np.stack([number - weight, number], axis=1)
        conditions.append(
            Condition("population", np.max(np.abs(counted - below)) / number[-1],
                      POPULATION_TOLERANCE,
                      "traders below a belief less those there should be, as a share of all")
        )  # fmt: skip
    return Certificate(tuple(conditions))


@dataclass(frozen=True, slots=True)
class _Program:
    """The linear program of a trader with a wealth of one, at some quotes."""

    payoff: FloatArray  # (2,)
    delivery: FloatArray  # (J, 2)
    pledged: FloatArray  # (J, 2): cash, asset
    objective: FloatArray  # (2 + 2 J, 2): consumption after good and bad news a unit of a variable
    rows: FloatArray  # (3, 2 + 2 J)

    @classmethod
    def of(
        cls, price: float, prices: FloatArray, payoff: FloatArray, promises: Sequence[Promise]
    ) -> _Program:
        owed = np.array([p.owed for p in promises]).reshape(-1, 2)
        pledged = np.array([(p.pledged_cash, p.pledged_asset) for p in promises]).reshape(-1, 2)
        delivery = np.minimum(owed, pledged @ np.stack([np.ones(2), payoff]))
        count = len(promises)
        budget = np.concatenate([[1.0, price], prices, -prices])
        backed = np.hstack([-np.eye(2), np.zeros((2, count)), pledged.T])
        return cls(
            payoff,
            delivery,
            pledged,
            np.vstack([np.ones(2), payoff, delivery, -delivery]),
            np.vstack([budget, backed]),
        )

    def value(self, belief: float) -> float:
        """Largest expected consumption; infinite where quotes offer an arbitrage."""
        solution = linprog(
            -self.objective @ np.array([belief, 1.0 - belief]),
            A_ub=self.rows,
            b_ub=np.array([1.0, 0.0, 0.0]),
            method="highs",
        )
        if solution.status != 0 or solution.fun is None:
            return float("inf")
        return -float(solution.fun)

    def forgone(self, agents: pd.DataFrame, after: FloatArray) -> float:
        """Largest share of expected consumption that anybody forgoes."""
        worst = 0.0
        ends = [_column(agents, name) for name in ("belief_low", "belief_high")]
        knots, values = self.chords(min(np.min(end) for end in ends), max(map(np.max, ends)))
        for belief in ends:
            best = np.interp(belief, knots, values)
            got = belief * after[:, 0] + (1.0 - belief) * after[:, 1]
            worst = max(worst, float(np.max(1.0 - got / best)))
        return worst if np.all(np.isfinite(values)) else float("inf")

    def chords(self, low: float, high: float) -> tuple[FloatArray, FloatArray]:
        """Beliefs and values whose chords lie above the value everywhere, and hardly so.

        A stretch is halved until the value in its middle is on the chord, to ``CHORD``.
        """
        known = {belief: self.value(belief) for belief in (low, high)}
        todo = [(low, high)]
        while todo and len(known) < MOST_PROGRAMS and np.all(np.isfinite([*known.values()])):
            first, last = todo.pop()
            middle = 0.5 * (first + last)
            if not first < middle < last:
                continue
            known[middle] = self.value(middle)
            chord = 0.5 * (known[first] + known[last])
            if chord - known[middle] > CHORD * chord or last - first > 0.25 * (high - low):
                todo += [(first, middle), (middle, last)]
        knots = np.array(sorted(known))
        return knots, np.array([known[knot] for knot in knots])


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=np.float64)
