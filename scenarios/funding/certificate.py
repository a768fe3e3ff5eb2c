r"""Proof that prices and positions are an equilibrium of customers and experts.

Everything is recomputed from the table of agents (their primitives, the margin they were
charged, their positions) and the quotes; nothing here has traded.

* Every expert's positions solve its linear program
  :math:`\max \sum_j (v_j - q_j) (x_j^+ - x_j^-)` subject to :math:`\sum_j (m_j^+ x_j^+ + m_j^-
  x_j^-) \le W`, which HiGHS solves in shares of its wealth, :math:`x_j^\pm = g_j^\pm W / m_j^\pm`
  with :math:`g \ge 0`.
* Every group of customers is at the maximum of its mean-variance utility, a concave function whose
  slope :math:`v_j - q_j - \gamma \sigma_j^2 (y_j + z_j)` vanishes there and nowhere else.
* Positions of all traders add up to zero in every asset.
* The margin is positive, and is what the rule says, where the rule follows from parameters.
* The posted funding premium is the dual value of the experts' funding.

Source: Brunnermeier, Eisenbach and Sannikov (survey), section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from markets.quote import FloatArray
from simulator.certificate import Certificate, Condition
from simulator.linear_program import maximise

CLEARING_TOLERANCE = 1e-9
"""Share of what all traders bring to market, or, if they bring nothing, of what customers would
sell for all of an asset's value: ten times what rounds may leave."""

FUNDING_TOLERANCE = 1e-9
"""Share of an expert's wealth, which is resolved as stated below."""

OPTIMALITY_TOLERANCE = 1e-9
"""Gain that an expert forgoes, as a share of the most that it could gain."""

RESOLVED = 1e-6
"""Share of the fundamental value; a gain per asset below it is compared with this: prices are known
to 1e-16 of the value."""

RESOLVED_FUNDS = 1e-5
"""Wealth below this share of what an expert owns and owes, and of the margin on what customers
would sell for all of an asset's value, is compared with this: funds and orders are known to 1e-16
of them."""

SLOPE_TOLERANCE = 1e-9
"""Share of the fundamental value."""

MARGIN_TOLERANCE = 1e-9
"""Share of the fundamental value."""


def certify(
    *,
    agents: pd.DataFrame,
    prices: FloatArray,
    premium: float,
    rule: FloatArray | None,
) -> Certificate:
    """Check every condition of the equilibrium.

    Parameters
    ----------
    agents : pandas.DataFrame
        Rows of customers and experts, of one cohort or several, see their ``table``.
    prices : array of shape (assets,)
        The posted prices.
    premium : float
        The posted funding premium.
    rule : array of shape (2, assets), optional
        Margins that the rule asks for at these prices, long and short; None where it
        depends on past prices, which a resting point does not show.
    """
    customers, experts = (_Rows.of(agents, role, prices.size) for role in ("customer", "expert"))
    fundamental = customers["fundamental"][0]
    margins = np.stack([customers[f"margin_{side}"][0] for side in ("long", "short")])
    exposure, wanted = customers["exposure"], customers["position"]
    held, assets = experts["position"], experts["endowed_assets"]
    risk = customers["risk_aversion"] * customers["volatility"] ** 2
    kept = np.sum(1.0 / risk, axis=0) * np.maximum(abs(fundamental), abs(prices))
    brought = sum(np.abs(part).sum(axis=0) for part in (exposure, assets, held))
    brought = np.where(brought > 0.0, brought, kept)
    gap = np.abs(wanted.sum(axis=0) + held.sum(axis=0)) / brought
    slope = (fundamental - prices) - risk * (wanted + exposure)
    cash = experts["endowed_cash"][:, 0]
    wealth = cash + assets @ prices
    funds = np.maximum(wealth, 0.0)
    owned = np.abs(cash) + np.abs(assets) @ np.abs(prices) + np.max(margins, axis=0) @ kept
    known = np.maximum(funds, RESOLVED_FUNDS * owned)
    used = np.maximum(held, 0.0) @ margins[0] + np.maximum(-held, 0.0) @ margins[1]
    best, dual = _program((fundamental - prices) * np.array([[1.0], [-1.0]]) / margins)
    scale = max(best, RESOLVED * float(np.max(np.abs(fundamental) / margins)))
    forgone = (best * funds - held @ (fundamental - prices)) / (scale * known)
    forgone[(funds == 0.0) & held.any(axis=1)] = np.inf
    conditions = [
        Condition("clearing", np.max(gap), CLEARING_TOLERANCE,
                  "positions add up to zero (share of what is brought to market)"),
        Condition("customers", np.max(np.abs(slope) / np.abs(fundamental)), SLOPE_TOLERANCE,
                  "no customer would rather hold more or less (slope of its utility, as a share of"
                  " the fundamental value)"),
        Condition("funding", np.max((used - funds) / known, initial=0.0), FUNDING_TOLERANCE,
                  "no expert's margin is above its wealth (share of that)"),
        Condition("experts", np.max(forgone, initial=0.0), OPTIMALITY_TOLERANCE,
                  "no expert could expect more (shortfall against the optimum of its linear"
                  " program, as a share of that)"),
        Condition("premium", abs(premium - dual) / scale if np.any(funds > 0.0) else 0.0,
                  OPTIMALITY_TOLERANCE,
                  "the premium quoted is the dual value of funding in that program (share of it)"),
        Condition("margin positive", float(np.max(np.where(margins > 0.0, 0.0, 1.0))), 0.0,
                  "every margin is above zero"),
    ]  # fmt: skip
    if rule is not None:
        off = np.abs(margins - rule) / np.maximum(np.abs(fundamental), np.abs(margins))
        conditions.append(
            Condition("margin rule", np.max(off), MARGIN_TOLERANCE,
                      "every margin is what the rule asks for (share of margin or value)")
        )  # fmt: skip
    return Certificate(tuple(conditions))


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one role, by cohort, member and asset."""

    agents: pd.DataFrame
    rows: NDArray[np.intp]
    assets: int

    @classmethod
    def of(cls, agents: pd.DataFrame, role: str, assets: int) -> _Rows:
        own = np.flatnonzero(agents["role"].to_numpy() == role)
        names = ("cohort", "member", "asset")
        cohort, member, asset = (agents[name].to_numpy()[own] for name in names)
        return cls(agents, own[np.lexsort((asset, member, pd.factorize(cohort)[0]))], assets)

    def __getitem__(self, column: str) -> FloatArray:
        """A column as an array of shape (members, assets)."""
        values = self.agents[column].to_numpy(dtype=np.float64)[self.rows]
        return values.reshape(-1, self.assets)


def _program(gain: FloatArray) -> tuple[float, float]:
    """Largest gain of a unit of wealth, and the dual value of funding, by HiGHS.

    ``gain`` per unit of margin has shape (2, assets). In shares of wealth the program is the same
    for every expert, so it is solved once; gains are measured by the largest.
    """
    unit = float(np.max(np.abs(gain))) or 1.0
    solution = maximise(gain.ravel() / unit, np.ones((1, gain.size)), [1.0])
    if solution.status != "optimal":
        return float("inf"), float("inf")
    return unit * solution.value, unit * float(solution.multipliers[0])
