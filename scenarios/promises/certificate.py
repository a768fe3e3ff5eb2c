r"""Proof that quotes and positions are a collateral equilibrium.

Everything is recomputed from the table of positions, the quotes, and what is owed on which
collateral; this module shares no code with the traders or the market. Each trader's position is
compared with the value of its linear program, see :mod:`scenarios.promises.program`.

Source: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, after Geanakoplos (1997, 2003).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from scenarios.promises.program import Program, Promise
from simulator.certificate import Certificate, Condition
from simulator.population.counted import population_condition

CLEARING_TOLERANCE: Final = 1e-9
"""Share of all wealth: ten times the excess demand at which rounds settle."""

BUDGET_TOLERANCE: Final = 1e-11
"""Share of a trader's wealth: sums of a few products, rounded."""

COLLATERAL_TOLERANCE: Final = 1e-11
"""Collateral that is missing, as a share of a trader's wealth."""

OPTIMALITY_TOLERANCE: Final = 1e-9
"""Expected consumption that a trader forgoes, as a share of what is best."""

OF_ALL: Final = ("clearing", "deliveries")
"""Conditions on all traders together, of which a sample tells nothing."""


def certify(
    *,
    agents: pd.DataFrame,
    quotes: Mapping[str, float],
    payoff: tuple[float, float],
    promises: Sequence[Promise],
    below: FloatArray | None,
    complete: bool = True,
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
        by the distribution that its cohort was drawn from; None where beliefs were listed.
    complete : bool
        Whether the table shows every trader; if not, only what concerns traders is checked.
    """
    price = quotes["asset_price"]
    prices = np.array([quotes[f"price_{promise.name}"] for promise in promises])
    priced = np.all(np.isfinite([price, *prices])) and min(price, *prices, np.inf) > 0.0
    positive = Condition("quotes", float(not priced), 0.0, "every quote is a positive number")
    if not priced:  # nothing else can be worked out
        return Certificate((positive,))
    program = Program.of(price, prices, np.array(payoff), promises)
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
    # who owns nothing can consume nothing, and forgoes nothing
    rich = wealth > 0.0
    conditions = [
        positive,
        Condition("budget", np.max(_share(np.abs(spent - wealth), wealth)), BUDGET_TOLERANCE,
                  "every trader spends its wealth, no more and no less (share of that)"),
        Condition("signs", np.max(_share(negative, wealth[:, None])), 0.0,
                  "no position is negative"),
        Condition("collateral", np.max(_share(missing, wealth[:, None])), COLLATERAL_TOLERANCE,
                  "every issuer holds the collateral of what it issued (share of its wealth)"),
        Condition("clearing", np.max(np.abs(net)) / whole, CLEARING_TOLERANCE,
                  "of cash, asset and promises as much is held as there is (share of wealth)"),
        Condition("deliveries", np.max(np.abs(weight @ after - there_is) / there_is),
                  CLEARING_TOLERANCE,
                  "after good and bad news consumption is what there is (share of that)"),
        Condition("optimality", _forgone(agents[rich], after[rich] / wealth[rich, None], program),
                  OPTIMALITY_TOLERANCE,
                  "no trader could expect more (shortfall against the optimum of its linear"
                  " program, as a share of that)"),
    ]  # fmt: skip
    if not complete:
        conditions = [each for each in conditions if each.name not in OF_ALL]
    if below is not None:
        conditions.append(population_condition(agents, below))
    return Certificate(tuple(conditions))


def _forgone(agents: pd.DataFrame, after: FloatArray, program: Program) -> float:
    """Largest share of expected consumption that anybody forgoes, at both ends of its beliefs.

    ``after`` is consumption per unit of wealth after good and bad news, (rows, 2).
    """
    ends = [_column(agents, name) for name in ("belief_low", "belief_high")]
    knots, values = program.chords(min(map(np.min, ends)), max(map(np.max, ends)))
    if not np.all(np.isfinite(values)):
        return float("inf")
    worst = 0.0
    for belief in ends:
        consumed = belief * after[:, 0] + (1.0 - belief) * after[:, 1]
        worst = max(worst, float(np.max(1.0 - consumed / np.interp(belief, knots, values))))
    return worst


def _share(part: FloatArray, wealth: FloatArray) -> FloatArray:
    """A part as a share of a trader's wealth; of no wealth, nothing is 0 and anything infinite."""
    without = np.where(part > 0.0, np.inf, 0.0)
    return np.divide(part, wealth, out=without, where=np.broadcast_to(wealth > 0.0, part.shape))


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=np.float64)
