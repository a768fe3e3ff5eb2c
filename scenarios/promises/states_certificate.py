r"""Proof that quotes and positions are a collateral equilibrium, with any number of states.

Everything is recomputed from the table of positions, the quotes, and what is owed on which
collateral. HiGHS solves the linear program of every trader, for a wealth of one,

.. math:: \max\; u_0 x_0 + \sum_s u_s \Bigl[ x + a v_s + \sum_j (b_j - s_j) R_{js} \Bigr], \quad
          x_0 + x + p\,a + \sum_j q_j (b_j - s_j) \le 1, \quad \sum_j s_j C_j \le (x, a),

all at least 0, and its value is compared with the utility of the trader's position.

Sources: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3; Fostel and Geanakoplos (2015).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from markets.quote import FloatArray
from scenarios.promises.certificate import (
    BUDGET_TOLERANCE,
    CLEARING_TOLERANCE,
    COLLATERAL_TOLERANCE,
    OPTIMALITY_TOLERANCE,
)
from scenarios.promises.program import Promise
from simulator.certificate import Certificate, Condition
from simulator.linear_program import maximise
from simulator.point import RestingPoint


def certify_states(
    point: RestingPoint,
    promises: Sequence[Promise],
    payoff: FloatArray,
    weights: FloatArray,
    *,
    storable: bool,
) -> Certificate:
    """Check every condition of the equilibrium.

    Parameters
    ----------
    point : RestingPoint
        Quotes, and positions with one row per trader.
    promises : sequence of Promise
        What may be traded.
    payoff : array (S,)
        Of the asset.
    weights : array (rows, 1 + S)
        Utility of consumption now and in every state.
    storable : bool
        Whether cash can be kept.
    """
    agents, count, states = point.agents, len(promises), payoff.size
    prices = np.array([point.quotes[f"price_{p.name}"] for p in promises])
    price = point.quotes["asset_price"]
    priced = np.all(np.isfinite([price, *prices])) and min(price, *prices, np.inf) > 0.0
    positive = Condition("quotes", float(not priced), 0.0, "every quote is a positive number")
    if not priced:
        return Certificate((positive,))
    owed = np.array([p.owed for p in promises]).reshape(count, states)
    backing = np.array([(p.pledged_cash, p.pledged_asset) for p in promises]).reshape(count, 2)
    delivery = np.minimum(owed, backing @ np.stack([np.ones(states), payoff]))
    own = agents[["endowed_cash", "endowed_asset"]].to_numpy(float)
    eaten = agents["consumed"].to_numpy(float)
    held = agents[["cash", "asset"]].to_numpy(float)
    bought, sold = (
        agents[[f"{way}_{p.name}" for p in promises]].to_numpy(float) for way in ("bought", "sold")
    )
    wealth = own @ [1.0, price]
    whole = float(wealth.sum())
    spent = eaten + held @ [1.0, price] + (bought - sold) @ prices
    scale = np.where(wealth > 0.0, wealth, np.finfo(float).tiny)
    missing = np.maximum(sold @ backing - held, 0.0) * [1.0, price]
    negative = np.maximum(-np.column_stack([eaten, held, bought, sold]), 0.0)
    net = np.array([
        eaten.sum() + held[:, 0].sum() - own[:, 0].sum(),
        price * (held[:, 1].sum() - own[:, 1].sum()),
        *(prices * (bought - sold).sum(axis=0)),
    ])  # fmt: skip
    later = held @ np.stack([np.ones(states), payoff]) + (bought - sold) @ delivery
    utility = weights[:, 0] * eaten + np.sum(weights[:, 1:] * later, axis=1)
    kept = 0.0 if storable else float(np.max(held[:, 0]))
    worth = np.vstack([np.ones(states), payoff, delivery, -delivery])
    rows = np.column_stack([
        [1.0, 0.0, 0.0],
        np.vstack([np.concatenate([[1.0, price], prices, -prices]),
                   np.hstack([-np.eye(2), np.zeros((2, count)), backing.T])]),
    ])  # fmt: skip
    consume = float(np.any(weights[:, 0] > 0.0))
    most = np.full(3 + 2 * count, np.inf)
    most[1] = np.inf if storable else 0.0
    forgone = 0.0
    for mine, consumed, has in zip(weights, utility, wealth, strict=True):
        if has > 0.0:
            gain = np.concatenate([[consume * mine[0]], worth @ mine[1:]])
            best = maximise(gain, rows, [1.0, 0.0, 0.0], high=most)
            share = consumed / (best.value * has) if best.status == "optimal" else -np.inf
            forgone = max(forgone, 1.0 - share)
    return Certificate((
        positive,
        Condition("budget", np.max(np.abs(spent - wealth) / scale), BUDGET_TOLERANCE,
                  "every trader spends its wealth, no more and no less (share of that)"),
        Condition("signs", np.max(negative / scale[:, None]), 0.0, "no position is negative"),
        Condition("storage", kept / whole, 0.0, "no cash is kept that can't be stored"),
        Condition("collateral", np.max(missing / scale[:, None]), COLLATERAL_TOLERANCE,
                  "every issuer holds the collateral of what it issued (share of its wealth)"),
        Condition("clearing", np.max(np.abs(net)) / whole, CLEARING_TOLERANCE,
                  "of cash, asset and promises as much is held as there is (share of wealth)"),
        Condition("optimality", forgone, OPTIMALITY_TOLERANCE,
                  "no trader could expect more (shortfall against the optimum of its linear"
                  " program, as a share of that)"),
    ))  # fmt: skip
