r"""Proof that prices and positions are an equilibrium of customers and experts.

Everything is recomputed from the table of agents (their primitives, the margin they were
charged, their positions) and the quotes; nothing here has traded.

* Every expert's positions solve its linear program
  :math:`\max \sum_j (v_j - q_j) x_j` subject to :math:`\sum_j m_j |x_j| \le W`, which HiGHS solves
  in shares of its wealth, :math:`x_j = (g_j - h_j) W / m_j` with :math:`g, h \ge 0`.
* Every group of customers is at the maximum of its mean-variance utility, a concave function whose
  slope :math:`v_j - q_j - \gamma \sigma_j^2 (y_j + z_j)` vanishes there and nowhere else.
* Positions of all traders add up to zero in every asset.
* The margin is positive, and is what the rule says, where the rule follows from parameters.
* The posted funding premium is the dual value of the experts' funding.

Source: Brunnermeier, Eisenbach and Sannikov (survey), section 3.2.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from simulator.certificate import Certificate, Condition

CLEARING_TOLERANCE = 1e-9
"""Share of what customers bring to market: ten times what rounds may leave."""

FUNDING_TOLERANCE = 1e-9
"""Share of an expert's wealth."""

OPTIMALITY_TOLERANCE = 1e-9
"""Gain that an expert forgoes, in shares of its wealth; the program is solved in those units."""

SLOPE_TOLERANCE = 1e-9
"""Share of the fundamental value."""

MARGIN_TOLERANCE = 1e-9
"""Share of the fundamental value."""


def certify(
    *,
    agents: pd.DataFrame,
    prices: FloatArray,
    premium: float,
    risk_aversion: float,
    volatility: FloatArray,
    rule: FloatArray | None,
) -> Certificate:
    """Check every condition of the equilibrium.

    Parameters
    ----------
    agents : pandas.DataFrame
        Rows of customers and experts, see their ``table``.
    prices : array of shape (assets,)
        The posted prices.
    premium : float
        The posted funding premium.
    risk_aversion : float
        Of every group of customers.
    volatility : array of shape (assets,)
        Standard deviation of each asset's payoff.
    rule : array of shape (assets,), optional
        Margin that the rule asks for at these prices; None where it depends on past prices, which a
        resting point does not show.
    """
    customers, experts = (agents[agents["cohort"] == c] for c in ("customers", "experts"))
    fundamental = _by_asset(customers, "fundamental")[0]
    margin = _by_asset(customers, "margin")[0]
    exposure, wanted = _by_asset(customers, "exposure"), _by_asset(customers, "position")
    held = _by_asset(experts, "position")
    brought = np.abs(exposure).sum(axis=0) + np.abs(held).sum(axis=0)
    brought = np.where(brought > 0.0, brought, 1.0)
    gap = np.abs(wanted.sum(axis=0) + held.sum(axis=0)) / brought
    slope = (fundamental - prices) - risk_aversion * volatility**2 * (wanted + exposure)
    cash = _by_asset(experts, "endowed_cash")[:, 0]
    wealth = cash + _by_asset(experts, "endowed_assets") @ prices
    funds = np.maximum(wealth, 0.0)
    used = np.abs(held) @ margin
    over = (used - funds) / np.where(funds > 0.0, funds, 1.0)
    shortfall, dual = _programs(fundamental - prices, margin, held, funds)
    conditions = [
        Condition("clearing", np.max(gap), CLEARING_TOLERANCE,
                  "positions add up to zero, as a share of what is brought to market"),
        Condition("customers", np.max(np.abs(slope) / np.abs(fundamental)), SLOPE_TOLERANCE,
                  "slope of customers' utility, as a share of the fundamental value"),
        Condition("funding", max(float(np.max(over)), 0.0), FUNDING_TOLERANCE,
                  "margin beyond an expert's wealth, as a share of it"),
        Condition("experts", shortfall, OPTIMALITY_TOLERANCE,
                  "gain that an expert forgoes against its linear program, a share of wealth"),
        Condition("premium", abs(premium - dual) if np.any(funds > 0.0) else 0.0,
                  OPTIMALITY_TOLERANCE,
                  "posted premium less the dual value of funding, gain per unit of margin"),
        Condition("margin positive", float(np.max(np.where(margin > 0.0, 0.0, 1.0))), 0.0,
                  "every margin is above zero"),
    ]  # fmt: skip
    if rule is not None:
        conditions.append(
            Condition("margin rule", np.max(np.abs(margin - rule) / np.abs(fundamental)),
                      MARGIN_TOLERANCE,
                      "margin less what the rule asks for, as a share of the fundamental value")
        )  # fmt: skip
    return Certificate(tuple(conditions))


def _by_asset(table: pd.DataFrame, column: str) -> FloatArray:
    """A column as an array of shape (members, assets)."""
    order = np.lexsort((table["asset"].to_numpy(), table["member"].to_numpy()))
    values = table[column].to_numpy(dtype=np.float64)[order]
    return values.reshape(-1, int(table["asset"].max()) + 1)


def _programs(
    gain: FloatArray, margin: FloatArray, held: FloatArray, funds: FloatArray
) -> tuple[float, float]:
    """Largest gain forgone by an expert, a share of its funds, and the dual value of funding.

    In shares of wealth the program is the same for every expert, so it is solved once.
    """
    from scipy.optimize import linprog

    per_unit = gain / margin
    solution = linprog(
        -np.concatenate([per_unit, -per_unit]),
        A_ub=np.ones((1, 2 * gain.size)),
        b_ub=np.ones(1),
        method="highs",
    )
    if solution.status != 0 or solution.fun is None:
        return float("inf"), float("inf")
    solvent = funds > 0.0
    best = -float(solution.fun)
    own = (held[solvent] @ gain) / funds[solvent]
    idle = np.abs(held[~solvent]).max(initial=0.0)
    forgone = np.max(best - own, initial=0.0) if idle == 0.0 else np.inf
    return float(forgone), -float(solution.ineqlin.marginals[0])
